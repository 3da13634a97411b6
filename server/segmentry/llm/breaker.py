"""A vendor that fails is left alone for a while, so that callers do not wait for what will not come."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final, Literal

from segmentry.llm.failures import PATIENCE_S
from segmentry.llm.model import CallFailed, Cause

COOL_DOWN_S: Final = 60.0
LONGEST_COOL_DOWN_S: Final = 600.0
# A single failure is bad luck; this many in a row is an outage.
FAILURES: Final = 5
# A call that was given less time and ran out of it says more about its caller than about the vendor.
FAIR_WAIT_S: Final = 2.0
_AT_ONCE: Final = frozenset[Cause]({"LLM_QUOTA_EXHAUSTED", "LLM_NOT_CONFIGURED"})
_OUTAGE: Final = _AT_ONCE | {"LLM_UNAVAILABLE", "LLM_TIMEOUT", "LLM_RATE_LIMITED"}

State = Literal["closed", "open", "half_open"]
# What a call was let through as: in an ordinary time, or to see whether the vendor is back.
Admission = Literal["ordinary", "probe"]


class Breaker:
    """Whether one model of one vendor may be asked now.

    It opens at once when the quota is used up, the key is refused or a wait longer than `patience_s` is asked
    for, else after five failures in a row; one that asks for a shorter wait is there. After the cool-down
    (60 s, doubled each time up to 10 minutes) one call is let through: its success closes the breaker, its
    failure starts the next cool-down. Calls that were under way when it opened change nothing any more.
    """

    def __init__(self, *, patience_s: float = PATIENCE_S, now: Callable[[], float] = monotonic) -> None:
        self._patience_s = patience_s
        self._now = now
        self._in_row = 0
        self._cool_down_s = COOL_DOWN_S
        self._opened_until: float | None = None
        self._cause: Cause = "LLM_UNAVAILABLE"
        self._said = ""
        self._probing = False
        # Told whenever it opens, also once more after a probe, and when it closes.
        self.on_change: Callable[[], None] | None = None

    @property
    def state(self) -> State:
        """closed: every call is let through; open: none; half_open: one, or it is under way."""
        if self._opened_until is None:
            return "closed"
        return "half_open" if self._now() >= self._opened_until else "open"

    @property
    def cause(self) -> Cause | None:
        """What opened it; None while it is closed."""
        return None if self._opened_until is None else self._cause

    @property
    def said(self) -> str:
        """Why it opened, in our own words; empty while it is closed."""
        return "" if self._opened_until is None else self._said

    @property
    def wait_s(self) -> float:
        """Seconds until it lets a call through; 0 while it is closed."""
        return 0.0 if self._opened_until is None else max(self._opened_until - self._now(), 0.0)

    def refuse(self) -> None:
        """Refuse a call while the vendor is left alone.

        Raises: CallFailed with the cause that opened the breaker and the wait that is left; its usage is 0.
        """
        if self.wait_s > 0:
            raise self._refusal()

    def admit(self) -> Admission:
        """Let a call through, or refuse it; how it ends is told to `succeeded`, `failed` or `left`.

        Raises: CallFailed, as `refuse`; also while another call finds out whether the vendor is back.
        """
        self.refuse()
        if self._opened_until is None:
            return "ordinary"
        if self._probing:
            raise self._refusal()
        self._probing = True
        return "probe"

    def succeeded(self, admission: Admission) -> None:
        """The vendor answered, whatever the answer is worth."""
        if admission == "ordinary" and self._opened_until is not None:
            return
        was_open = self._opened_until is not None
        self._in_row = 0
        self._opened_until = None
        self._cool_down_s = COOL_DOWN_S
        self._probing = False
        if was_open:
            self._changed()

    def failed(self, admission: Admission, error: CallFailed) -> bool:
        """A call failed. True where it opened the breaker and no other call can succeed either."""
        if error.cause not in _OUTAGE:
            # A refusal, a cut or a bad answer is the model's: the vendor is there.
            self.succeeded(admission)
            return False
        if admission == "ordinary" and self._opened_until is not None:
            return False
        wait_s = error.retry_after_s
        if error.cause == "LLM_RATE_LIMITED" and wait_s is not None and wait_s <= self._patience_s:
            # It names the moment when it answers again, and the callers' own retries wait for that.
            if admission == "probe":
                self._opened_until = self._now() + wait_s
                self._probing = False
            return False
        self._in_row += 1
        at_once = error.cause in _AT_ONCE and not error.request_only
        long_wait = (wait_s or 0.0) > self._patience_s
        if admission == "probe" or at_once or long_wait or self._in_row >= FAILURES:
            self._open(error)
        return at_once or long_wait

    def left(self, admission: Admission) -> None:
        """A call was given up by its caller: it says nothing about the vendor."""
        if admission == "probe":
            self._probing = False

    def _refusal(self) -> CallFailed:
        return CallFailed(
            self._cause,
            self._said,
            retry_after_s=self.wait_s,
        )

    def _open(self, error: CallFailed) -> None:
        if self._opened_until is not None:
            self._cool_down_s = min(self._cool_down_s * 2, LONGEST_COOL_DOWN_S)
        wait_s = max(self._cool_down_s, min(error.retry_after_s or 0.0, LONGEST_COOL_DOWN_S))
        self._opened_until = self._now() + wait_s
        self._cause = error.cause
        self._said = error.message
        self._probing = False
        self._changed()

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()
