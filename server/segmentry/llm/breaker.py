"""A vendor that fails is left alone for a while, so that callers do not wait for what will not come."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from segmentry.llm.model import CallFailed, Cause

COOL_DOWN_S: Final = 60.0
LONGEST_COOL_DOWN_S: Final = 600.0
# A single failure is bad luck; this many in a row is an outage.
FAILURES: Final = 5
_OUTAGE: Final = frozenset[Cause]({"LLM_UNAVAILABLE", "LLM_TIMEOUT", "LLM_RATE_LIMITED"})
_AT_ONCE: Final = frozenset[Cause]({"LLM_QUOTA_EXHAUSTED", "LLM_NOT_CONFIGURED"})


class Breaker:
    """Whether one model of one vendor may be asked now.

    It opens at once when the quota is used up, the key is refused or a wait longer than `patience_s` is asked
    for, else after five failures in a row. After the cool-down (60 s, doubled each time up to 10 minutes) one
    call is let through: its success closes the breaker, its failure starts the next cool-down.
    """

    def __init__(self, *, patience_s: float = 4.0, now: Callable[[], float] = monotonic) -> None:
        self._patience_s = patience_s
        self._now = now
        self._in_row = 0
        self._cool_down_s = COOL_DOWN_S
        self._opened_until: float | None = None
        self._cause: Cause = "LLM_UNAVAILABLE"
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether calls are refused now."""
        return self._opened_until is not None and (self._probing or self._now() < self._opened_until)

    def admit(self) -> None:
        """Let a call through, or refuse it; how it ends is told to `succeeded`, `failed` or `left`.

        Raises: CallFailed with the cause that opened the breaker and the wait that is left.
        """
        if self._opened_until is None:
            return
        wait = self._opened_until - self._now()
        if wait > 0 or self._probing:
            raise CallFailed(
                self._cause,
                "the vendor failed before and is left alone for now",
                retry_after_s=max(wait, 0.0),
            )
        self._probing = True

    def succeeded(self) -> None:
        """The vendor answered, whatever the answer is worth."""
        self._in_row = 0
        self._opened_until = None
        self._cool_down_s = COOL_DOWN_S
        self._probing = False

    def failed(self, error: CallFailed) -> None:
        """A call failed."""
        if error.cause not in _OUTAGE and error.cause not in _AT_ONCE:
            # A refusal, a cut or a bad answer is the model's: the vendor is there.
            self.succeeded()
            return
        if self._opened_until is not None and not self._probing:
            return  # it was under way when the breaker opened
        self._in_row += 1
        long_wait = (error.retry_after_s or 0.0) > self._patience_s
        if self._probing or error.cause in _AT_ONCE or long_wait or self._in_row >= FAILURES:
            self._open(error)

    def left(self) -> None:
        """A call was given up by its caller: it says nothing about the vendor."""
        self._probing = False

    def _open(self, error: CallFailed) -> None:
        if self._opened_until is not None:
            self._cool_down_s = min(self._cool_down_s * 2, LONGEST_COOL_DOWN_S)
        wait = max(self._cool_down_s, min(error.retry_after_s or 0.0, LONGEST_COOL_DOWN_S))
        self._opened_until = self._now() + wait
        self._cause = error.cause
        self._probing = False
