"""What came of asking the experts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentry.builder.outcome import ExpertUsage, Fallback, Tier
from segmentry.builder.vouching import Vouched
from segmentry.errors import SegmentryError
from segmentry.llm.model import Usage
from segmentry.reader.draft import Draft

if TYPE_CHECKING:
    from segmentry.builder.interviews import Interviews


@dataclass(frozen=True, slots=True)
class Consulted:
    """The draft with the experts' part in it, who gave it, and what it cost."""

    draft: Draft
    tier: Tier
    usage: Usage
    fallbacks: tuple[Fallback, ...]
    model: str
    errors: tuple[SegmentryError, ...] = ()
    experts: tuple[ExpertUsage, ...] = ()
    latency_s: float | None = None
    vouched: tuple[Vouched, ...] = ()


def consulted(
    draft: Draft, tier: Tier, interviews: Interviews, vouched: tuple[Vouched, ...] = ()
) -> Consulted:
    """A draft with what the experts cost and which of them failed."""
    return Consulted(
        draft,
        tier,
        interviews.usage,
        tuple(interviews.fallbacks),
        interviews.model,
        tuple(interviews.errors),
        interviews.experts,
        interviews.latency_s,
        vouched,
    )
