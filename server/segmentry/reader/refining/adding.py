# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Adds a condition, lets further people in, or keeps some out."""

from __future__ import annotations

import dataclasses
import re

from segmentry.criteria import canonical
from segmentry.criteria.nodes import Everyone, Leaf, Node, Not, Or
from segmentry.reader.draft import Draft
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.refining import merging, reply
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.elliptic import elliptic, known, named_value
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import (
    appended,
    either,
    exchanged,
    field_of,
    joined,
    parts,
    replaced,
    within_last,
    without,
)

_PEOPLE = re.compile(
    r"^\s*(?:(?:please|now|also|and|plus|add|include|including|the|all|any|further|other|in addition|additionally|as well as|count in|bring in|let in|throw in)[,:]?\s+)*"
    r"(?:people|persons|those|anyone|anybody|everyone|everybody|customers|clients|members|users|folks|whoever|ones|guys|buyers|players|accounts|patients|donors|guests)\b",
    re.IGNORECASE,
)
_SURELY_WIDER = re.compile(
    r"^\s*(?:(?:please|now|and|then)\s+)*(?:or|allow|accept|open|extend|widen|expand|broaden|enlarge|grow|also allow|also accept)\b|\b(?:is|are|would be) (?:also )?(?:fine|ok|okay|welcome|allowed|acceptable|good|alright)\b",
    re.IGNORECASE,
)


def best(drafts: list[Draft]) -> Draft:
    """The draft that was read most surely, the first one where they are equal."""
    return max(drafts, key=lambda draft: (draft.outcome == "ok" and draft.node is not None, draft.confidence))


def add(step: Step, current: Current) -> Draft:
    """The criteria and a further condition, merged where its field has one already."""
    drafts = [current.read(step.said)]
    if step.new.strip() and step.new != step.said:
        drafts.append(current.read(step.new))
    draft = best(drafts)
    if not known(draft):
        fragment = elliptic(step.new or step.said, current)
        if fragment:
            ways = [
                (f"{reply.words(new)} instead of {reply.label(current, at)}", _at(current, at, new))
                for at, new in fragment
            ]
            return reply.asked(
                current,
                f"{reply.quoted(step.said)} does not say which condition it is about",
                ways,
                said=step.said,
            )
        return reply.carried(draft, current, lambda node: appended(current.node, parts(node)), step.said)
    if step.manner == "also" and _PEOPLE.match(step.said) and not _known_field(draft.node, current):
        assert draft.node is not None
        return _either_or_both(draft.node, current, step)
    return put(draft, current, step)


def put(draft: Draft, current: Current, step: Step) -> Draft:
    """The conditions of a draft beside those that are there."""
    doubt = _doubtful(draft.node, current, step)
    if doubt is not None:
        return doubt
    return reply.settled(
        draft,
        current,
        lambda node: _merged(node, current, step),
        step.said,
        _instead(draft.node, current, step),
    )


def _merged(node: Node, current: Current, step: Step) -> Node | None:
    """The conditions one by one: into a list or a bound of their field, else at the end."""
    whole = current
    fresh: list[Node] = []
    for item in parts(node):
        new = _into(item, whole, step) if isinstance(item, Leaf) else _choice(item, whole, step)
        if new is None:
            fresh.append(item)
        else:
            whole = current.now(new)
    return appended(whole.node, tuple(fresh)) if fresh else whole.node


def _into(item: Leaf, current: Current, step: Step) -> Node | None:
    """The criteria with a condition merged into one on the same field, or None when it stands beside them.

    A list that names what is there and more ("gold or better" beside gold) lets more people in: beside it
    the list would change nothing.
    """
    field = current.catalog.get(item.field)
    if field is None or field.type == "array":
        return None
    if merging.is_value(item, current):
        lists = merging.listed(current, item.field)
        if step.manner == "also" and len(lists) == 1 and not merging.holds_all(current, lists[0], item):
            return merging.with_values(current, lists[0], item)
        if step.manner == "also" and not lists:
            for at in merging.barred(current, item.field):
                allowed = merging.without_values(current, at, item)
                if allowed is not None:
                    return allowed
        needed = [at for at in lists if at in current.required]
        if step.manner != "also" and len(needed) == 1 and merging.holds_all(current, needed[0], item):
            return exchanged(current.node, {needed[0]: item})
        if step.manner != "only" and len(needed) == 1 and merging.is_within(current, needed[0], item):
            return exchanged(current.node, {needed[0]: item})
        return None
    if item.operator in merging.NEGATIVE:
        return _kept_out(item, current)
    at = merging.bound_beside(current, item)
    if at is not None and at in current.required and merging.tightens(current, at, item):
        return exchanged(current.node, {at: item})
    return None


