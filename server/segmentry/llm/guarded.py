"""A model with a bound on calls at once and a breaker in front: what the rest of the service asks."""

from __future__ import annotations

import asyncio

from segmentry.llm.breaker import FAIR_WAIT_S, Breaker
from segmentry.llm.model import AT_ONCE, CallFailed, ChatModel, ModelCall, ModelReply, Progress


class GuardedModel:
    """`inner` behind one semaphore and one breaker. Waiting for a place is not part of a call's time."""

    def __init__(self, inner: ChatModel, *, at_once: int = AT_ONCE, breaker: Breaker | None = None) -> None:
        self._inner = inner
        self._places = asyncio.Semaphore(at_once)
        self.breaker = breaker or Breaker()

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    async def complete(
        self, call: ModelCall, *, within_s: float, progress: Progress | None = None
    ) -> ModelReply:
        """Ask once; as `ChatModel.complete`. Raises: CallFailed, also for a call that was not let through."""
        # Nobody queues for a vendor that is left alone.
        self.breaker.refuse()
        async with self._places:
            admission = self.breaker.admit()
            try:
                reply = await self._inner.complete(call, within_s=within_s, progress=progress)
            except CallFailed as error:
                if error.cause == "LLM_TIMEOUT" and within_s < FAIR_WAIT_S:
                    self.breaker.left(admission)
                else:
                    self.breaker.failed(admission, error)
                raise
            except BaseException:
                self.breaker.left(admission)
                raise
            self.breaker.succeeded(admission)
            return reply

    async def close(self) -> None:
        """Give up the connections."""
        await self._inner.close()
