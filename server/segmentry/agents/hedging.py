"""A second copy of a call that is slow for its kind: parallelism alone makes the slowest call the rule."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from segmentry.agents.allowance import Allowance
from segmentry.llm.cost import estimated
from segmentry.llm.model import NO_USAGE, CallFailed, ChatModel, ModelCall, ModelReply, Progress, Usage
from segmentry.llm.profiles import profile

# Until an expert's own times are known (understanding.md, part 2.4; a model, not a measurement).
START_S: Final = 2.2
# Below this a recorded answer was replayed, and nothing is slow for its kind.
_LEAST_S: Final = 0.001
_REMEMBERED: Final = 200
_MOST_EXPERTS: Final = 1_000
_ENOUGH: Final = 20
# Copies are at most this share of calls, saved up to a handful.
SHARE: Final = 0.05
_SAVED: Final = 5.0
# After a "too many calls" no copies are sent until this many calls went well.
_CALM: Final = 50
# Each copy that the savings lack makes a call wait by this share of its p95 longer: stragglers do.
_SCARCE: Final = 0.1
# How often a waiting call looks at the savings, as a share of its p95.
_AGAIN: Final = 0.05


class Hedger:
    """When to send a copy, for all experts of one model: each expert has its own rolling p95."""

    def __init__(self, *, share: float = SHARE) -> None:
        self._share = share
        self._saved = 1.0
        self._calm = _CALM
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def after_s(self, agent: str) -> float:
        """Seconds after which a call of that expert is slow: its p95 until the first byte."""
        times = self._times.get(agent)
        if times is None or len(times) < _ENOUGH:
            return START_S
        ordered = sorted(times)
        return max(ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)], _LEAST_S)

    def sent(self) -> None:
        """A call was sent: it saves a part of a copy."""
        self._saved = min(self._saved + self._share, _SAVED)

    def answered(self, agent: str, first_byte_s: float) -> None:
        """A call's answer began after that time."""
        self._calm += 1
        self.slow(agent, first_byte_s)

    def slow(self, agent: str, at_least_s: float) -> None:
        """A call's answer had not begun after that time, when it was given up."""
        self._times.setdefault(agent, deque(maxlen=_REMEMBERED)).append(at_least_s)
        self._times.move_to_end(agent)
        if len(self._times) > _MOST_EXPERTS:
            self._times.popitem(last=False)

    def limited(self) -> None:
        """The vendor said that calls are too many."""
        self._calm = 0

    def take(self, lateness: float) -> bool:
        """Whether a copy may be sent now; if so it is counted.

        `lateness` is how long the call has waited, as a multiple of what is slow for its expert (`after_s`).
        """
        if self._calm < _CALM or self._saved < 1.0:
            return False
        if lateness < 1.0 + _SCARCE * (_SAVED - self._saved):
            return False
        self._saved -= 1.0
        return True


@dataclass(frozen=True, slots=True)
class Hedged:
    """The first good reply. `usage` is of the reply and of what a lost copy is thought to have used."""

    reply: ModelReply
    usage: Usage
    hedged: bool


class _Race:
    """At most two calls for one answer: the first good one wins and the other is cancelled."""

    def __init__(self, model: ChatModel, call: ModelCall, hedger: Hedger, allowance: Allowance) -> None:
        self._model = model
        self._call = call
        self._hedger = hedger
        self._allowance = allowance
        self._ends_at = perf_counter() + allowance.for_call_s
        self._progress = Progress()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._open = 0
        self.reply: ModelReply | None = None
        self.failed: CallFailed | None = None
        self.lost: Usage = NO_USAGE
        self.hedged = False

    @property
    def used(self) -> Usage:
        """What its calls used; estimated for those that were given up."""
        replied = NO_USAGE if self.reply is None else self.reply.usage
        failed = NO_USAGE if self.failed is None else self.failed.usage
        return replied + failed + self.lost

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._running["first"] = group.create_task(self._ask("first"))
            self._running["copy"] = group.create_task(self._later())

    async def _ask(self, name: str) -> None:
        self._open += 1
        self._hedger.sent()
        started = perf_counter()
        try:
            reply = await self._complete(name, started)
        except CallFailed as error:
            self._open -= 1
            if error.cause == "LLM_RATE_LIMITED":
                self._hedger.limited()
            if error.cause == "LLM_TIMEOUT" and not self._progress.first_byte:
                self._hedger.slow(self._call.agent, perf_counter() - started)
            if self.failed is None:
                self.failed = error
            else:
                # What became of the call itself is told; a copy had only what was left of its time.
                copy = error if name == "copy" else self.failed
                self.failed = self.failed if name == "copy" else error
                self.lost += copy.usage
            if not self._open:
                # Nothing else is under way: a copy of a call that failed would be a retry.
                self._stop(name)
            return
        except asyncio.CancelledError:
            self._open -= 1
            if self.reply is not None and name == "first" and not self._progress.first_byte:
                # Left out, the slow calls that copies replace would make all others look slow too soon.
                self._hedger.slow(self._call.agent, perf_counter() - started)
            self.lost += estimated(self._call, profile(self._model.model).price)
            raise
        self._open -= 1
        if self.reply is None:
            self.reply = reply
            self._hedger.answered(self._call.agent, reply.first_byte_s)
            self._stop(name)
        else:
            self.lost += reply.usage

    async def _complete(self, name: str, started: float) -> ModelReply:
        """Ask, until the request ends: a call may wait for its place longer than the request lasts."""
        try:
            async with asyncio.timeout(max(self._allowance.left_s, 0.0)):
                return await self._model.complete(
                    self._call,
                    # a copy has the time that is left of the call it stands in for
                    within_s=max(self._ends_at - started, 0.0),
                    progress=self._progress if name == "first" else None,
                )
        except TimeoutError:
            used = estimated(self._call, profile(self._model.model).price)
            raise CallFailed("LLM_TIMEOUT", "the time of the request is over", usage=used) from None

    async def _later(self) -> None:
        asked_at, after_s = perf_counter(), self._hedger.after_s(self._call.agent)
        await asyncio.sleep(after_s)
        while not self._progress.first_byte and self.reply is None and self._open:
            if self._allowance.extra < 1:
                return
            if self._hedger.take((perf_counter() - asked_at) / after_s):
                if self._allowance.another(self._call):
                    self.hedged = True
                    self.lost += Usage(hedged=1)
                    await self._ask("copy")
                return
            # Who still waits where copies are scarce is a straggler; others have answered by then.
            await asyncio.sleep(after_s * _AGAIN)

    def _stop(self, winner: str) -> None:
        for name, task in self._running.items():
            if name != winner:
                task.cancel()


async def hedged(
    model: ChatModel,
    call: ModelCall,
    hedger: Hedger,
    allowance: Allowance,
    left: Callable[[Usage], None],
) -> Hedged:
    """Ask, and ask once more where the answer is slow to begin.

    `left` is told what the calls used where the caller goes away before an answer.

    Raises: CallFailed when no copy gave an answer, with what all of them used.
    """
    race = _Race(model, call, hedger, allowance)
    try:
        await race.run()
    except asyncio.CancelledError:
        left(race.used)
        raise
    if race.reply is not None:
        return Hedged(race.reply, race.used, race.hedged)
    assert race.failed is not None  # a race ends with a reply or a failure, or is cancelled as a whole
    error = race.failed
    raise CallFailed(
        error.cause,
        error.message,
        usage=race.used,
        retry_after_s=error.retry_after_s,
        loop=error.loop,
        request_only=error.request_only,
    )
