"""What one expert's answers come to, and which of its pieces were only right when it was asked again."""

from __future__ import annotations

from dataclasses import replace

from segmentry.agents import replies
from segmentry.agents.judging import Found, Judged, judge
from segmentry.agents.judging_edits import JudgedEdits
from segmentry.agents.judging_edits import judge as judge_edits
from segmentry.agents.pieces import Fault
from segmentry.agents.registry import Expert
from segmentry.builder.request import Place
from segmentry.errors import JsonValue
from segmentry.reader.refining.numbered import Operation


class FieldAnswers:
    """The answers of one specialist to one request: at most one, and another after a repair."""

    def __init__(self, expert: Expert, request: str, place: Place) -> None:
        self._expert = expert
        self._request = request
        self._place = place
        self._read: list[tuple[Found, ...]] = []

    def read(self, value: JsonValue) -> tuple[Judged, tuple[Fault, ...]]:
        """An answer piece by piece, and what is wrong with the pieces that were dropped."""
        judged, faults = judged_by(value, self._expert, self._request, self._place)
        self._read.append(judged.found)
        return judged, faults

    def mended(self, judged: Judged) -> Judged:
        """The answer after a repair: pieces that no answer before it had are marked."""
        before = {(each.span, each.literal) for found in self._read[:-1] for each in found}
        found = (replace(each, repaired=(each.span, each.literal) not in before) for each in judged.found)
        return replace(judged, found=tuple(found))


class EditAnswers:
    """The answers of the edit expert to one instruction, as `FieldAnswers`."""

    def __init__(self, expert: Expert, instruction: str, n_leaves: int) -> None:
        self._expert = expert
        self._instruction = instruction
        self._n_leaves = n_leaves
        self._read: list[tuple[Operation, ...]] = []

    def read(self, value: JsonValue) -> tuple[JudgedEdits, tuple[Fault, ...]]:
        """An answer operation by operation, and what is wrong with those that were dropped."""
        answer, faults = replies.edit_answer(value, self._expert, self._n_leaves)
        judged = judge_edits(answer, self._instruction, self._n_leaves)
        self._read.append(judged.operations)
        return judged, (*faults, *judged.faults)

    def mended(self, judged: JudgedEdits) -> JudgedEdits:
        """The answer after a repair, with the operations that no answer before it had."""
        before = {each for operations in self._read[:-1] for each in operations}
        return replace(judged, repaired=tuple(each for each in judged.operations if each not in before))


def judged_by(
    value: JsonValue, expert: Expert, request: str, place: Place
) -> tuple[Judged, tuple[Fault, ...]]:
    """A specialist's answer, piece by piece, and what is wrong with those that were dropped."""
    answer, faults = replies.field_answer(value, expert)
    assert expert.group is not None
    judged = judge(answer, expert.group.keys, request, place.catalog, place.clock)
    return judged, (*faults, *judged.faults)
