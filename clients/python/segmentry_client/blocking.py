"""The same client for code without an event loop: one loop thread, the same methods, plain iterators."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import grpc

from segmentry_client.client import AsyncSegmentryClient
from segmentry_client.settings import Deadlines, Patience

P = ParamSpec("P")
R = TypeVar("R")


def _unary(
    method: Callable[Concatenate[AsyncSegmentryClient, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[SegmentryClient, P], R]:
    """A blocking method with the parameters and the reply of the asynchronous one."""

    @functools.wraps(method)
    def call(self: SegmentryClient, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.run(method(self.client, *args, **kwargs))

    return call


def _streamed(
    method: Callable[Concatenate[AsyncSegmentryClient, P], AsyncGenerator[R]],
) -> Callable[Concatenate[SegmentryClient, P], Iterator[R]]:
    """A generator over the items of the asynchronous one; closing it cancels the call."""

    @functools.wraps(method)
    def call(self: SegmentryClient, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        items = method(self.client, *args, **kwargs)

        async def following() -> tuple[R, ...]:
            async for item in items:
                return (item,)
            return ()

        try:
            while item := self.run(following()):
                yield item[0]
        finally:
            self.run(items.aclose())

    return call


class SegmentryClient:
    """A connection to one server for blocking code. Use it with `with`; it may be shared by threads."""

    def __init__(
        self,
        address: str = "127.0.0.1:50051",
        *,
        tenant_id: str = "",
        schema_id: str = "",
        as_of: datetime | None = None,
        time_zone: str = "",
        token: str = "",
        credentials: grpc.ChannelCredentials | None = None,
        deadlines: Deadlines | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="segmentry-client", daemon=True)
        self._thread.start()

        async def connect() -> AsyncSegmentryClient:
            return AsyncSegmentryClient(
                address,
                tenant_id=tenant_id,
                schema_id=schema_id,
                as_of=as_of,
                time_zone=time_zone,
                token=token,
                credentials=credentials,
                deadlines=deadlines,
                patience=patience,
            )

        self.client = self.run(connect())

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run one coroutine on the client's loop and wait for it; an interrupt cancels it."""
        if self._loop.is_closed():
            coroutine.close()
            raise RuntimeError("this client is closed")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and end the thread; a second call does nothing."""
        if self._loop.is_closed():
            return
        self.run(self.client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    build = _unary(AsyncSegmentryClient.build)
    stream_build = _streamed(AsyncSegmentryClient.stream_build)
    refine = _unary(AsyncSegmentryClient.refine)
    stream_refine = _streamed(AsyncSegmentryClient.stream_refine)
    preview_count = _unary(AsyncSegmentryClient.preview_count)
    list_fields = _unary(AsyncSegmentryClient.list_fields)
    list_schemas = _unary(AsyncSegmentryClient.list_schemas)
    explain_count = _unary(AsyncSegmentryClient.explain_count)
    explain_member = _unary(AsyncSegmentryClient.explain_member)
    compare = _unary(AsyncSegmentryClient.compare)
    export = _unary(AsyncSegmentryClient.export)
    create_segment = _unary(AsyncSegmentryClient.create_segment)
    get_segment = _unary(AsyncSegmentryClient.get_segment)
    list_segments = _streamed(AsyncSegmentryClient.list_segments)
    update_segment = _unary(AsyncSegmentryClient.update_segment)
    delete_segment = _unary(AsyncSegmentryClient.delete_segment)
    test_segment = _unary(AsyncSegmentryClient.test_segment)
    lint_segment = _unary(AsyncSegmentryClient.lint_segment)
    compare_versions = _unary(AsyncSegmentryClient.compare_versions)
    estimate_analysis = _unary(AsyncSegmentryClient.estimate_analysis)
    start_analysis = _unary(AsyncSegmentryClient.start_analysis)
    watch_analysis = _streamed(AsyncSegmentryClient.watch_analysis)
    discover = _streamed(AsyncSegmentryClient.discover)
    get_analysis = _unary(AsyncSegmentryClient.get_analysis)
    list_analyses = _unary(AsyncSegmentryClient.list_analyses)
    cancel_analysis = _unary(AsyncSegmentryClient.cancel_analysis)
    apply_segment = _unary(AsyncSegmentryClient.apply_segment)
    list_recommendations = _streamed(AsyncSegmentryClient.list_recommendations)
    get_recommendation = _unary(AsyncSegmentryClient.get_recommendation)
    accept_recommendation = _unary(AsyncSegmentryClient.accept_recommendation)
    dismiss_recommendation = _unary(AsyncSegmentryClient.dismiss_recommendation)
    list_rules = _streamed(AsyncSegmentryClient.list_rules)
    get_rule = _unary(AsyncSegmentryClient.get_rule)
    activate_rule = _unary(AsyncSegmentryClient.activate_rule)
    archive_rule = _unary(AsyncSegmentryClient.archive_rule)
    check_qualification = _unary(AsyncSegmentryClient.check_qualification)
    get_readiness = _unary(AsyncSegmentryClient.get_readiness)
    watch_readiness = _streamed(AsyncSegmentryClient.watch_readiness)
    get_analysis_config = _unary(AsyncSegmentryClient.get_analysis_config)
    update_analysis_config = _unary(AsyncSegmentryClient.update_analysis_config)
    agent_health = _unary(AsyncSegmentryClient.agent_health)
    record_outcome = _unary(AsyncSegmentryClient.record_outcome)
    list_outcomes = _streamed(AsyncSegmentryClient.list_outcomes)
    run_canaries = _unary(AsyncSegmentryClient.run_canaries)
    canaries = _unary(AsyncSegmentryClient.canaries)
    accept_canaries = _unary(AsyncSegmentryClient.accept_canaries)
    cancel_canaries = _unary(AsyncSegmentryClient.cancel_canaries)
