"""An instruction and the criteria it changes: what it does not touch stays equal in canonical form."""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Everyone, Node
from segmentry.reader.draft import Draft, DraftReading, LeafOrigin
from segmentry.reader.outcomes.scope import MAX_CHARACTERS
from segmentry.reader.read import read
from segmentry.reader.refining import (
    adding,
    changing,
    clashes,
    degree,
    keeping,
    negating,
    removing,
    reply,
    shifting,
)
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.instruction import steps
from segmentry.reader.refining.slips import as_typed, corrected, slips
from segmentry.reader.refining.step import Step

# Edits done again below the readings of a question; beyond, the question stands without readings.
_MOST_REDONE = 8
# characters of these edits, which are read for the first time here
_MOST_FOLLOWING = 600


def refine(instruction: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    """Change `current` as the instruction says. What it does not name stays equal in canonical form.

    A change that would change nothing, names what is not there, fits several conditions, or leaves nobody,
    comes back as a question; each of its readings is a whole tree.
    """
    if len(instruction) > MAX_CHARACTERS or not any(char.isalnum() for char in instruction):
        return read(instruction, catalog, clock)
    before = Current.of(current, catalog, clock)
    slipped = slips(instruction)
    meant = corrected(instruction, slipped)
    draft = degree.asked(meant, clashes.asked(_followed(steps(meant), before), before), before)
    # edits are read with what stands before them blanked, so spans take their words from the instruction
    return as_typed(draft, instruction, slipped)


def _followed(edits: list[Step], current: Current) -> Draft:
    """The edits one after the other; a question about one of them carries the others in its readings."""
    if len(edits) == 1:
        return _step(edits[0], current)
    draft: Draft | None = None
    fresh: list[LeafOrigin] = []
    at = current
    for place, edit in enumerate(edits):
        found = _step(edit, at)
        if found.outcome != "ok" or found.node is None:
            return _rest(found, edits[place + 1 :], current)
        fresh += [origin for origin in found.origins if origin.source != "kept"]
        at = current.now(found.node)
        draft = found if draft is None else _both(draft, found)
    assert draft is not None
    assert draft.node is not None
    if current.unchanged(draft.node):
        return reply.asked(current, "Taken together, these edits change nothing", said=edits[0].said)
    return draft._replace(
        origins=reply.origins(draft.node, current.node, fresh, ()), readings=(), questions=()
    )


def _both(first: Draft, second: Draft) -> Draft:
    return second._replace(
        confidence=min(first.confidence, second.confidence),
        ambiguities=(*first.ambiguities, *second.ambiguities),
        notes=(*first.notes, *second.notes),
        unexplained=(*first.unexplained, *second.unexplained),
    )


def _rest(question: Draft, edits: list[Step], current: Current) -> Draft:
    """A question about one edit, with the edits after it done in each of its readings."""
    ways: list[DraftReading] = []
    redone = len(edits) * len(question.readings)
    following = sum(len(edit.said.strip()) for edit in edits)
    redo = redone <= _MOST_REDONE and following <= _MOST_FOLLOWING
    for reading in question.readings if redo else ():
        node = reading.node
        for edit in edits:
            done = _step(edit, current.now(node))
            if done.outcome == "ok" and done.node is not None:
                node = done.node
        ways.append(DraftReading(reading.label, node))
    node = None if question.node is None else current.node
    if current.readings.is_spent:
        ways.clear()  # a reading without an edit that was asked for would be a wrong one
    questions = question.questions
    if len(ways) < len(question.readings):
        questions = tuple(each._replace(readings=()) for each in questions)
    return question._replace(
        node=node,
        readings=tuple(ways),
        questions=questions,
        origins=() if node is None else reply.origins(node, node, (), ()),
    )


def _step(edit: Step, current: Current) -> Draft:
    match edit.kind:
        case "undo":
            message = (
                "Undo needs to know what was there before, and only the criteria as they are were sent: "
                "send those from before the change, or say what should be different"
            )
            return reply.asked(current, message, said=edit.said)
        case "everyone":
            return reply.done(current, Everyone(), edit.said)
        case "restart":
            return _restarted(edit, current)
        case "negate":
            return negating.negate(edit, current)
        case "shift":
            return shifting.shift(edit, current)
        case "exclude":
            return adding.exclude(edit, current)
        case "remove":
            return removing.remove(edit, current) or _added(edit, current)
        case "keep":
            return keeping.keep(edit, current)
        case "change":
            return changing.change(edit, current) or _added(edit, current)
        case "widen":
            if edit.loose:
                return adding.add_to(edit, current) or _added(edit, current)
            return adding.widen(edit, current)
        case "add":
            return adding.add(edit, current)


def _added(edit: Step, current: Current) -> Draft:
    return adding.add(Step("add", edit.said, new=edit.said), current)


def _restarted(edit: Step, current: Current) -> Draft:
    if edit.new.strip():
        return current.read(edit.new)
    message = "Start over with whom? Say who is meant"
    return reply.asked(current, message, [("everyone", Everyone())], said=edit.said)
