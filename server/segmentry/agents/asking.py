"""One expert asked until it gives something to use: a copy when slow, one retry by cause, one repair."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final, Generic, TypeAlias, TypeVar

from segmentry.agents.allowance import Allowance
from segmentry.agents.counters import Counters, Tally
from segmentry.agents.hedging import Hedger, hedged
from segmentry.agents.judging import repair_message
from segmentry.agents.pieces import Fault
from segmentry.llm.model import (
    NO_USAGE,
    UNSAID,
    CallFailed,
    Cause,
    ChatModel,
    Message,
    ModelCall,
    ModelVersion,
    Usage,
)

T = TypeVar("T")

# Causes after which the same question may be answered: a retry within the request.
_RETRIED: Final = frozenset[Cause]({"LLM_UNAVAILABLE", "LLM_RATE_LIMITED"})
# With these nothing of an answer is known, so that there is nothing to repair either.
_PAUSE_S: Final = 0.1
_BLANK_REPAIR: Final = (Fault("BAD_SHAPE", "answer", "is no JSON object of the schema"),)


@dataclass(frozen=True, slots=True)
class Retried:
    """Said before another attempt. `repair`: the expert is shown what was wrong with its answer."""

    cause: Cause
    message: str
    delay_s: float
    repair: bool


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """What came of one subtask: `faults` are left after the repair, `failure` where nothing is usable.

    `repaired`: `value` is of the answer after the repair, which may be no better than the first.
    """

    value: T | None
    faults: tuple[Fault, ...]
    usage: Usage
    attempts: int
    repaired: bool
    hedged: bool
    failure: CallFailed | None = None
    version: ModelVersion = UNSAID


Pieces: TypeAlias = tuple[T, tuple[Fault, ...]]
Read: TypeAlias = Callable[[object], Pieces[T] | Awaitable[Pieces[T]]]


class Asker:
    """What all subtasks of all requests share: the model, its copies and its counters."""

    def __init__(
        self, model: ChatModel, counters: Counters | None = None, hedger: Hedger | None = None
    ) -> None:
        self.model = model
        self.counters = counters or Counters()
        self.hedger = hedger or Hedger()

    async def ask(
        self,
        call: ModelCall,
        read: Read[T],
        allowance: Allowance,
        say: Callable[[Retried], Awaitable[None]],
    ) -> Answered[T]:
        """Ask one expert.

        `read` makes pieces of the JSON value and lists what it had to drop; it may wait for what has to be
        counted. At most one retry and one repair, as far as the request's allowance goes. A failure is a
        value, so that the other experts go on.
        """
        tally = self.counters.of(call.agent, call.prompt_version, allowance.tenant)
        if not allowance.first(call):
            failure = CallFailed("BUDGET_EXHAUSTED", "the request may not make or pay another call")
            return Answered(None, (), NO_USAGE, 0, repaired=False, hedged=False, failure=failure)
        subtask = _Subtask(self, call, read, allowance, say, tally)
        try:
            answered = await subtask.run()
        finally:
            tally.spent(subtask.usage)
            # Whom the breaker kept from asking, or whose caller left before, was not asked.
            called = subtask.usage.calls > 0
            tally.asked += called
            # Of a call that was paid for and never made, because the caller left before.
            allowance.settle(call.agent, NO_USAGE)
        tally.unanswered += called and answered.failure is not None
        tally.mended += answered.repaired and answered.failure is None and not answered.faults
        tally.refused += bool(answered.faults)
        tally.rejected.update(fault.code for fault in answered.faults)
        return answered


class _Subtask(Generic[T]):
    def __init__(  # noqa: PLR0917 - what one subtask works with
        self,
        asker: Asker,
        call: ModelCall,
        read: Read[T],
        allowance: Allowance,
        say: Callable[[Retried], Awaitable[None]],
        tally: Tally,
    ) -> None:
        self._asker = asker
        self._call = call
        self._read = read
        self._allowance = allowance
        self._say = say
        self._tally = tally
        self.usage = NO_USAGE
        self._attempts = 0
        self._retried = False
        self._repaired = False
        self._of_repair = False
        self._hedged = False
        self._version = UNSAID

    async def run(self) -> Answered[T]:
        call = self._call
        kept: tuple[T, tuple[Fault, ...]] | None = None
        while True:
            self._attempts += 1
            try:
                content, value = await self._once(call)
            except CallFailed as error:
                self.usage += error.usage
                following = await self._after(error, call, repairing=kept is not None)
                if following is None:
                    return self._answer(kept, error)
                call = following
                continue
            pieces = self._read(value)
            value_read, faults = await pieces if isinstance(pieces, Awaitable) else pieces
            # Of two answers the one with fewer faults stands: a repair may also break what was right.
            if kept is None or len(faults) < len(kept[1]):
                kept = (value_read, faults)
                self._of_repair = self._repaired
            if not faults or self._repaired or not self._allowance.another(call):
                return self._answer(kept, None)
            call = await self._repair(content, faults)

    async def _once(self, call: ModelCall) -> tuple[str, object]:
        started = perf_counter()
        try:
            got = await hedged(self._asker.model, call, self._asker.hedger, self._allowance, self._left)
        except CallFailed as error:
            self._allowance.settle(call.agent, error.usage)
            # A call that the breaker did not let through was never made.
            if error.usage.calls:
                self._tally.failed[error.cause] += 1
                self._tally.took(perf_counter() - started)
            raise
        self._allowance.settle(call.agent, got.usage)
        self._tally.took(perf_counter() - started)
        self.usage += got.usage
        if got.hedged:
            self._hedged = True
            self._tally.hedged += 1
        self._version = got.reply.version
        if got.reply.usage.cached_tokens:
            self._tally.cached += 1
        return got.reply.content, got.reply.value

    def _left(self, used: Usage) -> None:
        """The caller went away: what its calls used is paid for and counted all the same."""
        self._allowance.settle(self._call.agent, used)
        self.usage += used

    async def _after(self, error: CallFailed, call: ModelCall, *, repairing: bool) -> ModelCall | None:
        """The next call after a failure, or None where none is worth its money."""
        if error.cause == "LLM_BAD_OUTPUT" and not self._repaired and self._allowance.another(call):
            return await self._repair("", _BLANK_REPAIR)
        if repairing or self._retried:
            return None
        if error.cause == "LLM_TRUNCATED" and not error.loop:
            longer = _longer(call)
            # One that may not be longer would be cut at the same place.
            if longer.max_tokens > call.max_tokens and self._allowance.another(longer):
                await self._retry(error, 0.0)
                return longer
        if error.cause in _RETRIED:
            own = _PAUSE_S * random.uniform(0.5, 1.5)  # spread, so that retries do not come together
            delay = own if error.retry_after_s is None else error.retry_after_s
            # A wait that leaves no time for an answer is a failure now.
            if delay + _PAUSE_S < min(
                self._allowance.left_s, self._allowance.call_s
            ) and self._allowance.another(call):
                await self._retry(error, delay)
                return call
        return None

    async def _retry(self, error: CallFailed, delay_s: float) -> None:
        self._retried = True
        self._tally.retried += 1
        await self._say(Retried(error.cause, error.message, delay_s, repair=False))
        await asyncio.sleep(delay_s)

    async def _repair(self, content: str, faults: tuple[Fault, ...]) -> ModelCall:
        self._repaired = True
        self.usage += Usage(repaired=1)
        self._tally.repaired += 1
        await self._say(Retried("LLM_BAD_OUTPUT", _said(faults), 0.0, repair=True))
        shown = (Message("assistant", content),) if content else ()
        wanted = Message("user", repair_message(faults))
        return replace(self._call, messages=(*self._call.messages, *shown, wanted))

    def _answer(self, kept: tuple[T, tuple[Fault, ...]] | None, failure: CallFailed | None) -> Answered[T]:
        value, faults = (None, ()) if kept is None else kept
        return Answered(
            value,
            faults,
            self.usage,
            self._attempts,
            self._of_repair,
            self._hedged,
            failure if kept is None else None,
            self._version,
        )


def _longer(call: ModelCall) -> ModelCall:
    """The same question with room for twice the answer, as far as AI_MAX_TOKENS lets it."""
    twice = call.max_tokens * 2
    return replace(call, max_tokens=twice if call.most_tokens is None else min(twice, call.most_tokens))


def _said(faults: tuple[Fault, ...]) -> str:
    """Which pieces are wrong, by code; nothing of the answer."""
    codes = ", ".join(sorted({fault.code for fault in faults}))
    return f"{len(faults)} of its pieces cannot be taken ({codes})"
