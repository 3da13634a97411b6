"""The client for code without an event loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime
from typing import Any, Self

import pytest
from segmentry.v1 import segment_builder_pb2
from segmentry_client import AsyncSegmentryClient, SegmentryClient

from tests.clients.scripted import BUILDER, serving


class Server:
    """A scripted server on a thread of its own."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: list[Any] = []
        self.cancelled = threading.Event()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        async def build(request: Any, context: Any) -> Any:
            self.requests.append(request)
            return segment_builder_pb2.BuildResponse(build_id="b1", preview_count=0)

        async def stream(request: Any, context: Any) -> AsyncGenerator[Any]:
            try:
                for sequence in range(1, 4):
                    yield segment_builder_pb2.StreamBuildResponse(sequence=sequence)
                if request.query == "never ends":
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise

        methods = {(BUILDER, "Build"): build}
        async with serving(methods, {(BUILDER, "StreamBuild"): stream}) as address:
            self.address = address
            self._ready.set()
            await self._stop.wait()


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as server:
        yield server


def test_a_build_blocks_until_the_reply_and_sends_what_the_client_was_made_with(server: Server) -> None:
    moment = datetime(2025, 12, 16, 9, tzinfo=UTC)
    with SegmentryClient(
        server.address, tenant_id="tenant_123", schema_id="golf", as_of=moment, time_zone="UTC"
    ) as client:
        reply = client.build("platinum members")
    (request,) = server.requests
    assert reply.build_id == "b1"
    assert reply.HasField("preview_count")
    assert (request.tenant_id, request.schema_id, request.time_zone) == ("tenant_123", "golf", "UTC")
    assert request.as_of.ToDatetime(tzinfo=UTC) == moment


def test_a_stream_is_a_plain_iterator(server: Server) -> None:
    with SegmentryClient(server.address) as client:
        assert [item.sequence for item in client.stream_build("platinum")] == [1, 2, 3]


def test_leaving_a_stream_early_cancels_the_call(server: Server) -> None:
    with SegmentryClient(server.address) as client:
        for item in client.stream_build("never ends"):
            if item.sequence == 2:
                break
        assert server.cancelled.wait(10)


def test_threads_may_share_a_client(server: Server) -> None:
    replies: list[str] = []
    with SegmentryClient(server.address) as client:
        threads = [
            threading.Thread(target=lambda: replies.append(client.build("x").build_id)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert replies == ["b1"] * 8


def test_a_closed_client_says_so_and_closing_twice_is_harmless(server: Server) -> None:
    client = SegmentryClient(server.address)
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.build("x")


def test_a_moment_without_a_zone_is_refused(server: Server) -> None:
    with (
        SegmentryClient(server.address, as_of=datetime(2025, 12, 16)) as client,  # noqa: DTZ001  the point of it
        pytest.raises(ValueError, match="time zone"),
    ):
        client.build("x")


def test_the_client_needs_nothing_but_grpc_and_protobuf() -> None:
    code = (
        "import segmentry_client, sys; "
        "print(sorted({'typer', 'rich', 'polars', 'numpy', 'pydantic', 'sklearn', 'openai', 'asyncpg'} "
        "& {name.partition('.')[0] for name in sys.modules}))"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_it_has_every_method_of_the_asynchronous_client() -> None:
    asynchronous = {name for name in dir(AsyncSegmentryClient) if not name.startswith("_")}
    assert asynchronous <= {name for name in dir(SegmentryClient) if not name.startswith("_")}
