# ruff: noqa: E501 - patterns read better in long lines
"""Puts one thing in the place of another: a value, a number, a bound, a date, a whole condition."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from segmentry.criteria import walk
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Operator
from segmentry.reader.draft import Draft
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.refining import merging, reply
from segmentry.reader.refining.amounts import (
    Said,
    bare_number,
    holds_number,
    is_lower,
    is_upper,
    likeliest,
    with_number,
)
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.elliptic import Fit, elliptic, known, name_of, named_value
from segmentry.reader.refining.pointing import bounded, pointed
from segmentry.reader.refining.renaming import CONFIDENCE, anywhere, renamed
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import appended, exchanged, field_of, joined, parts, replaced, without
from segmentry.reader.scene import Scene

# A name that nobody has listed: it may stand for something else.
_NAMED = 0.85
_TRUTH = re.compile(r"(?P<yes>true|yes|on|1)|(?:false|no|off|0)", re.IGNORECASE)
_EXACTLY = re.compile(r"\b(?:exactly|equals?|precisely|=)\b|=", re.IGNORECASE)


def change(step: Step, current: Current) -> Draft | None:
    """The criteria with something else in the place of what the words name.

    None for a contrast ("gold, not silver") about nothing that is there: then it is an addition.
    """
    if not step.new.strip():
        about = reply.quoted(step.old or step.said)
        message = f"What should {about} become? The conditions are: {reply.listed(current)}"
        return reply.asked(current, message, said=step.said)
    draft = current.read(step.new)
    if step.old.strip():
        return _for(step, draft, current)
    said = bare_number(current.scene(step.new))
    if said is not None:
        return _number(step, said, current)
    if known(draft):
        return _same_fields(step, draft, current)
    fits = elliptic(step.new, current)
    if fits:
        kept = [(group, refitted(node, group, current, step.new)) for group, node in fits]
        return answer(step, current, kept)
    fits = named_value(step.new, current)
    if fits:
        return answer(step, current, fits, _NAMED)
    fits = anywhere(step.new, current)
    if fits:
        return answer(step, current, fits, CONFIDENCE)
    named = _cut(step, current)
    if named is not None:
        return _for(named, current.read(named.new), current)
    if step.loose:
        return None
    if draft.readings:
        return reply.carried(draft, current, lambda node: _in_place(node, current, step.new), step.said)
    message = f"It is not clear what {reply.quoted(step.new)} should change; the conditions are: {reply.listed(current)}"
    return reply.asked(current, message, said=step.said)


def _cut(step: Step, current: Current) -> Step | None:
    """ "The bmi 30 or more": words that point at a condition, and then what it becomes."""
    scene = current.scene(step.new)
    at = next((at for at in range(len(scene.tokens)) if _begins(scene, at)), 0)
    if at == 0:
        return None
    start = scene.tokens[at].start
    old = re.sub(r"(?<!\s)(?:\s+(?:is|are|be|to|of|at|=|:))+\s*$", "", step.new[:start])
    if not pointed(old, current).ways:
        return None
    return dataclasses.replace(step, old=old, new=" " * start + step.new[start:])


def _begins(scene: Scene, at: int) -> bool:
    return at in scene.numbers or scene.comparison(at) is not None or scene.when(at) is not None


def _for(step: Step, draft: Draft, current: Current) -> Draft | None:
    """Something new for something that was named."""
    before = current.read(step.old)
    if isinstance(before.node, Leaf) and merging.is_value(before.node, current):
        field = before.node.field
        new = draft if known(draft) else current.read_after(name_of(field, current), step.new)
        same_field = isinstance(new.node, Leaf) and new.node.field == field
        if (
            same_field
            and not new.unexplained
            and isinstance(new.node, Leaf)
            and merging.is_value(new.node, current)
        ):
            old = before.node
            swapped = merging.with_value_for(current, old, new.node)
            if swapped is not None:
                return reply.settled(
                    new, current, lambda node: _swapped(current, old, node) or swapped, step.said
                )
    found = pointed(step.old, current)
    if not found.ways:
        return None if step.loose else reply.absent(current, step.old, step.said)
    fits: list[Fit] = []
    sureness = reply.SURE
    for leaves in found.ways:
        for group, new in fitted(step, draft, bounded(step.old, leaves, current), current):
            fits.append((group, new))
            sureness = min(sureness, draft.confidence) if known(draft) else sureness
    if not fits:
        if step.loose:
            return None
        if draft.readings:
            group = found.ways[0]
            return reply.carried(draft, current, lambda node: replaced(current.node, group, node), step.said)
        named = reply.label(current, found.ways[0])
        return reply.asked(
            current,
            f"It is not clear what {reply.quoted(step.new)} means in the place of '{named}'",
            said=step.said,
        )
    if len(fits) == 1 and known(draft) and draft.node is not None and current.denied & set(found.ways[0]):
        return denied(step, draft.node, found.ways[0], current)
    if len(fits) == 1 and known(draft) and len(found.ways) == 1:
        group = bounded(step.old, found.ways[0], current)
        return reply.settled(
            draft,
            current,
            lambda node: replaced(current.node, group, refitted(node, group, current, step.new)),
            step.said,
        )
    return answer(step, current, fits, sureness)


def fitted(step: Step, draft: Draft, leaves: tuple[int, ...], current: Current) -> list[Fit]:
    """What the new words may become in the place of some leaves."""
    truth = _truth(step.new, leaves, current)
    if truth:
        return truth
    said = bare_number(current.scene(step.new))
    if said is not None:
        return [
            ((at,), with_number(current.leaves[at], said, current.catalog))
            for at in _holding(said, leaves, current)
        ]
    if known(draft):
        assert draft.node is not None
        return [(leaves, refitted(draft.node, leaves, current, step.new))]
    found = elliptic(step.new, current, leaves) or renamed(step.new, leaves, current)
    if found:
        return found
    fields = list(dict.fromkeys(field_of(current.leaves[at]) for at in leaves))
    if len(fields) == 1 and current.catalog.get(fields[0]) is not None:
        # "Change the country to Atlantis": an open column takes a name that nobody has listed.
        named = current.read_after(name_of(fields[0], current) + " is", step.new)
        if (
            known(named)
            and not named.unexplained
            and named.node is not None
            and all(isinstance(each, Leaf) and each.field == fields[0] for each in parts(named.node))
        ):
            return [(leaves, named.node)]
    return []


def _truth(words: str, leaves: tuple[int, ...], current: Current) -> list[Fit]:
    """ "Set the email opt-in to false": the stored yes or no of a flag."""
    said = _TRUTH.fullmatch(words.strip())
    leaf = current.leaves[leaves[0]] if len(leaves) == 1 else None
    field = current.catalog.get(leaf.field) if isinstance(leaf, Leaf) else None
    values = None if field is None else truth_values(field)
    if said is None or field is None or values is None:
        return []
    return [(leaves, Leaf(field.name, Operator.EQ, values[0] if said["yes"] else values[1]))]


def _holding(said: Said, leaves: tuple[int, ...], current: Current) -> list[int]:
    fits = [at for at in leaves if holds_number(current.leaves[at], said, current.catalog)]
    return likeliest(fits, current.leaves, said, current.catalog)


def _number(step: Step, said: Said, current: Current) -> Draft:
    """ "Make it 90 days": the one condition with such a number, else a question."""
    every = tuple(range(len(current.leaves)))
    fits = _holding(said, bounded(step.said, every, current), current)
    if fits:
        found: list[Fit] = [((at,), with_number(current.leaves[at], said, current.catalog)) for at in fits]
        return answer(step, current, found)
    message = f"No condition holds a number that {reply.quoted(step.new)} could replace; the conditions are: {reply.listed(current)}"
    return reply.asked(current, message, said=step.said)


def _same_fields(step: Step, draft: Draft, current: Current) -> Draft | None:
    """ "France instead": each condition takes the place of the one on its field."""
    assert draft.node is not None
    whole = _in_place(draft.node, current, step.new)
    if whole is not None:
        return reply.settled(draft, current, lambda node: _in_place(node, current, step.new), step.said)
    if step.loose:
        return None
    node = draft.node
    fields = {field_of(leaf) for leaf in walk.leaves(node)}
    several = [
        group for group in current.conditions if {field_of(current.leaves[at]) for at in group} <= fields
    ]
    if len(several) == 1 and current.denied & set(several[0]):
        return denied(step, node, several[0], current)
    if len(several) > 1:
        every = tuple(at for group in several for at in group)
        ways = [
            *(_way(current, (group, refitted(node, group, current, step.new))) for group in several[:3]),
            (f"{reply.words(node)} instead of all of them", replaced(current.node, every, node)),
        ]
        return reply.asked(
            current, f"{reply.quoted(step.said)} fits more than one condition", ways, said=step.said
        )
    if isinstance(current.node, Everyone) or len(current.conditions) == 1:
        return reply.settled(draft, current, lambda each: each, step.said)
    added = (f"{reply.words(node)} beside what is there", appended(current.node, parts(node)))
    ways = [_way(current, (group, node)) for group in (current.conditions[-1], current.conditions[0])]
    message = f"{reply.quoted(step.said)} does not say which condition it is to replace"
    return reply.asked(current, message, [added, *ways, (f"{reply.words(node)} alone", node)], said=step.said)


def denied(step: Step, node: Node, group: tuple[int, ...], current: Current) -> Draft:
    """Words for a condition that stands under a `$not`: they may say who is out now, or who is in."""
    ways = [
        (f"{reply.words(node)} kept out instead", replaced(current.node, group, node)),
        (f"{reply.words(node)} required instead", appended(without(current.node, group), parts(node))),
    ]
    was = reply.label(current, group)
    return reply.asked(
        current, f"{reply.quoted(step.said)} is about '{was}', which keeps people out", ways, said=step.said
    )


def _in_place(node: Node, current: Current, words: str) -> Node | None:
    """The criteria with each condition in the place of the one on its field; None where that is not one."""
    by_field: dict[str, list[Node]] = {}
    for item in parts(node):
        fields = {field_of(leaf) for leaf in walk.leaves(item)}
        if len(fields) != 1:
            return None
        by_field.setdefault(fields.pop(), []).append(item)
    changes: dict[int, Node | None] = {}
    fresh: list[Node] = []
    for field, items in by_field.items():
        groups = [group for group in current.conditions if field_of(current.leaves[group[0]]) == field]
        if not groups:
            fresh += items
            continue
        if len(groups) > 1:
            groups = _bounding(items, groups, current)
        # What a `$not` holds is not replaced by what is wanted: that is asked.
        if len(groups) != 1 or current.denied & set(groups[0]):
            return None
        group = groups[0]
        new = refitted(joined(tuple(items)), group, current, words)
        changes |= {at: new if at == group[0] else None for at in group}
    if not changes:
        return None
    whole = exchanged(current.node, changes)
    return appended(whole, tuple(fresh)) if fresh else whole


def _bounding(items: list[Node], groups: list[tuple[int, ...]], current: Current) -> list[tuple[int, ...]]:
    """Of several conditions on one field, those that a new bound is of the kind of."""
    if len(items) != 1 or not isinstance(items[0], Leaf):
        return groups
    for side in (is_lower, is_upper):
        if side(items[0]):
            return [group for group in groups if any(side(current.leaves[at]) for at in group)]
    return groups


def refitted(node: Node, leaves: tuple[int, ...], current: Current, words: str) -> Node:
    """A bare number on a field that had a bound keeps the bound: "make the handicap 15" stays "at most"."""
    new: list[Node] = []
    for item in parts(node):
        bounds = [
            leaf
            for at in leaves
            if isinstance(leaf := current.leaves[at], Leaf)
            and isinstance(item, Leaf)
            and leaf.field == item.field
            and (is_lower(leaf) or is_upper(leaf))
        ]
        plain = isinstance(item, Leaf) and item.operator is Operator.EQ and _is_number(item.value)
        if plain and len(bounds) == 1 and not _EXACTLY.search(words):
            assert isinstance(item, Leaf)
            new.append(Leaf(item.field, bounds[0].operator, item.value))
        else:
            new.append(_recounted(item, leaves, current))
    return And(tuple(new)) if isinstance(node, And) else new[0]


def _recounted(item: Node, leaves: tuple[int, ...], current: Current) -> Node:
    """ "5 exports" beside "at least 3 exports in 30 days" changes how many, "in 60 days" when."""
    was = current.leaves[leaves[0]] if len(leaves) == 1 else None
    if (
        not isinstance(item, Event)
        or not isinstance(was, Event)
        or item.name != was.name
        or item.where is not None
    ):
        return item
    if item.window_start is None and item.window_end is None:
        operator = was.operator if item.operator is Operator.EQ else item.operator
        return dataclasses.replace(was, operator=operator, value=item.value, path="")
    if (item.operator, item.value) == (Operator.GTE, 1):
        return dataclasses.replace(was, window_start=item.window_start, window_end=item.window_end, path="")
    return dataclasses.replace(item, where=was.where)


def answer(step: Step, current: Current, fits: Sequence[Fit], confidence: float = reply.SURE) -> Draft:
    ways = (_way(current, fit) for fit in fits)
    if len(fits) == 1:
        return reply.done(current, next(ways)[1], step.said, confidence=confidence)
    return reply.asked(
        current, f"{reply.quoted(step.said)} fits more than one condition", ways, said=step.said
    )


def _way(current: Current, fit: Fit) -> tuple[str, Node]:
    group, new = fit
    label = f"{reply.words(new)} instead of {reply.label(current, group)}"
    return label, replaced(current.node, group, new)


def _swapped(current: Current, old: Leaf, new: Node) -> Node | None:
    if not isinstance(new, Leaf) or not merging.is_value(new, current) or new.field != old.field:
        return None
    return merging.with_value_for(current, old, new)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
