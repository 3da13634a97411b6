# ruff: noqa: E501 - patterns read better in long lines
"""Takes conditions away: by field, by order, by kind, or one value out of a list."""

from __future__ import annotations

import re

from segmentry.criteria.nodes import Leaf
from segmentry.reader.draft import Draft
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.refining import merging, reply
from segmentry.reader.refining.adding import exclude
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.pointing import Pointed, bounded, names_bound, pointed
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import replaced, same, without

_PEOPLE = re.compile(
    r"^\s*(?:the |all |any |all the |every )*(?:people|those|anyone|anybody|customers|members|users|clients|folks|whoever|everyone|guys)\b|\b(?:ones|people|customers|members|users|guys|folks|clients)\s*$",
    re.IGNORECASE,
)


def remove(step: Step, current: Current) -> Draft | None:
    """The criteria without what the words name; None where loose words name nothing.

    Words that name people rather than a condition keep those people out.
    """
    words = _within_list(step.old)
    found = pointed(words, current)
    people = _PEOPLE.search(words) is not None and not found.noun
    draft = current.read(words)
    node = draft.node if draft.outcome == "ok" else None
    if (
        isinstance(node, Leaf)
        and merging.is_value(node, current)
        and not _is_flag(node, current)
        and not step.whole
        and not (found.exact and found.noun and _whole(found))
    ):
        last = [at for at in merging.listed(current, node.field) if merging.only_holds(current, at, node)]
        shrunk = (
            _theirs(step, node, last, current) if last and people else _shrunk(step, node, found, current)
        )
        if shrunk is not None:
            return shrunk
    if isinstance(node, Leaf):
        same_leaves = [
            at
            for at, leaf in enumerate(current.leaves)
            if same(leaf, Leaf(node.field, node.operator, node.value, leaf.path))
        ]
        if same_leaves and people:
            return _theirs(step, node, same_leaves, current)
        if same_leaves and not found.noun and at_once(same_leaves, current):
            return reply.done(current, without(current.node, same_leaves), step.said)
    if isinstance(node, Leaf) and not found.noun and (barring := _against(node, current)):
        was = reply.label(current, barring)
        ways = [(f"without '{was}'", without(current.node, barring))]
        message = f"{reply.quoted(step.said)}: '{was}' keeps those out already"
        return reply.asked(current, message, ways, said=step.said)
    if not people and found.ways:
        return _gone(step, found, current)
    if isinstance(node, Leaf) or people:
        if step.loose:
            return None
        return _kept_out(step, current)
    return None if step.loose else reply.absent(current, words, step.said)


def _theirs(step: Step, node: Leaf, leaves: list[int], current: Current) -> Draft:
    """ "Remove the gold members" where nobody else is in: the condition may go, or the others are meant."""
    ways = [(f"without {reply.label(current, leaves)}", without(current.node, leaves))]
    other = merging.opposite(node, current)
    if other is not None:
        ways.append((f"{reply.words(other)} instead", replaced(current.node, leaves, other)))
    was = reply.label(current, leaves)
    message = f"{reply.quoted(step.said)} would leave nobody beside '{was}'"
    return reply.asked(current, message, ways, said=step.said)


def _is_flag(node: Leaf, current: Current) -> bool:
    field = current.catalog.get(node.field)
    return field is not None and truth_values(field) is not None


def _against(node: Leaf, current: Current) -> tuple[int, ...]:
    """ "Drop smokers" where nobody who smokes is in: the flags of that field that say the opposite."""
    field = current.catalog.get(node.field)
    truth = None if field is None else truth_values(field)
    if truth is None or not merging.is_value(node, current):
        return ()
    return tuple(
        at
        for at in current.of_field(node.field)
        if at not in current.denied
        and isinstance(leaf := current.leaves[at], Leaf)
        and leaf.operator in merging.POSITIVE
        and not merging.holds(current, at, node)
    )


def at_once(leaves: list[int], current: Current) -> bool:
    """True when equal leaves stand on the same side of a denial."""
    return len({at in current.denied for at in leaves}) == 1


def _whole(found: Pointed) -> bool:
    """True when the words point at leaves by order or by everything, not by a value among them."""
    return len(found.ways) == 1 and len(found.ways[0]) > 1


def _shrunk(step: Step, node: Leaf, found: Pointed, current: Current) -> Draft | None:
    """One value out of a list; the last value takes its condition along."""
    for at in merging.listed(current, node.field):
        if merging.holds(current, at, node):
            smaller = merging.without_values(current, at, node)
            assert smaller is not None
            return reply.done(current, smaller, step.said)
    for at in merging.barred(current, node.field):
        fewer = merging.without_values(current, at, node)
        if fewer is None:
            continue
        if found.noun:
            return reply.done(current, fewer, step.said)
        was = reply.words(current.leaves[at])
        message = f"{reply.quoted(step.said)}: '{was}' keeps those out already"
        return reply.asked(current, message, [(f"no longer '{was}'", fewer)], said=step.said)
    return None


def _gone(step: Step, found: Pointed, current: Current) -> Draft:
    if len(found.ways) == 1 and found.lost:
        leaves = found.ways[0]
        message = (
            f"It is not clear what {reply.quoted(' '.join(found.lost))} means in {reply.quoted(step.said)}"
        )
        way = (f"without {reply.label(current, leaves)}", without(current.node, leaves))
        return reply.asked(current, message, [way], said=step.said)
    if len(found.ways) == 1:
        leaves = found.ways[0]
        if names_bound(step.old):
            leaves = bounded(step.old, leaves, current)
        return reply.done(current, without(current.node, leaves), step.said)
    ways = [
        (f"without {reply.label(current, leaves)}", without(current.node, leaves)) for leaves in found.ways
    ]
    every = {at for leaves in found.ways for at in leaves}
    if len(ways) > 1:
        ways.append((f"without {reply.label(current, sorted(every))}", without(current.node, every)))
    message = f"{reply.quoted(step.old)} fits more than one condition"
    return reply.asked(current, message, ways, said=step.said)


def _kept_out(step: Step, current: Current) -> Draft:
    return exclude(Step("exclude", step.said, old=step.old), current)


def _within_list(words: str) -> str:
    """ "Gold from the tiers" is about gold."""
    return (
        re.sub(
            r"(?<=\S)\s+(?:from|out of|off)\s+(?:the|that|this|their|my|our)\s+(?:list of\s+)?[\w ]+$",
            "",
            words,
            flags=re.IGNORECASE,
        )
        or words
    )