def _choice(item: Node, current: Current, step: Step) -> Node | None:
    """ "Email or SMS" beside email: one side of the choice is there already, so the choice takes its place."""
    if not isinstance(item, Or) or step.manner == "only":
        return None
    sides = {canonical.text(each) for each in item.items}
    for at, leaf in enumerate(current.leaves):
        if at in current.required and at not in current.denied and canonical.text(leaf) in sides:
            return exchanged(current.node, {at: item})
    return None


def _kept_out(item: Leaf, current: Current) -> Node | None:
    """An exclusion joins the list of those that are there, or shrinks the list of values that are wanted."""
    for at in merging.listed(current, item.field):
        if at in current.required and merging.holds(current, at, item) and not _all_gone(current, at, item):
            return merging.without_values(current, at, item)
    for at in merging.barred(current, item.field):
        if at in current.required and at not in current.denied and not merging.holds_all(current, at, item):
            return merging.with_values(current, at, item)
    return None


def _all_gone(current: Current, at: int, item: Leaf) -> bool:
    leaf = current.leaves[at]
    return isinstance(leaf, Leaf) and merging.without_values(current, at, item) == without(current.node, {at})


def _doubtful(node: Node | None, current: Current, step: Step) -> Draft | None:
    """A bound that is wider than the one that is there, or one on a field that an `$or` asks about."""
    if not isinstance(node, Leaf):
        return None
    at = merging.bound_beside(current, node)
    if at is None:
        return None
    beside = at in current.required
    if beside and merging.tightens(current, at, node) is not False:
        return None
    if not beside and step.manner == "only":
        return None
    ways = [(f"{reply.words(node)} instead", exchanged(current.node, {at: node}))]
    if not beside:
        ways.append((f"everyone must also meet {reply.words(node)}", appended(current.node, (node,))))
    was = reply.words(current.leaves[at])
    why = "would change nothing beside" if beside else "may change or stand beside"
    return reply.asked(current, f"{reply.quoted(step.said)} {why} '{was}'", ways, said=step.said)


def _instead(node: Node | None, current: Current, step: Step) -> list[reply.Way]:
    """ "Also silver" beside gold is read as either; silver alone stays on offer."""
    if step.manner != "also" or not isinstance(node, Leaf) or not merging.is_value(node, current):
        return []
    lists = merging.listed(current, node.field)
    if len(lists) != 1:
        return []
    return [(f"{reply.words(node)} instead", exchanged(current.node, {lists[0]: node}))]


def _known_field(node: Node | None, current: Current) -> bool:
    return node is not None and all(
        isinstance(item, Leaf) and item.field in current.fields for item in parts(node)
    )


def _either_or_both(node: Node, current: Current, step: Step) -> Draft:
    ways = [
        (f"the same people, who must also meet {reply.words(node)}", appended(current.node, parts(node))),
        (f"further people: those with {reply.words(node)}", either(current.node, node)),
    ]
    message = f"{reply.quoted(step.said)} may narrow the segment or let further people in"
    return reply.asked(current, message, ways, said=step.said)


def _at(current: Current, at: tuple[int, ...], new: Node) -> Node:
    return replaced(current.node, at, new)


# --- further people ------------------------------------------------------------------------------------


def widen(step: Step, current: Current) -> Draft:
    """The criteria and further people: a list grows, an exclusion shrinks, else `$or` of both."""
    draft = current.read(step.new)
    if not known(draft):
        whole = current.read(step.said)
        draft = whole if known(whole) and step.manner == "also" else draft
    if not known(draft):
        open_text = named_value(step.new, current)
        fits = open_text or [fit for fit in elliptic(step.new, current) if not current.denied & set(fit[0])]
        ways = (
            (f"{reply.label(current, at)}, or {reply.words(new)}", let_in(current, at, new))
            for at, new in fits
        )
        if len(fits) == 1:
            return reply.done(current, next(ways)[1], step.said, confidence=0.85 if open_text else 0.9)
        if fits:
            return reply.asked(
                current, f"{reply.quoted(step.said)} fits more than one condition", ways, said=step.said
            )
        return reply.carried(draft, current, lambda node: either(current.node, node), step.said)
    node = draft.node
    assert node is not None
    grown = _grown(node, current)
    if len(grown) == 1:
        if current.unchanged(grown[0][1]):
            return reply.asked(
                current, f"{reply.quoted(step.said)} changes nothing: those are in already", said=step.said
            )
        return reply.settled(draft, current, lambda each: _first(_grown(each, current)), step.said)
    if grown:
        return reply.asked(
            current, f"{reply.quoted(step.said)} fits more than one condition", grown, said=step.said
        )
    if step.manner == "also" and not _PEOPLE.match(step.said):
        return put(draft, current, dataclasses.replace(step, manner="also"))
    fields = {field_of(leaf) for leaf in current.now(node).leaves}
    conditions = [
        group for group in current.conditions if {field_of(current.leaves[at]) for at in group} == fields
    ]
    inside = len(fields) == 1 and len(conditions) == 1 and len(current.fields) > 1
    if inside and not current.denied & set(conditions[0]):
        return reply.settled(draft, current, lambda each: _beside(current, conditions[0], each), step.said)
    if step.manner == "also" or not (_SURELY_WIDER.search(step.said) or _PEOPLE.match(step.said)):
        return _either_or_both(node, current, step)
    if isinstance(current.node, Everyone):
        return reply.asked(
            current, f"{reply.quoted(step.said)} changes nothing: everyone is in already", said=step.said
        )
    within = within_last(current.node, node)
    also = [] if within is None else [("or only within the last condition", within)]
    return reply.settled(draft, current, lambda each: either(current.node, each), step.said, also)


