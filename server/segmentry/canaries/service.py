"""The stored queries of a server: run on request, by schedule and after a change of the model; accepted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from time import monotonic
from typing import Final

from segmentry.builder.request import ENDS_AT
from segmentry.canaries.answers import Answer, prompts_changed
from segmentry.canaries.asking import Subject
from segmentry.canaries.passing import Pass
from segmentry.canaries.run import Decider, Run
from segmentry.canaries.store import RENEW_S, CanaryStore, Watched
from segmentry.canaries.stored import Stored
from segmentry.errors import ModelNotUsable, SegmentryError
from segmentry.insights.findings import Finding
from segmentry.runs.background import Background
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim

# How often a server looks whether a run is due or has been left by another.
EVERY_S: Final = 60.0
# A server that was just started has callers to answer, and may soon be stopped again.
SETTLED_S: Final = 600.0
_RELEASE_S: Final = 2.0
# Causes that are the model's, and what helps.
_REMEDIES: Final[Mapping[str, str]] = {
    "LLM_BAD_OUTPUT": "ask a model that keeps to JSON schemas (AI_MODEL), at its own address (AI_BASE_URL)",
    "LLM_TRUNCATED": "they end too early; raise the bound on output, or ask another model (AI_MODEL)",
    "LLM_REFUSED": "the model or the vendor's filter of content refuses; ask another model (AI_MODEL)",
}

_log = logging.getLogger(__name__)


class Canaries:
    """Watches one model; `subject` None: this server asks none. `every_days` 0: nothing runs by itself.

    `heard` makes the versions that the vendor named known to all servers. One run at a time.
    """

    def __init__(  # noqa: PLR0917 - what a server watches its model with
        self,
        database: Database,
        subject: Subject | None,
        stored: Stored,
        every_days: int,
        heard: Callable[[], Awaitable[object]],
        renew_s: float = RENEW_S,
    ) -> None:
        self._database = database
        self._subject = subject
        self._stored = stored
        self._every_days = every_days
        self._heard = heard
        self._renew_s = renew_s
        self._store = CanaryStore(database)
        self._background = Background()
        self._task: asyncio.Task[None] | None = None

    @property
    def every_days(self) -> int:
        """Every how many days this server runs them by itself; 0: not."""
        return 0 if self._subject is None else self._every_days

    async def start(self, decider: Decider, claim: Claim | None = None) -> Run:
        """Start a run and return at once with it, or with the one that is under way.

        Raises: ModelNotUsable without a model; as `CanaryStore.begin`.
        """
        subject = self._required()
        run, new = await self._store.begin(self._watched(subject), decider, claim)
        if new:
            self._begin(run, subject)
        return run

    async def last(self) -> Sequence[Run]:
        """The last runs of the model, newest first. Raises: as the store."""
        subject = self._subject
        return await self._store.newest(None if subject is None else self._watched(subject))

    async def accepted(self, run: Run) -> dict[str, Answer]:
        """The answers that this server holds new ones against, by query. Raises: as the store."""
        watched = Watched(run.provider, run.model, self._stored)
        return (await self._store.baseline(watched)).answers

    async def accept(self, run_id: str, decider: Decider) -> Run:
        """Hold later runs against the last finished one. Raises: as `CanaryStore.accept`, ModelNotUsable."""
        return await self._store.accept(self._watched(self._required()), run_id, decider)

    async def cancel(self, run_id: str, decider: Decider) -> Run:
        """Want a run to end. Raises: NotFound; as the store."""
        return await self._store.cancel(run_id, decider)

    async def findings(self) -> tuple[Finding, ...]:
        """The alarms of runs that the model's answers stopped or that tell of a change.

        The first lasts until a run finishes, the second until it is accepted or a run without follows.

        Raises: as the store.
        """
        if self._subject is None:
            return ()
        ended = [each for each in await self.last() if each.state != "running"]
        return (*_stopped(ended), *_changed(ended))

    async def keep(self, every_s: float = EVERY_S, settled_s: float = 0.0) -> None:
        """Start what is due and go on with what another server left, until cancelled.

        In the first `settled_s` seconds nothing begins by the calendar. The store is not opened for it.
        """
        settled_at = monotonic() + settled_s
        while True:
            await asyncio.sleep(every_s)
            if self._subject is None or not self._database.is_open or self._busy:
                continue
            try:
                await self._look(self._subject, scheduled=monotonic() >= settled_at)
            except SegmentryError as error:
                _log.warning("the stored queries could not be looked after: %s", error.reason)

    async def close(self) -> None:
        """Leave what is under way to the next server, or to this one after its restart. Idempotent."""
        await self._background.close()

    @property
    def _busy(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _look(self, subject: Subject, *, scheduled: bool) -> None:
        watched = self._watched(subject)
        run = await self._store.adopt(watched)
        if run is None and self._every_days:
            await self._heard()
            run = await self._store.begin_due(watched, self._every_days, scheduled=scheduled)
        if run is not None:
            _log.info("stored queries: run %s of %s begins or goes on (%s)", run.run_id, run.model, run.cause)
            self._begin(run, subject)

    def _begin(self, run: Run, subject: Subject) -> None:
        self._task = self._background.start(self._passed(run, subject), f"ask stored queries {run.run_id}")

    async def _passed(self, run: Run, subject: Subject) -> None:
        # The call that started it ends long before.
        ENDS_AT.set(None)
        try:
            baseline = await self._store.baseline(self._watched(subject))
            one = Pass(run, self._store, subject.ask, baseline, self._stored.place, self._renew_s)
            ended = await one.go()
            await self._heard()
        except SegmentryError as error:
            _log.warning("run %s of stored queries is left: %s", run.run_id, error.reason)
            return
        except asyncio.CancelledError:
            await self._leave()
            raise
        except Exception:
            # Our own mistake would be met again by whoever went on with it.
            await self._store.end(replace(run, state="stopped", stop_reason="INTERNAL"))
            raise
        if ended is not None:
            _told(ended, prompts_changed(ended.answers, baseline.answers))

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(_RELEASE_S):
                await self._store.release()
        except (SegmentryError, TimeoutError):
            # Then the lease runs out by itself.
            _log.warning("the lease of a run of stored queries could not be given back")

    def _required(self) -> Subject:
        if self._subject is None:
            raise ModelNotUsable(
                "this server asks no language model, so that there is none to watch: none is configured, or "
                "its strategy is offline",
                cause="LLM_NOT_CONFIGURED",
                provider="none",
            )
        return self._subject

    def _watched(self, subject: Subject) -> Watched:
        return Watched(subject.provider, subject.model, self._stored)


def _changed(ended: Sequence[Run]) -> tuple[Finding, ...]:
    """The alarm of the last run that tells of a change, unless it is accepted. Runs: newest first."""
    run = next((each for each in ended if each.state == "finished" or each.changed), None)
    if run is None or not run.changed or run.accepted_at is not None:
        return ()
    assert run.ended_at is not None, "it is not running"
    n, first = len(run.changed), run.changed[0]
    others = f" and {n - 1} more" if n > 1 else ""
    message = (
        f"{n} of {run.answered} stored queries are answered otherwise than was accepted: "
        f"{first.query!r} ({first.change}: {first.difference}){others}; look at run {run.run_id}, "
        "and accept it where its answers are right"
    )
    share = (run.answered - n) / run.answered
    at = run.ended_at.astimezone(UTC)
    return (Finding("CANARY_CHANGED", message, at, before=1.0, now=share),)


def _stopped(ended: Sequence[Run]) -> tuple[Finding, ...]:
    """The alarm of the last run that the model's answers stopped, unless one finished since.

    Stops for other causes tell nothing of the model. Runs: newest first.
    """
    run = next((each for each in ended if each.state == "finished" or each.stop_reason in _REMEDIES), None)
    if run is None or run.state == "finished":
        return ()
    assert run.ended_at is not None, "it is not running"
    message = (
        f"the answers of {run.model} to stored queries cannot be used ({run.stop_reason}), {run.answered} of "
        f"{len(run.answers)} were answered: {_REMEDIES[run.stop_reason]}; look at run {run.run_id}, then run "
        "them again"
    )
    return (Finding("CANARY_STOPPED", message, run.ended_at.astimezone(UTC)),)


def _told(run: Run, prompts: Sequence[str]) -> None:
    said = "stored queries: run %s of %s %s: answered=%d changed=%d agreed=%d calls=%d%s%s"
    level = logging.WARNING if run.changed or run.state == "stopped" else logging.INFO
    reason = f" reason={run.stop_reason}" if run.stop_reason else ""
    other = f" other_prompts={','.join(prompts)}" if prompts else ""
    values = (run.run_id, run.model, run.state, run.answered, len(run.changed), run.agreed, run.usage.calls)
    _log.log(level, said, *values, reason, other)
