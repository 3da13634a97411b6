"""A question to a model as the events of a run tell it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import perf_counter
from typing import TypeAlias

from segmentry.agents.asking import Retried
from segmentry.analysis.events import Event, Subtask
from segmentry.llm.model import CallFailed, Usage

Say: TypeAlias = Callable[[Event], Awaitable[None]]


class Asking:
    """One subtask from its start to its end; `say` takes its events."""

    def __init__(self, subtask_id: str, agent: str, provider: str, say: Say) -> None:
        self._id = subtask_id
        self._agent = agent
        self._provider = provider
        self._say = say
        self._version = ""
        self._began = perf_counter()
        self.attempt = 1

    @property
    def elapsed_s(self) -> float:
        return perf_counter() - self._began

    async def started(self, detail: str, prompt_version: str) -> None:
        self._began = perf_counter()
        self._version = prompt_version
        await self._say(
            Subtask(
                self._id,
                self._agent,
                "started",
                detail,
                prompt_version=prompt_version,
                provider=self._provider,
            )
        )

    async def retried(self, again: Retried) -> None:
        """Say that another attempt follows."""
        self.attempt += 1
        await self._say(
            Subtask(
                self._id,
                self._agent,
                "retried",
                elapsed_s=self.elapsed_s,
                attempt=self.attempt,
                prompt_version=self._version,
                provider=self._provider,
                cause=again.cause,
                message=again.message,
                delay_s=again.delay_s,
                repair=again.repair,
            )
        )

    async def succeeded(self, usage: Usage, given: int) -> None:
        await self._end(Subtask(self._id, self._agent, "succeeded", usage=usage, given=given))

    async def failed(self, failure: CallFailed, usage: Usage) -> None:
        await self._end(
            Subtask(
                self._id, self._agent, "failed", usage=usage, cause=failure.cause, message=failure.message
            )
        )

    async def _end(self, event: Subtask) -> None:
        await self._say(
            replace(
                event,
                elapsed_s=self.elapsed_s,
                attempt=self.attempt,
                prompt_version=self._version,
                provider=self._provider,
            )
        )