def _first(ways: list[reply.Way]) -> Node | None:
    return ways[0][1] if ways else None


def let_in(current: Current, at: tuple[int, ...], new: Node) -> Node:
    """The criteria with a value more in one list, or a bound more beside one condition."""
    if (
        isinstance(new, Leaf)
        and merging.is_value(new, current)
        and at[0] in merging.listed(current, new.field)
    ):
        return merging.with_values(current, at[0], new)
    return _beside(current, at, new)


def _beside(current: Current, at: tuple[int, ...], new: Node) -> Node:
    """The criteria with one condition widened where it stands."""
    was = joined(tuple(current.leaves[each] for each in at))
    return replaced(current.node, at, either(was, new))


def _grown(node: Node, current: Current) -> list[reply.Way]:
    """The ways to let values in: into the one list of their field, out of an exclusion, past a flag."""
    if not isinstance(node, Leaf) or not merging.is_value(node, current):
        return []
    field = current.catalog.get(node.field)
    flag = field is not None and truth_values(field) is not None
    found: list[reply.Way] = []
    for at in merging.listed(current, node.field):
        was = reply.words(current.leaves[at])
        if flag and not merging.holds(current, at, node):
            found.append((f"no condition on {node.field}", without(current.node, {at})))
        else:
            found.append((f"{was}, or {reply.words(node)}", merging.with_values(current, at, node)))
    if found:
        return found
    for at in merging.barred(current, node.field):
        fewer = merging.without_values(current, at, node)
        was = reply.words(current.leaves[at])
        found.append((f"{was}, but not {reply.words(node)}", current.node if fewer is None else fewer))
    return found


def add_to(step: Step, current: Current) -> Draft | None:
    """ "Add silver to the tiers": a value for a list that the words name; None when they name none."""
    draft = current.read(step.new)
    if known(draft) and draft.node is not None and len(_grown(draft.node, current)) == 1:
        return reply.settled(draft, current, lambda each: _first(_grown(each, current)), step.said)
    return None


# --- fewer people --------------------------------------------------------------------------------------


def exclude(step: Step, current: Current) -> Draft:
    """The criteria without some people: a list shrinks, else the exclusion is added."""
    inside = current.read(step.old)
    if inside.outcome == "ok" and isinstance(inside.node, Leaf) and merging.is_value(inside.node, current):
        for at in merging.listed(current, inside.node.field):
            if merging.holds(current, at, inside.node) and not _all_gone(current, at, inside.node):
                node = merging.without_values(current, at, inside.node)
                assert node is not None
                return reply.done(current, node, step.said, confidence=min(reply.SURE, inside.confidence))
    drafts = [current.read_after("excluding", step.old), current.read_after("not", step.old)]
    if len(step.said) - len(step.said.lstrip()) < len(step.old) - len(step.old.lstrip()):
        drafts.insert(0, current.read(step.said))
    draft = best(drafts)
    if not _sure(draft) and _sure(inside):
        draft = inside._replace(
            node=_complement(inside.node, current),
            origins=(),
            readings=(),
            questions=(),
            ambiguities=(),
        )
    if not known(draft):
        return reply.carried(draft, current, lambda node: appended(current.node, parts(node)), step.said)
    return put(draft, current, dataclasses.replace(step, manner="only"))


def _sure(draft: Draft) -> bool:
    return known(draft) and draft.confidence >= 0.5 and not draft.unexplained


def _complement(node: Node | None, current: Current) -> Node:
    assert node is not None
    if isinstance(node, Leaf) and (single := merging.opposite(node, current)) is not None:
        return single
    return node.item if isinstance(node, Not) else Not(node)
