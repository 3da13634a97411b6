"""One edit of an instruction, and the words of it at their own place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from segmentry.reader.refining.amounts import Shift

Kind = Literal[
    "add", "widen", "remove", "exclude", "keep", "change", "shift", "negate", "restart", "everyone", "undo"
]
# How an addition was said: "also gold", "only gold", or "gold" alone.
Manner = Literal["", "also", "only"]


@dataclass(frozen=True, slots=True)
class Step:
    """One edit. `said` are all its words, `new` what comes and `old` what goes or is meant.

    Every text is as long as its place in the instruction is far: what stands before it is blank, so that
    spans stay true. `loose` steps are taken as an addition when they point at nothing. `spoken` steps name
    people ("those who ...", "the gold ones") rather than a condition.
    """

    kind: Kind
    said: str
    new: str = ""
    old: str = ""
    manner: Manner = ""
    loose: bool = False
    shift: Shift | None = None
    whole: bool = False


class Typed:
    """Words of an instruction with single spaces, and where each character stood."""

    def __init__(self, instruction: str, start: int, end: int) -> None:
        self.instruction, self.start, self.end = instruction, start, end
        self.places: list[int] = []
        chars: list[str] = []
        for at in range(start, end):
            char = instruction[at]
            if char.isspace():
                if not chars or chars[-1] == " ":
                    continue
                char = " "
            chars.append("'" if char in "\u2019\u2018\u02bc" else char)
            self.places.append(at)
        self.words = "".join(chars)

    def at(self, start: int, end: int) -> str:
        """Characters `[start, end)` of the words, at their place in the instruction."""
        while start < end and self.words[start] == " ":
            start += 1
        while end > start and self.words[end - 1] in " ,;:":
            end -= 1
        if start >= end:
            return ""
        first, last = self.places[start], self.places[end - 1] + 1
        return " " * first + self.instruction[first:last]

    def group(self, found: re.Match[str], name: str) -> str:
        """One part of what a pattern found."""
        return self.at(*found.span(name)) if found[name] is not None else ""

    def whole(self) -> str:
        return self.at(0, len(self.words))
