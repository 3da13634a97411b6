"""What one request may still spend on calls, in tokens and in US dollars."""

from __future__ import annotations

from dataclasses import dataclass, field

from segmentry.llm.model import NO_USAGE, Usage


@dataclass(slots=True)
class Purse:
    """Money for the calls of one request: held at its most before a call, settled with what it used.

    `tokens` and `usd` are None where nothing bounds them. A call of unknown price cannot be paid in dollars.
    Only the event loop's own thread touches it.
    """

    tokens: int | None = None
    usd: float | None = None
    spent: Usage = NO_USAGE
    _held: dict[str, Usage] = field(default_factory=dict[str, Usage])

    def covers(self, most: Usage) -> bool:
        """Whether a call that uses that much at most can be paid."""
        out = self.used + most
        if self.tokens is not None and out.prompt_tokens + out.completion_tokens > self.tokens:
            return False
        # A hair's breadth, because sums of prices are not exact.
        return self.usd is None or (out.cost_usd is not None and out.cost_usd <= self.usd * (1 + 1e-9))

    def take(self, agent: str, most: Usage) -> bool:
        """Hold the money of one call of that agent; False, and nothing held, where it is not enough."""
        if not self.covers(most):
            return False
        self._held[agent] = self._held.get(agent, NO_USAGE) + most
        return True

    def settle(self, agent: str, used: Usage) -> None:
        """Pay what the agent's calls used, in the place of all that was held for it."""
        self._held.pop(agent, None)
        self.spent += used

    @property
    def used(self) -> Usage:
        """What was paid, and what is held for calls that nobody has settled."""
        return sum(self._held.values(), self.spent)
