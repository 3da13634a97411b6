"""How each expert has been doing in this process, by the version of its prompt."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from segmentry.llm.model import NO_USAGE, Cause, Usage

_REMEMBERED = 500


@dataclass(slots=True)
class Tally:
    """Counts since the start. `rejected` are pieces that the check refused, `empty` answers without a piece.

    `seconds` are the last 500 times from the start of a subtask to its end.
    """

    asked: int = 0
    calls: int = 0
    empty: int = 0
    repaired: int = 0
    retried: int = 0
    hedged: int = 0
    cached: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[Cause] = field(default_factory=Counter[Cause])
    usage: Usage = NO_USAGE
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def percentile_s(self, share: float) -> float | None:
        """The time below which that share (0-1) of subtasks ended; None before the first."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


class Counters:
    """One tally per expert and prompt version. Only the event loop's own thread writes."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}

    def of(self, agent: str, prompt_version: str) -> Tally:
        """The tally of an expert, made at its first use."""
        return self._tallies.setdefault((agent, prompt_version), Tally())

    def all(self) -> dict[tuple[str, str], Tally]:
        """Every tally by (agent, prompt version), in the order of first use."""
        return dict(self._tallies)
