# ruff: noqa: E501 - patterns read better in long lines
"""An instruction cut into its edits: "drop the country and make it 90 days" is two."""

from __future__ import annotations

import re

from segmentry.reader.refining.forms import step
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.verbs import DOWN, DROP, MATTERS, MOVE, SET, SWAP, UP

_VERB = (
    rf"(?:(?:please|now|also|then|just) )*(?:(?:{SET}|{SWAP}|{UP}|{DOWN}|{MOVE}|{DROP}|double|halve|triple|add|use|exclude|include|require|leave out|start over|"
    r"only|no longer|get rid of|take|instead of|rather than|limit|restrict|narrow|keep|forget|invert|negate|undo) (?=\S)|also (?=\S))"
)
_CUT = re.compile(
    rf"(?:,? and then|,? then|;|\.(?=\s)|,? and|,? but|,| &| \+)\s+(?={_VERB})|;\s*|\.\s+(?=\S)",
    re.IGNORECASE,
)
# An edit that ends with its own verb may be followed by anything.
_CLOSED = re.compile(
    rf"(?:\binstead|\b(?:doesn't|don't|isn't|aren't|not|no longer) {MATTERS}(?: any ?more)?|\b(?:can|should|must) (?:go|be (?:removed|dropped|left out|excluded))|\b(?:is|are) irrelevant)"
    r"(?P<cut>\s*(?:,|;|\.|\band\b|\bbut\b)\s*(?:(?:and|but|then)\s+)*)(?=\S)",
    re.IGNORECASE,
)
_MOST_STEPS = 8
# What cannot stand alone: "instead of gold, use silver" is one edit.
_OPEN = re.compile(
    r"^\s*(?:please\s+)?(?:instead of|rather than|in place of|not)\b|(?:^|\s)(?:between|either|both|who|that)\s*$",
    re.IGNORECASE,
)


def steps(instruction: str) -> list[Step]:
    """The edits of an instruction in order. At most eight; what comes later belongs to the last."""
    plain = instruction.replace("\u2019", "'")
    cuts: list[tuple[int, int]] = []
    found = sorted(
        [
            *(match.span() for match in _CUT.finditer(plain)),
            *(match.span("cut") for match in _CLOSED.finditer(plain)),
        ]
    )
    for start, end in found:
        if len(cuts) >= _MOST_STEPS - 1:
            break
        before = plain[cuts[-1][1] if cuts else 0 : start]
        if cuts and start < cuts[-1][1]:
            continue
        if (
            any(char.isalnum() for char in before)
            and any(char.isalnum() for char in plain[end:])
            and not _OPEN.search(before)
        ):
            cuts.append((start, end))
    edges = [0, *(edge for cut in cuts for edge in cut), len(instruction)]
    return [step(instruction, start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
