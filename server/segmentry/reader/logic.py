"""And, or, but, brackets and negation: one tree from a row of fragments, and the second tree when it is open.

Loosest to tightest: `but` < `or` < comma and `and` < adjacency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.reader.brackets import Item
from segmentry.reader.scene import Fragment

AnyLeaf = Leaf | Event | Segment | Top
_MAX_DEPTH = 12
# a row of these alone is one conjunction, however it is split
_ALL_HOLD: Final = frozenset({"fragment", "and", ","})


@dataclass(slots=True)
class Phrase:
    """A tree over fragments. `node` is set on leaves of the tree (kind `one`)."""

    kind: Literal["one", "and", "or", "not"]
    items: tuple[Phrase, ...] = ()
    node: Node | None = None
    fragments: tuple[Fragment, ...] = ()


def combine(items: list[Item], array_fields: frozenset[str], *, or_tighter: bool = False) -> Phrase | None:
    """The tree by precedence; with `or_tighter` the other bracketing (`or` before `and`)."""
    row = _tidy(items)
    if not row:
        return None
    if len(row) == 1 and row[0].fragment is not None:
        return Phrase("one", (), row[0].fragment.chosen, (row[0].fragment,))
    if _ALL_HOLD.issuperset([item.kind for item in row]):
        return _merge(_primary(row, or_tighter, 0), array_fields)
    return _merge(_parse(row, or_tighter, 0), array_fields)


def mixed(items: list[Item]) -> bool:
    """True when `or` meets `and`, a comma or adjacency, so that a second bracketing exists."""
    if all(item.kind != "or" for item in items):
        return False
    row = _tidy(items)
    ors = sum(1 for item in row if item.kind == "or")
    fragments = sum(1 for item in row if item.kind == "fragment")
    return ors > 0 and fragments > ors + 1 and not _parallel(row)


def enclosed(items: list[Item]) -> bool:
    """True for "in Kent, over 60 or retired, with a dog": commas around the choice part it from the rest."""
    kinds = [item.kind for item in _tidy(items)]
    if "or" not in kinds or "but" in kinds or "(" in kinds:
        return False
    first, last = kinds.index("or"), len(kinds) - 1 - kinds[::-1].index("or")
    begin = next((at + 1 for at in range(first, -1, -1) if kinds[at] == ","), 0)
    end = next((at for at in range(last, len(kinds)) if kinds[at] == ","), 0)
    choice = kinds[begin:end]
    return bool(choice) and all(kind == ("or" if at % 2 else "fragment") for at, kind in enumerate(choice))


def _parallel(row: list[Item]) -> bool:
    """ "Gold members in Germany or platinum members in France": both sides say the same two things."""
    sides = [
        [item.fragment.field for item in side if item.fragment is not None]
        for side in _split(row, frozenset({"or"}))
    ]
    return len(sides) > 1 and all(len(side) > 1 and side == sides[0] for side in sides)


def to_node(phrase: Phrase | None) -> Node | None:
    """The criteria of a phrase tree; nested ands and ors are flat."""
    return None if phrase is None else _node(phrase)


def origins(phrase: Phrase) -> list[tuple[AnyLeaf, tuple[Fragment, ...]]]:
    """Every leaf of the tree in print order with the fragments it came from."""
    if phrase.kind == "one":
        assert phrase.node is not None
        return [(leaf, phrase.fragments) for leaf in _leaves(phrase.node)]
    return [pair for item in phrase.items for pair in origins(item)]


def replaced(phrase: Phrase, target: Fragment, node: Node) -> Phrase:
    """The tree with one fragment's condition exchanged."""
    if phrase.kind == "one":
        return (
            Phrase("one", (), node, phrase.fragments)
            if phrase.fragments[:1] == (target,) and len(phrase.fragments) == 1
            else phrase
        )
    return Phrase(phrase.kind, tuple(replaced(item, target, node) for item in phrase.items), None, ())


