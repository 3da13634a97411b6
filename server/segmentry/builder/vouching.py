"""What is known of a leaf's words besides who read them: read alike by two, or put right on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.reader.draft import LeafOrigin, Span


@dataclass(frozen=True, slots=True)
class Vouched:
    """The words of one condition that an expert found.

    `agreed`: the reader read them as well, and both select the same witness rows. `repaired`: what the
    expert said was put right by a rule, or by the expert itself after it was told what was wrong.
    """

    span: Span
    agreed: bool = False
    repaired: bool = False


def agreed(origin: LeafOrigin, vouched: Sequence[Vouched]) -> bool:
    """Whether all words of a leaf were read alike by an expert and the reader."""
    return bool(origin.spans) and all(
        any(each.agreed and _overlap(span, each.span) for each in vouched) for span in origin.spans
    )


def repaired(origin: LeafOrigin, vouched: Sequence[Vouched]) -> bool:
    """Whether some of what an expert said of a leaf had to be put right first."""
    return bool(origin.prompt_version) and any(
        each.repaired and _overlap(span, each.span) for span in origin.spans for each in vouched
    )


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
