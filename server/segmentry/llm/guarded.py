"""A model with a bound on calls at once and a breaker in front: what the rest of the service asks."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from segmentry.llm.breaker import FAIR_WAIT_S, Breaker, State
from segmentry.llm.cost import estimated
from segmentry.llm.lag import LoopLag
from segmentry.llm.model import (
    AT_ONCE,
    UNSAID,
    CallFailed,
    Cause,
    ChatModel,
    ModelCall,
    ModelReply,
    ModelVersion,
    Progress,
    Usage,
)
from segmentry.llm.profiles import profile
from segmentry.llm.vanguard import Vanguard

_log = logging.getLogger(__name__)

# Being held up for less is what every busy server is now and then.
_WORTH_SAYING_S = 0.5
# A vendor that names another one in every reply says nothing by it.
_MOST_VERSIONS = 1_000


@dataclass(frozen=True, slots=True)
class VendorState:
    """Whether a model is asked now; while it is left alone, `cause` says why and `wait_s` how long still.

    `version` is what the vendor said of itself last.
    """

    provider: str
    model: str
    state: State
    cause: Cause | None
    wait_s: float
    version: ModelVersion = UNSAID


class GuardedModel:
    """`inner` behind one semaphore and one breaker. Waiting for a place is not part of a call's time.

    While the vendor answers, calls go side by side. Where one shows that no other can succeed (quota, key, a
    long wait), the breaker opens and those under way that the vendor has not begun to answer are given up at
    once: what it costs is bounded by the calls that were under way. Where nobody knows yet, one goes ahead.

    A time-out within less than `fair_wait_s` is not held against the vendor; time that this process's own
    event loop was held up does not count as given. Nor is one whose call began before another's answer came.

    `version` is of the last reply; `versions` holds when each one was first heard in this process.

    Whenever the breaker opens or closes, one warning names provider, model, cause and wait.
    """

    def __init__(
        self,
        inner: ChatModel,
        *,
        at_once: int = AT_ONCE,
        breaker: Breaker | None = None,
        vanguard: Vanguard | None = None,
        fair_wait_s: float = FAIR_WAIT_S,
    ) -> None:
        self._inner = inner
        self._places = asyncio.Semaphore(at_once)
        self._vanguard = vanguard or Vanguard()
        self._fair_wait_s = fair_wait_s
        self._lag = LoopLag()
        self._under_way: dict[asyncio.Timeout, Progress] = {}
        self._answered_at = float("-inf")
        self.breaker = breaker or Breaker()
        self.breaker.on_change = self._breaker_changed
        self.version = UNSAID
        self.versions: dict[ModelVersion, datetime] = {}

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    @property
    def vendor(self) -> VendorState:
        """Whom it asks, and whether it asks now."""
        breaker = self.breaker
        return VendorState(
            self.provider, self.model, breaker.state, breaker.cause, breaker.wait_s, self.version
        )

    async def complete(
        self, call: ModelCall, *, within_s: float, progress: Progress | None = None
    ) -> ModelReply:
        """Ask once; as `ChatModel.complete`. Raises: CallFailed, also for a call that was not let through."""
        # Nobody queues for a vendor that is left alone.
        self.breaker.refuse()
        goes_ahead = await self._vanguard.turn()
        try:
            async with self._places:
                return await self._admitted(call, within_s, progress or Progress())
        finally:
            if goes_ahead:
                self._vanguard.back()

    async def close(self) -> None:
        """Give up the connections."""
        await self._inner.close()

    async def _admitted(self, call: ModelCall, within_s: float, progress: Progress) -> ModelReply:
        admission = self.breaker.admit()
        progress.on_accepted = self._accepted
        loop = asyncio.get_running_loop()
        started = loop.time()
        with self._lag.watched() as lost_s:
            try:
                reply = await self._until_hopeless(call, within_s, progress)
            except _GivenUp as end:
                self.breaker.left(admission)
                raise end.failure from None
            except CallFailed as error:
                held_up_s = lost_s()
                if error.cause == "LLM_TIMEOUT" and loop.time() - started - held_up_s < self._fair_wait_s:
                    self.breaker.left(admission)
                    raise _of_our_own(error, held_up_s) from None
                if error.cause == "LLM_TIMEOUT" and started < self._answered_at:
                    # The slow ones of a burst end last and in a row, though the vendor answers.
                    self.breaker.left(admission)
                    raise
                hopeless = self.breaker.failed(admission, error)
                if self.breaker.cause is not None:
                    self._vanguard.shut()
                if hopeless:
                    self._give_up()
                raise
            except BaseException:
                self.breaker.left(admission)
                raise
        self.breaker.succeeded(admission)
        self._answered_at = loop.time()
        if reply.version != UNSAID:
            self.version = reply.version
            if reply.version not in self.versions and len(self.versions) < _MOST_VERSIONS:
                self.versions[reply.version] = datetime.now(UTC)
        self._accepted()
        return reply

    def _breaker_changed(self) -> None:
        cause, wait_s = self.breaker.cause, self.breaker.wait_s
        if cause is None:
            _log.warning("%s of %s answers again: asked as before", self.model, self.provider)
        else:
            said = "%s of %s is left alone for %.0f s: %s"
            _log.warning(said, self.model, self.provider, wait_s, cause)

    def _accepted(self) -> None:
        # A call that is let through after a cool-down must also end well before others may follow.
        if self.breaker.cause is None:
            self._vanguard.accepted()

    async def _until_hopeless(self, call: ModelCall, within_s: float, progress: Progress) -> ModelReply:
        """Ask, until the answer or until another call shows that none will come."""
        try:
            async with asyncio.timeout(None) as scope:
                self._under_way[scope] = progress
                try:
                    return await self._inner.complete(call, within_s=within_s, progress=progress)
                finally:
                    self._under_way.pop(scope, None)
        except TimeoutError:
            raise _GivenUp(self._given_up(call, progress)) from None

    def _given_up(self, call: ModelCall, progress: Progress) -> CallFailed:
        cause, price = self.breaker.cause or "LLM_UNAVAILABLE", profile(self.model).price
        return CallFailed(
            cause,
            f"given up: {self.breaker.said or 'the vendor turned another call down that came with it'}",
            usage=estimated(call, price) if progress.accepted else Usage(calls=1, estimated=True),
            retry_after_s=self.breaker.wait_s,
        )

    def _give_up(self) -> None:
        """End the calls that the vendor has not begun to answer; the others are paid for already."""
        now = asyncio.get_running_loop().time()
        for scope in [each for each, progress in self._under_way.items() if not progress.accepted]:
            del self._under_way[scope]
            scope.reschedule(now)


class _GivenUp(Exception):
    """A call that was ended because of another one's failure: it says nothing of its own."""

    def __init__(self, failure: CallFailed) -> None:
        super().__init__()
        self.failure = failure


def _of_our_own(error: CallFailed, held_up_s: float) -> CallFailed:
    """The time-out of a call that this process itself kept from its answer, said so."""
    if held_up_s < _WORTH_SAYING_S:
        return error
    _log.warning("a call of the model ran out of time while our event loop was held up for %.1f s", held_up_s)
    said = f"{error.message}, of which this server itself was held up for {held_up_s:.1f} s"
    return CallFailed(error.cause, said, usage=error.usage)
