"""How the logic expert groups the phrases it was shown, said of the conditions at their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from segmentry.agents.expression import Expression
from segmentry.criteria.nodes import And, Node, Not, Or
from segmentry.reader.draft import Span
from segmentry.reader.given import Given
from segmentry.reader.outline import Outline, Settled


def groupings(
    expression: Expression, shown: Outline, read: Outline, given: Sequence[Given], *, foreign: bool = False
) -> tuple[Node, ...]:
    """The trees that an expression over the phrases of `shown` may mean for the conditions of `read`.

    `read` is the same query with the `given` conditions in place, whose words may span several phrases: those
    count as one, so that their numbers merge. Two trees where a denial of several phrases may be in their
    conditions already. None where the expression puts the words of one condition in different places, or
    where nothing stands. `foreign`: the reader's own conditions do not count.
    """
    placed = tuple(_placed(read, given, foreign=foreign))
    root = _merging(shown, [span for span, _ in placed])
    nodes: dict[int, list[Node]] = {}
    loose: list[Node] = []
    for span, condition in placed:
        touched = _touched(shown, span)
        (nodes.setdefault(root[touched[0]], []) if touched else loose).append(condition.node)
    joined = {number: _all(conditions) for number, conditions in nodes.items()}
    merged = _merged(expression, root, joined.keys())
    if merged is None or any(count > 1 for count in Counter(merged.numbers()).values()):
        return ()
    trees = [_all([_tree(each, joined), *loose]) for each in (merged, _pushed(merged, denied=False))]
    return tuple(dict.fromkeys(trees))


@dataclass(frozen=True, slots=True)
class _Words:
    """Where a condition counts as standing: all of its evidence, or the last word that the reader took."""

    start: int
    end: int


def _placed(read: Outline, given: Sequence[Given], *, foreign: bool) -> Iterator[tuple[_Words, Settled]]:
    for condition in (each for phrase in read.phrases for each in phrase.conditions):
        span = condition.span
        # The first word may be a denial far before; only the last is surely the condition's own.
        last = _Words(span.end - len(span.text.split()[-1]), span.end)
        evidence = next((each.span for each in given if _overlap(each.span, last)), None)
        if evidence is not None:
            yield _Words(evidence.start, evidence.end), condition
        elif not foreign:
            yield last, condition


def _merging(shown: Outline, placed: Sequence[_Words]) -> dict[int, int]:
    """For each number that was shown the first of those that it is one with."""
    root = {each.number: each.number for each in shown.phrases}
    for span in placed:
        roots = {root[number] for number in _touched(shown, span)}
        first = min(roots, default=0)
        root = {number: first if own in roots else own for number, own in root.items()}
    return root


def _touched(shown: Outline, span: _Words) -> list[int]:
    return [each.number for each in shown.phrases if _overlap(each.span, span)]


def _overlap(one: Span, other: _Words) -> bool:
    return one.start < other.end and other.start < one.end


def _merged(expression: Expression, root: Mapping[int, int], kept: Container[int]) -> Expression | None:
    """The expression over merged numbers; a number without a condition is left out."""
    if expression.kind == "phrase":
        number = root[expression.number]
        return Expression("phrase", number) if number in kept else None
    items: list[Expression] = []
    for each in expression.items:
        item = _merged(each, root, kept)
        if item is None:
            continue
        parts = item.items if item.kind == expression.kind != "not" else (item,)
        items += [part for part in parts if part.kind != "phrase" or part not in items]
    if not items:
        return None
    if expression.kind == "not":
        # The denial of a single phrase is in its condition: experts copy it with the words.
        return items[0] if items[0].kind == "phrase" else Expression("not", items=tuple(items))
    return items[0] if len(items) == 1 else Expression(expression.kind, items=tuple(items))


def _pushed(expression: Expression, *, denied: bool) -> Expression:
    """The expression with its denials taken as those that every condition has in itself already."""
    if expression.kind == "phrase":
        return expression
    if expression.kind == "not":
        return _pushed(expression.items[0], denied=not denied)
    items = tuple(_pushed(each, denied=denied) for each in expression.items)
    other = "or" if expression.kind == "and" else "and"
    return Expression(other if denied else expression.kind, items=items)


def _tree(expression: Expression, nodes: Mapping[int, Node]) -> Node:
    if expression.kind == "phrase":
        return nodes[expression.number]
    items = tuple(_tree(each, nodes) for each in expression.items)
    if expression.kind == "not":
        return Not(items[0])
    return And(items) if expression.kind == "and" else Or(items)


def _all(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))
