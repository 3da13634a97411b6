"""A real server on port 0 with SegmentBuilder over a small golf club, behind the real interceptors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import grpc
from segmentry.builder.panel import Panel
from segmentry.criteria.dates import Clock
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import CustomerStore
from segmentry.rpc.access import Principal
from segmentry.rpc.builder import SegmentBuilder
from segmentry.rpc.interceptors.auth import Auth
from segmentry.rpc.interceptors.deadline import Allowance, Deadline
from segmentry.rpc.interceptors.errors import Errors
from segmentry.rpc.interceptors.observe import Observe
from segmentry.rpc.panels import Panels
from segmentry.rpc.relay import Drain, StreamLimits, Streams
from segmentry.rpc.tokens import Tokens
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database
from segmentry.v1 import error_reason_pb2, segment_builder_pb2_grpc

from tests.rpc.echo import details, error_info

if TYPE_CHECKING:
    from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderAsyncStub

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
NOWHERE = "postgresql://127.0.0.1:1/nowhere"
TENANTS = ("demo", "tenant_123")


@cache
def club() -> Snapshot:
    """2,000 members on 16 December 2025."""
    return golf_snapshot(2_000, as_of=AS_OF)


def clock() -> Clock:
    return Clock.at(AS_OF, club().catalog.time_zone)


def golf_store() -> SnapshotStore:
    """The club under the id `customers`, for the tenants of the source's examples."""
    store = SnapshotStore()
    for tenant in TENANTS:
        store.put(tenant, "customers", club(), default=True)
    return store


@dataclass
class Client:
    """A stub, and the drain and the address of the server behind it."""

    stub: SegmentBuilderAsyncStub
    drain: Drain
    address: str


@asynccontextmanager
async def builder(
    store: CustomerStore | None = None,
    heartbeat_s: float = 15.0,
    *,
    database: Database | None = None,
    panel: Panel | None = None,
    identify: Callable[[object], Principal] | None = None,
    panels: Panels | None = None,
) -> AsyncGenerator[Client]:
    """Serve SegmentBuilder; the server's clock stands at `AS_OF`.

    Without a `database` the state store is nowhere: whatever opens it fails. `panel`: experts to ask;
    `panels`: those of each tenant. `identify` says who calls, from the metadata.
    """
    drain = Drain()
    store = store or golf_store()
    server = grpc.aio.server(
        interceptors=[Errors(), Observe(), Auth(identify), Deadline({"build": Allowance(15, 60)})]
    )
    servicer = SegmentBuilder(
        store,
        Streams(StreamLimits(heartbeat_s=heartbeat_s), drain),
        Tokens(b"0123456789abcdef"),
        SegmentService(database or Database(NOWHERE), store),
        now=lambda: AS_OF,
        panels=panels or Panels(panel),
    )
    segment_builder_pb2_grpc.add_SegmentBuilderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = segment_builder_pb2_grpc.SegmentBuilderStub(channel)
            yield Client(stub, drain, f"127.0.0.1:{port}")
    finally:
        await server.stop(0)


@dataclass(frozen=True)
class Refusal:
    """A status with its details, read."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: dict[str, str]
    violations: list[error_reason_pb2.CriteriaViolation]


def refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """What a failed call says."""
    status = details(error.trailing_metadata())
    info, found = error_info(error.trailing_metadata()), error_reason_pb2.CriteriaViolations()
    for detail in status.details:
        detail.Unpack(found)
    assert info.domain == "segmentry.v1"
    return Refusal(error.code(), info.reason, status.message, dict(info.metadata), list(found.violations))
