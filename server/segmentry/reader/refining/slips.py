"""Slips of the hand in the words that say what to do: "fogret the age", "lowre it to 5"."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from segmentry.reader.draft import Draft, Span
from segmentry.reader.language.words import word_set
from segmentry.reader.outcomes.confidence import PER_REPAIR
from segmentry.reader.spelling import english

_COMMANDS: Final = word_set("""
forget remove delete ignore change raise lower increase decrease reduce replace switch include exclude
instead extend widen narrow tighten require restrict condition limit filter double
""")
_WORD: Final = re.compile(r"[A-Za-z]{4,}")


@dataclasses.dataclass(frozen=True, slots=True)
class Slip:
    """A word that was put right: `[start, end)` in the instruction as it was typed."""

    start: int
    end: int
    meant: str


def slips(instruction: str) -> tuple[Slip, ...]:
    """The misspelt words of command, in order; never a word of English."""
    found: list[Slip] = []
    for match in _WORD.finditer(instruction):
        said = match.group().casefold()
        if said in _COMMANDS or (match.start() > 0 and match.group()[0].isupper()):
            continue  # a name is no command
        meant = _meant(said)
        if meant:
            found.append(Slip(match.start(), match.end(), meant))
    return tuple(found)


@lru_cache(maxsize=4096)
def _meant(said: str) -> str:
    """The one word of command that a word in lower case is a slip of, or nothing."""
    near = [word for word in _COMMANDS if abs(len(word) - len(said)) <= 1 and OSA.distance(said, word) == 1]
    return near[0] if len(near) == 1 and said not in english.words() else ""


def corrected(instruction: str, found: tuple[Slip, ...]) -> str:
    """The instruction with the words that were meant."""
    for slip in reversed(found):
        instruction = instruction[: slip.start] + slip.meant + instruction[slip.end :]
    return instruction


def as_typed(draft: Draft, instruction: str, found: tuple[Slip, ...]) -> Draft:
    """The draft of a corrected instruction with its spans in the instruction as it was typed."""

    def offset(at: int) -> int:
        moved = 0
        for slip in found:
            grown = len(slip.meant) - (slip.end - slip.start)
            if at >= slip.end + moved + grown:
                moved += grown
        return at - moved

    def back(span: Span) -> Span:
        start, end = offset(span.start), min(offset(span.end), len(instruction))
        return Span(start, end, instruction[start:end])

    notes = tuple(f"'{instruction[slip.start : slip.end]}' was read as '{slip.meant}'" for slip in found)
    return draft._replace(
        confidence=round(draft.confidence * PER_REPAIR ** len(found), 4),
        origins=tuple(each._replace(spans=tuple(map(back, each.spans))) for each in draft.origins),
        questions=tuple(
            each._replace(span=None if each.span is None else back(each.span)) for each in draft.questions
        ),
        unexplained=tuple(map(back, draft.unexplained)),
        notes=(*draft.notes, *notes),
    )
