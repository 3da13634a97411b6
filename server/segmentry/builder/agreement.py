"""Where experts and reader read the same request: whether they read it alike, judged by witness rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from segmentry.agents.judging import Judged
from segmentry.builder.assemble import assemble
from segmentry.builder.request import Place
from segmentry.criteria import witness
from segmentry.criteria.nodes import And, Node
from segmentry.errors import InvalidCriteria
from segmentry.reader.draft import Draft, Span
from segmentry.reader.outline import Outline, Settled


@dataclass(frozen=True, slots=True)
class Agreement:
    """Conditions that one expert and the reader both had to read, and how many of them they read alike."""

    compared: int
    agreed: int

    @property
    def whole(self) -> bool:
        """Whether nothing was read otherwise, left out or added."""
        return self.compared == self.agreed


def of_expert(judged: Judged, settled: Sequence[Settled], own: Collection[str], place: Place) -> Agreement:
    """One expert against the reader: what it read otherwise, added, or missed of its `own` fields."""
    compared = agreed = 0
    seen: set[Span] = set()
    for found in judged.found:
        touched = [each for each in settled if _overlap(found.span, each.span)]
        # Words about two fields are compared field by field.
        theirs = [each for each in touched if each.field == found.literal.field] or touched
        seen.update(each.span for each in theirs)
        compared += 1
        agreed += bool(theirs) and same(found.literal.node, _joined(theirs), place)
    missed = {each.span for each in settled if each.field in own} - seen
    return Agreement(compared + len(missed), agreed)


def of_request(query: str, draft: Draft, outlined: Outline, judged: Sequence[Judged], place: Place) -> bool:
    """Whether the experts' conditions alone come to the customers that the reader's criteria select.

    Nothing the reader settled stands in: a condition that no expert found is a difference.
    """
    settled = [each for phrase in outlined.phrases for each in phrase.conditions]
    found = [each for one in judged for each in one.found]
    if any(not any(_overlap(each.span, other.span) for other in found) for each in settled):
        return False
    theirs = assemble(query, place, draft, Outline((), tangled=False), judged).draft
    if draft.node is None or theirs.node is None or theirs.questions:
        return False
    return same(draft.node, theirs.node, place)


def same(one: Node, other: Node, place: Place) -> bool:
    """Whether two criteria select the same witness rows. False where one of them cannot be checked."""
    try:
        return witness.equal(one, other, place.catalog, place.clock)
    except InvalidCriteria:
        return False


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _joined(conditions: Sequence[Settled]) -> Node:
    return conditions[0].node if len(conditions) == 1 else And(tuple(each.node for each in conditions))
