"""Operations on numbered conditions: what is done and to which is given, what the words mean is read here.

An operation names its conditions by the numbers that they had before the first of them; a condition that is
not named comes back as the same object.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria import walk
from segmentry.criteria.nodes import Everyone, Leaf, Node
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.draft import Draft, DraftReading, LeafOrigin, Span
from segmentry.reader.refining import adding, changing, merging, reply
from segmentry.reader.refining.amounts import is_lower, is_upper, shifted
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.elliptic import Fit, known
from segmentry.reader.refining.forms import step as spoken
from segmentry.reader.refining.negating import opposite_of
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import (
    either,
    exchanged,
    field_of,
    replaced,
    rewritten,
    without,
)

Kind = Literal["add", "widen", "remove", "exclude", "change", "replace", "negate", "restart"]
# Below this the words of an operation are worth another look.
_READ = 0.9


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do: `said` are all its words in the instruction, `new` those for what comes.

    `leaves` are numbers from 1; none stands for the whole where that makes sense.
    """

    kind: Kind
    said: Span
    new: Span | None = None
    leaves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """The criteria after all operations, or a question; `open` are those whose words are not surely read."""

    draft: Draft
    open: tuple[Operation, ...] = ()


def edited(instruction: str, operations: Sequence[Operation], current: Current) -> Edited:
    """Do the operations in order. One that cannot be done is a question; the others are its reading."""
    before = rewritten(current.node, lambda at, leaf: _tagged(leaf, at + 1))
    at = current.now(before)
    fresh: list[LeafOrigin] = []
    done: list[Draft] = []
    refused: list[tuple[Operation, Draft]] = []
    still_open: list[Operation] = []
    for each in operations:
        draft = _done(instruction, each, at)
        if draft.outcome != "ok" or draft.node is None:
            refused.append((each, draft))
            still_open.append(each)
            continue
        if draft.confidence < _READ or draft.unexplained or draft.questions:
            still_open.append(each)
        fresh += [origin for origin in draft.origins if origin.source != "kept"]
        done.append(draft)
        at = current.now(draft.node)
    opened = tuple(each for each in still_open if each.new is not None)
    if refused:
        return Edited(_asked(refused[0][1], at.node if done else None, current), opened)
    if not done or current.unchanged(at.node):
        said = operations[0].said.text if operations else instruction
        message = f"{reply.quoted(said)} changes nothing of the criteria"
        return Edited(
            reply.asked(current, message, said=_placed(operations[0].said) if operations else ""), opened
        )
    return Edited(_together(done, at.node, fresh, current), opened)


def _together(done: list[Draft], node: Node, fresh: list[LeafOrigin], current: Current) -> Draft:
    only = done[0] if len(done) == 1 else None
    return Draft(
        "ok",
        node,
        min(each.confidence for each in done),
        reply.origins(node, current.node, fresh, ()),
        readings=() if only is None else only.readings,
        questions=() if only is None else only.questions,
        ambiguities=tuple(each for draft in done for each in draft.ambiguities),
        notes=tuple(each for draft in done for each in draft.notes),
        unexplained=tuple(each for draft in done for each in draft.unexplained),
    )


def _asked(question: Draft, rest: Node | None, current: Current) -> Draft:
    """The question about what could not be done, with all the rest done as a reading."""
    if rest is None or current.unchanged(rest):
        return question
    way = DraftReading("everything else that was asked for", rest)
    asked = tuple(each._replace(readings=(0,)) for each in question.questions[:1])
    return question._replace(
        node=current.node,
        origins=reply.origins(current.node, current.node, (), ()),
        readings=(way,),
        questions=asked,
    )


def _done(instruction: str, operation: Operation, current: Current) -> Draft:
    said = _placed(operation.said)
    new = "" if operation.new is None else _placed(operation.new)
    tags = {_tag(number) for number in operation.leaves}
    places = tuple(at for at, leaf in enumerate(current.leaves) if leaf.path in tags)
    if len(places) < len(tags):
        message = f"{reply.quoted(said)} is about a condition that another part of the instruction changes"
        return reply.asked(current, message, said=said)
    match operation.kind:
        case "remove":
            return _removed(said, places, current)
        case "negate":
            return _negated(said, places, current)
        case "restart":
            draft = current.read(new)
            return draft if known(draft) else reply.carried(draft, current, lambda node: node, said)
        case "add":
            return adding.add(Step("add", new, new=new), current)
        case "exclude":
            return adding.exclude(Step("exclude", said, old=new), current)
        case "widen":
            return _widened(said, new, places, current)
        case "change":
            return _changed(instruction, operation, said, new, places, current)
        case "replace":
            return _replaced(said, new, places, current)