def _leaves(node: Node) -> list[AnyLeaf]:
    match node:
        case And(items) | Or(items):
            return [leaf for item in items for leaf in _leaves(item)]
        case Not(inner):
            return _leaves(inner)
        case Everyone():
            return []
        case _:
            return [node]


def _tidy(items: list[Item]) -> list[Item]:
    """Drop open fragments, and connectives that connect nothing; of two neighbours the stronger stays."""
    order = {",": 0, "and": 1, "or": 2, "but": 3}
    row: list[Item] = []
    for item in items:
        if item.kind == "fragment" and (item.fragment is None or item.fragment.chosen is None):
            continue
        if item.kind in order:
            if not row or row[-1].kind == "(":
                continue
            if row[-1].kind in order:
                if order[item.kind] > order[row[-1].kind]:
                    row[-1] = item
                continue
        if item.kind == ")" and row and row[-1].kind in order:
            row.pop()
        if item.kind == ")" and row and row[-1].kind == "(":
            row.pop()
            continue
        row.append(item)
    while row and row[-1].kind in order:
        row.pop()
    return _balanced(row)


def _balanced(row: list[Item]) -> list[Item]:
    depth = 0
    kept: list[Item] = []
    for item in row:
        if item.kind == "(":
            depth += 1
            if depth > _MAX_DEPTH:
                return [each for each in row if each.kind not in ("(", ")")]
        elif item.kind == ")":
            if depth == 0:
                continue
            depth -= 1
        kept.append(item)
    if depth:
        return [each for each in kept if each.kind not in ("(", ")")]
    return kept


def _parse(row: list[Item], or_tighter: bool, depth: int) -> Phrase:
    split: Callable[[list[Item], frozenset[str]], list[list[Item]]] = _split
    for part in (split(row, frozenset({"but"})),):
        if len(part) > 1:
            return _group("and", [_parse(each, or_tighter, depth) for each in part])
    if not or_tighter and _plain_or_list(row):
        row = [Item("or") if item.kind == "," else item for item in row]
    if or_tighter and "or" in {item.kind for item in row}:
        row = _spelled_out(row)
    first, second = (("and", ","), ("or",)) if or_tighter else (("or",), ("and", ","))
    for kinds in (first, second):
        parts = split(row, frozenset(kinds))
        if len(parts) > 1:
            return _group(
                "or" if kinds == ("or",) else "and", [_parse(each, or_tighter, depth) for each in parts]
            )
    if or_tighter and len(row) > 1:
        return (
            _group("and", [_primary([item], or_tighter, depth) for item in row])
            if all(i.kind == "fragment" for i in row)
            else _primary(row, or_tighter, depth)
        )
    return _primary(row, or_tighter, depth)


def _plain_or_list(row: list[Item]) -> bool:
    """ "active, gold or in Spain": commas before a last `or` mean or, as long as nothing else joins."""
    kinds = [item.kind for item in row]
    if "or" not in kinds or "," not in kinds or "and" in kinds or "(" in kinds:
        return False
    fragments = kinds.count("fragment")
    last_comma = len(kinds) - 1 - kinds[::-1].index(",")
    return fragments == kinds.count("or") + kinds.count(",") + 1 and kinds.index("or") > last_comma


def _spelled_out(row: list[Item]) -> list[Item]:
    """The row with an `and` wherever two conditions only stand side by side."""
    found: list[Item] = []
    for item in row:
        if found and item.kind in ("fragment", "(") and found[-1].kind in ("fragment", ")"):
            found.append(Item("and"))
        found.append(item)
    return found


def _split(row: list[Item], kinds: frozenset[str]) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    depth = 0
    for item in row:
        if item.kind == "(":
            depth += 1
        elif item.kind == ")":
            depth -= 1
        if depth == 0 and item.kind in kinds:
            parts.append([])
        else:
            parts[-1].append(item)
    return [part for part in parts if part]


