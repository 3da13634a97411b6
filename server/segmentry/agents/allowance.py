"""What one request may still spend: calls, copies of slow calls, and time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from segmentry.llm.model import NO_USAGE, ModelCall, Usage
from segmentry.llm.purse import Purse

# Hedges, retries and repairs of one request together (reliability.md, promise 11).
EXTRA_CALLS: Final = 3
CALL_S: Final = 4.0


@dataclass(slots=True)
class Allowance:
    """Shared by all subtasks of one request: at most one call each, and `extra` more among them.

    `ends_at` is in seconds of `now`; a call gets at most `call_s` of what is left.
    `tenant` is whose request it is, for the counters. With a `purse` each call is paid out of it beforehand,
    at its `price`, which is the most that it may use. `used` is what each expert's calls came to, also where
    nobody waited for their answers.
    """

    ends_at: float
    extra: int = EXTRA_CALLS
    call_s: float = CALL_S
    most_calls: int | None = None
    now: Callable[[], float] = monotonic
    tenant: str = ""
    purse: Purse | None = None
    price: Callable[[ModelCall], Usage] | None = None
    calls: int = field(default=0, init=False)
    used: dict[str, Usage] = field(default_factory=dict[str, Usage], init=False)

    def first(self, call: ModelCall) -> bool:
        """Take the one call that a subtask has of its own."""
        return self._take(call)

    def another(self, call: ModelCall) -> bool:
        """Take one of the extra calls; False when they are used up or no time or money is left."""
        if self.extra < 1 or self.left_s <= 0 or not self._take(call):
            return False
        self.extra -= 1
        return True

    def settle(self, agent: str, used: Usage) -> None:
        """Pay what the agent's calls used, in the place of the most that they might have."""
        self.used[agent] = self.used.get(agent, NO_USAGE) + used
        if self.purse is not None:
            self.purse.settle(agent, used)

    def _take(self, call: ModelCall) -> bool:
        if self.most_calls is not None and self.calls >= self.most_calls:
            return False
        if (
            self.purse is not None
            and self.price is not None
            and not self.purse.take(call.agent, self.price(call))
        ):
            return False
        self.calls += 1
        return True

    @property
    def left_s(self) -> float:
        """Seconds until the request ends."""
        return self.ends_at - self.now()

    @property
    def for_call_s(self) -> float:
        """Seconds that the next call may take."""
        return max(min(self.call_s, self.left_s), 0.0)