def _removed(said: str, places: tuple[int, ...], current: Current) -> Draft:
    if not places:
        return reply.absent(current, said.strip(), said)
    if len(places) == 1 and isinstance(current.leaves[places[0]], Leaf):
        # "Drop silver" where the condition lists silver among others takes the one value out.
        named = current.read(said).node
        leaf = current.leaves[places[0]]
        if (
            isinstance(named, Leaf)
            and isinstance(leaf, Leaf)
            and named.field == leaf.field
            and isinstance(leaf.value, tuple)
            and merging.is_value(named, current)
            and not merging.only_holds(current, places[0], named)
        ):
            fewer = merging.without_values(current, places[0], named)
            if fewer is not None:
                return reply.done(current, fewer, said)
    return reply.done(current, without(current.node, places), said)


def _negated(said: str, places: tuple[int, ...], current: Current) -> Draft:
    if isinstance(current.node, Everyone):
        return reply.asked(current, "The opposite of everyone is nobody: say who is meant", said=said)
    if not places:
        return reply.done(current, opposite_of(current.node, current), said)
    turned: dict[int, Node | None] = {at: opposite_of(current.leaves[at], current) for at in places}
    return reply.done(current, exchanged(current.node, turned), said)


def _widened(said: str, new: str, places: tuple[int, ...], current: Current) -> Draft:
    draft = current.read(new)
    if not places:
        if not known(draft):
            return reply.carried(draft, current, lambda node: either(current.node, node), said)
        return reply.settled(draft, current, lambda node: either(current.node, node), said)
    if known(draft):
        return reply.settled(draft, current, lambda node: adding.let_in(current, places, node), said)
    fits = changing.fitted(Step("change", said, new=new), draft, places, current)
    if len(fits) == 1:
        return reply.done(current, adding.let_in(current, *fits[0]), said, confidence=_READ)
    return reply.carried(draft, current, lambda node: adding.let_in(current, places, node), said)


def _changed(  # noqa: PLR0917 - an operation with its words and its conditions
    instruction: str, operation: Operation, said: str, new: str, places: tuple[int, ...], current: Current
) -> Draft:
    step = Step("change", said, new=new)
    draft = current.read(new)
    fits = changing.fitted(step, draft, places, current) or _shifted(instruction, operation, places, current)
    if not fits:
        return reply.carried(draft, current, lambda node: replaced(current.node, places, node), said)
    if known(draft) and draft.node is not None and fits[0][0] == places:
        return _put(draft, said, new, places, current)
    return changing.answer(step, current, fits)


def _replaced(said: str, new: str, places: tuple[int, ...], current: Current) -> Draft:
    draft = current.read(new)
    if not places:
        return adding.add(Step("add", new, new=new), current)
    if known(draft):
        return _put(draft, said, new, places, current)
    return reply.carried(draft, current, lambda node: replaced(current.node, places, node), said)


def _put(draft: Draft, said: str, new: str, places: tuple[int, ...], current: Current) -> Draft:
    """What was read in the place of some conditions; one with both bounds takes the place of both."""
    assert draft.node is not None
    if current.denied & set(places):
        return changing.denied(Step("change", said, new=new), draft.node, places, current)
    fields = {field_of(leaf) for leaf in walk.leaves(draft.node)}
    found = walk.leaves(draft.node)
    both = len(fields) == 1 and any(map(is_lower, found)) and any(map(is_upper, found))
    if both:
        places = tuple(sorted({at for each in places for at in current.condition_of(each)}))
    return reply.settled(
        draft,
        current,
        lambda node: replaced(current.node, places, changing.refitted(node, places, current, new)),
        said,
    )


def _shifted(instruction: str, operation: Operation, places: tuple[int, ...], current: Current) -> list[Fit]:
    """ "Down by three": the condition's own number, raised or lowered."""
    for span in (operation.new, operation.said):
        by = None if span is None else spoken(instruction, span.start, span.end).shift
        if by is None:
            continue
        found: list[Fit] = []
        for at in places:
            leaf = shifted(current.leaves[at], by, current.catalog)
            if leaf is not None:
                found.append(((at,), leaf))
        return found
    return []


def _placed(span: Span) -> str:
    """Words at their place in the instruction: what stands before them is blank."""
    return " " * span.start + span.text


def _tagged(leaf: AnyLeaf, number: int) -> AnyLeaf:
    return dataclasses.replace(leaf, path=_tag(number))


def _tag(number: int) -> str:
    return f"#{number}"