def _primary(row: list[Item], or_tighter: bool, depth: int) -> Phrase:
    """Adjacent fragments and brackets: an implicit and."""
    found: list[Phrase] = []
    at = 0
    while at < len(row):
        item = row[at]
        if item.kind == "(":
            level, end = 1, at + 1
            while end < len(row) and level:
                level += {"(": 1, ")": -1}.get(row[end].kind, 0)
                end += 1
            inner = list(row[at + 1 : end - 1])
            if inner:
                phrase = _parse(inner, or_tighter, depth + 1)
                found.append(Phrase("not", (phrase,)) if item.inverted else phrase)
            at = end
            continue
        if item.fragment is not None and item.fragment.chosen is not None:
            found.append(Phrase("one", (), item.fragment.chosen, (item.fragment,)))
        at += 1
    return _group("and", found)


def _group(kind: Literal["and", "or"], items: list[Phrase]) -> Phrase:
    flat: list[Phrase] = []
    for item in items:
        if item.kind == kind:
            flat += item.items
        elif item.kind != "one" or item.node is not None:
            flat.append(item)
    return flat[0] if len(flat) == 1 else Phrase(kind, tuple(flat))


def _merge(phrase: Phrase, arrays: frozenset[str]) -> Phrase:
    if phrase.kind == "one":
        return phrase
    items = [_merge(item, arrays) for item in phrase.items]
    if phrase.kind == "not":
        return Phrase("not", tuple(items))
    merged: list[Phrase] = []
    for item in items:
        joined = False
        for position, earlier in enumerate(merged):
            union = _union(earlier, item, phrase.kind == "and", arrays)
            if union is not None:
                merged[position] = union
                joined = True
                break
        if not joined:
            merged.append(item)
    return merged[0] if len(merged) == 1 else Phrase(phrase.kind, tuple(merged))


def _union(left: Phrase, right: Phrase, conjunctive: bool, arrays: frozenset[str]) -> Phrase | None:
    """One list for two values of a scalar field: nobody has both, so "and" between them means either."""
    if left.kind != "one" or right.kind != "one" or left.node is None or right.node is None:
        return None
    a, b = left.node, right.node
    if isinstance(a, Leaf) and isinstance(b, Leaf) and a.field != b.field:
        return None
    fragments = (*left.fragments, *right.fragments)
    if a == b and type(getattr(a, "value", None)) is type(getattr(b, "value", None)):
        return Phrase("one", (), a, fragments)
    if not isinstance(a, Leaf) or not isinstance(b, Leaf) or a.field != b.field or a.field in arrays:
        return None
    kinds = {fragment.kind for fragment in fragments}
    if not kinds <= {"value", "place"}:
        return None
    positive = {Operator.EQ, Operator.IN}
    negative = {Operator.NEQ, Operator.NIN}
    if a.operator in positive and b.operator in positive:
        return Phrase("one", (), Leaf(a.field, Operator.IN, _joined(a, b)), fragments)
    if conjunctive and a.operator in negative and b.operator in negative:
        return Phrase("one", (), Leaf(a.field, Operator.NIN, _joined(a, b)), fragments)
    return None


def _joined(a: Leaf, b: Leaf) -> tuple[Scalar, ...]:
    values: list[Scalar] = []
    for leaf in (a, b):
        values += leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return tuple(dict.fromkeys(values))


def _node(phrase: Phrase) -> Node:
    match phrase.kind:
        case "one":
            assert phrase.node is not None
            return phrase.node
        case "not":
            return Not(_node(phrase.items[0]))
        case "and":
            return And(tuple(_flat([_node(item) for item in phrase.items], And)))
        case "or":
            return Or(tuple(_flat([_node(item) for item in phrase.items], Or)))


def _flat(nodes: list[Node], kind: type[And | Or]) -> list[Node]:
    flat: list[Node] = []
    for node in nodes:
        if isinstance(node, And | Or) and type(node) is kind:
            flat += node.items
        else:
            flat.append(node)
    return flat
