"""One pass over the stored queries: a few at once, kept as they are answered, ended by what stops it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace
from typing import Final

from segmentry.builder.request import Place
from segmentry.canaries.answers import Answer, compared
from segmentry.canaries.asking import OF_THE_REQUEST, Ask, Reading
from segmentry.canaries.run import CANCELLED, Baseline, Run
from segmentry.canaries.store import RENEW_S, CanaryStore
from segmentry.errors import Exhausted, SegmentryError, Unavailable
from segmentry.llm.model import UNSAID

AT_ONCE: Final = 2
# So many queries in a row without an answer are an outage, whatever each of them said.
IN_A_ROW: Final = 3
# With more than these unanswered a pass says nothing of the model.
MOST_FAILED: Final = 5
# Causes after which the same query may be answered.
_MAY_PASS: Final = OF_THE_REQUEST | {"LLM_UNAVAILABLE", "LLM_RATE_LIMITED", "LLM_TIMEOUT"}
_END_WITHIN_S: Final = 60.0
_PAUSE_S: Final = 1.0

_log = logging.getLogger(__name__)


class Pass:
    """Asks what is still waiting in a run of ours, and ends it."""

    def __init__(  # noqa: PLR0917 - what one pass works with
        self,
        run: Run,
        store: CanaryStore,
        ask: Ask,
        baseline: Baseline,
        place: Place,
        renew_s: float = RENEW_S,
    ) -> None:
        self.run = run
        self._store = store
        self._ask = ask
        self._accepted = baseline.answers
        self._place = place
        self._renew_s = renew_s
        self._waiting = deque(each for each in run.answers if not each.answered)
        self._asked_again: set[str] = set()
        self._in_a_row = 0
        self._stop = ""
        self._lost = False

    async def go(self) -> Run | None:
        """Ask until all is answered or something stops it; None where another server has taken it over.

        Raises: what the store raises, once it has been away for a minute.
        """
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._work()) for _ in range(AT_ONCE)]
                renewing = group.create_task(self._renew(workers))
                await asyncio.wait(workers)
                renewing.cancel()
        except* SegmentryError as several:
            raise _first(several) from None
        if self._lost:
            return None
        return await self._end()

    async def _work(self) -> None:
        while self._waiting and not self._stop and not self._lost:
            query = self._waiting.popleft().query
            answer = await self._answer(query)
            if answer.state == "failed":
                self._failed(answer)
            else:
                self._in_a_row = 0
            await self._save()

    async def _answer(self, query: str) -> Answer:
        """What is read of one query; an answer that differs is asked for again, and the second one counts."""
        answer = await self._once(query)
        return await self._once(query) if answer.state == "changed" else answer

    async def _once(self, query: str) -> Answer:
        reading = await self._ask(query)
        answer = await asyncio.to_thread(self._judged, query, reading)
        version = reading.versions[-1] if reading.versions else UNSAID
        self.run = self.run.with_answer(answer, reading.usage, version)
        return answer

    def _judged(self, query: str, reading: Reading) -> Answer:
        if reading.failure:
            return Answer(query, "failed", failure=reading.failure)
        answer = Answer(query, "same", reading.criteria, reading.agreed, reading.prompts)
        return compared(answer, self._accepted.get(query), self._place)

    def _failed(self, answer: Answer) -> None:
        """Ask again at the end what failed once; stop where the vendor or the money is gone."""
        self._in_a_row += 1
        if answer.failure not in _MAY_PASS or self._in_a_row >= IN_A_ROW:
            self._stop = self._stop or answer.failure
        elif answer.query not in self._asked_again:
            self._asked_again.add(answer.query)
            self._waiting.append(answer)

    async def _save(self) -> None:
        if self._lost:
            return
        try:
            self._lost = not await self._store.save(self.run)
        except (Unavailable, Exhausted) as error:
            # What is not kept now is kept with the next answer.
            _log.warning("the answer to a stored query could not be kept yet: %s", error.reason)

    async def _renew(self, workers: list[asyncio.Task[None]]) -> None:
        while True:
            await asyncio.sleep(self._renew_s)
            try:
                standing = await self._store.renew(self.run.run_id)
            except (Unavailable, Exhausted) as error:
                _log.warning("the lease of a run of stored queries could not be renewed: %s", error.reason)
                continue
            if standing == "ours":
                continue
            if standing == "cancelled":
                self._stop = CANCELLED
            else:
                self._lost = True
            for each in workers:
                each.cancel()
            return

    async def _end(self) -> Run | None:
        failures = self.run.failures
        reason = self._stop
        if not reason and len(failures) > MOST_FAILED:
            reason = failures[0]
        if not reason:
            # One request that the vendor will not answer is no reason to know nothing of the others.
            reason = next((each for each in failures if each not in OF_THE_REQUEST), "")
        ended = replace(self.run, state="stopped" if reason else "finished", stop_reason=reason)
        until = asyncio.get_running_loop().time() + _END_WITHIN_S
        while True:
            try:
                return await self._store.end(ended)
            except (Unavailable, Exhausted) as error:
                if asyncio.get_running_loop().time() > until:
                    raise
                _log.warning("the end of a run of stored queries could not be kept yet: %s", error.reason)
                await asyncio.sleep(_PAUSE_S)


def _first(several: BaseExceptionGroup[SegmentryError]) -> SegmentryError:
    found: BaseException = several
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, SegmentryError)
    return found
