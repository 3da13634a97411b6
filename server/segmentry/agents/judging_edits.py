"""The edit expert's answer, judged piece by piece: an operation with its places, or a fault."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segmentry.agents.evidence import locate
from segmentry.agents.pieces import Edit, EditAnswer, Fault
from segmentry.reader.draft import Span
from segmentry.reader.refining.numbered import Operation

_NEED_WORDS = frozenset({"add", "widen", "exclude", "change", "replace", "restart"})
_NEED_LEAVES = frozenset({"remove", "change", "replace"})
_WITHOUT_LEAVES = frozenset({"add", "exclude", "restart"})


@dataclass(frozen=True, slots=True)
class JudgedEdits:
    """An answer after the check: `faults` are of operations that were dropped.

    `unhandled` are words of the instruction that the expert knows to be open. `repaired` are operations that
    were no part of the answer that the expert gave before it was told what was wrong.
    """

    prompt_version: str
    operations: tuple[Operation, ...]
    faults: tuple[Fault, ...]
    unhandled: tuple[Span, ...]
    repaired: tuple[Operation, ...] = ()


def judge(answer: EditAnswer, instruction: str, n_leaves: int) -> JudgedEdits:
    """Judge every operation: its words stand in the instruction, its numbers were shown.

    What the words mean is for the reader to say. Never raises for anything that a model may write.
    """
    found: list[Operation] = []
    faults: list[Fault] = []
    for at, edit in enumerate(answer.edits):
        judged = _judged(edit, instruction, [each.said for each in found], n_leaves)
        if isinstance(judged, Fault):
            faults.append(replace(judged, place=f"edits[{at}].{judged.place}"))
        elif judged not in found:
            found.append(judged)
    unhandled = [locate(words, instruction) for words in answer.unhandled]
    return JudgedEdits(
        answer.prompt_version,
        tuple(found),
        tuple(faults),
        tuple(span for span in unhandled if span is not None),
    )


def _judged(edit: Edit, instruction: str, taken: list[Span], n_leaves: int) -> Operation | Fault:
    said = locate(edit.evidence, instruction, taken)
    if said is None:
        return Fault("EVIDENCE_NOT_FOUND", "evidence", "these words are not in the instruction")
    if any(not 1 <= number <= n_leaves for number in edit.leaves):
        numbers = tuple(str(number) for number in range(1, n_leaves + 1))
        return Fault("BAD_LOGIC", "leaves", "a condition of this number was not shown", numbers)
    if edit.do in _NEED_LEAVES and not edit.leaves:
        return Fault("BAD_LOGIC", "leaves", f"{edit.do} needs the numbers of conditions")
    leaves = () if edit.do in _WITHOUT_LEAVES else edit.leaves
    if edit.do not in _NEED_WORDS:
        return Operation(edit.do, said, None, leaves)
    if not edit.words.strip():
        return Fault("BAD_SHAPE", "words", f"{edit.do} needs the words for what is new")
    new = _within(edit.words, said) or locate(edit.words, instruction)
    if new is None:
        return Fault("EVIDENCE_NOT_FOUND", "words", "these words are not in the instruction")
    return Operation(edit.do, said, new, leaves)


def _within(words: str, said: Span) -> Span | None:
    found = locate(words, said.text)
    return None if found is None else Span(found.start + said.start, found.end + said.start, found.text)
