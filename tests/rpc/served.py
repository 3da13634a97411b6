"""SegmentAnalysis on a real gRPC server over a real PostgreSQL, with a client's stub."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from segmentry.agents.counters import Counters
from segmentry.analysis.advisor import Advisor, Advisors
from segmentry.analysis.defaults import NO_DEFAULTS, Defaults
from segmentry.analysis.parameters import ALGORITHMS
from segmentry.analysis.service import TARGET, AnalysisService
from segmentry.canaries.service import Canaries
from segmentry.canaries.stored import stored
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.stores import Stores
from segmentry.customers.suppressed import suppressed
from segmentry.insights.build_log import BuildLog
from segmentry.insights.counting import KeptCriteria
from segmentry.insights.expert_counts import ExpertCounts
from segmentry.insights.health_report import HealthReports
from segmentry.insights.outcomes import OutcomeService
from segmentry.insights.qualification import QualificationService
from segmentry.insights.recommendation_store import RecommendationStore
from segmentry.insights.recommendations import RecommendationService
from segmentry.insights.settings import SettingsStore
from segmentry.insights.watching import Clock
from segmentry.llm.guarded import VendorState
from segmentry.rpc import insights
from segmentry.rpc.access import Principal
from segmentry.rpc.analysis import SegmentAnalysis
from segmentry.rpc.interceptors.auth import Auth
from segmentry.rpc.interceptors.errors import Errors
from segmentry.rpc.readiness import TableReadiness
from segmentry.rpc.readiness_sources import Asked
from segmentry.rpc.relay import Drain, StreamLimits, Streams
from segmentry.rpc.settings import AnalysisDefaults
from segmentry.rpc.tokens import Tokens
from segmentry.runs.supervisor import Supervisor
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_analysis_pb2_grpc, segment_insights_pb2_grpc

from tests.rpc.echo import outcome

if TYPE_CHECKING:
    from segmentry.v1.segment_analysis_pb2_grpc import SegmentAnalysisAsyncStub
    from segmentry.v1.segment_insights_pb2_grpc import SegmentInsightsAsyncStub

TOP = Path(__file__).parents[2]
FIELDS = ["engagementScore", "churnRiskScore"]
SMALL = pb.AnalysisParameters(max_clusters=3, included_features=FIELDS)
HEURISTIC = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_HEURISTIC, included_features=FIELDS)


@cache
def club(members: int) -> Snapshot:
    return golf_snapshot(members)


@dataclass
class Served:
    """A client's stub, and what stands behind it."""

    stub: SegmentAnalysisAsyncStub
    insights: SegmentInsightsAsyncStub
    store: SnapshotStore
    service: AnalysisService
    supervisor: Supervisor
    drain: Drain
    readiness: TableReadiness


def unwatched(database: Database) -> Canaries:
    """The stored queries of a server without a model."""

    async def nothing() -> None: ...

    return Canaries(database, None, stored(), 0, nothing)


@asynccontextmanager
async def analyses(
    database: Database,
    folder: Path,
    job: str = "brief",
    heartbeat_s: float = 15.0,
    store: SnapshotStore | Stores | None = None,
    *,
    small_count: int = 0,
    advisor: Advisor | None = None,
    tables: Mapping[str, Snapshot] | None = None,
    environment: Defaults = NO_DEFAULTS,
    algorithms: tuple[str, ...] = ALGORITHMS,
    identify: Callable[[object], Principal] | None = None,
    vendor: Callable[[], VendorState | None] = lambda: None,
    clock: Clock | None = None,
    supervisor: Supervisor | None = None,
    canaries: Canaries | None = None,
) -> AsyncGenerator[Served]:
    """Serve SegmentAnalysis with a job of `tests/analysis/jobs.py`; empty means the real one. `store` takes
    two golf clubs beside the tables that it holds, `tables` are further ones of the tenant `demo`; an
    `advisor` is a model to ask. `identify` says who calls, from the metadata."""
    store = store or SnapshotStore()
    snapshots = store.snapshots if isinstance(store, Stores) else store
    for tenant in ("demo", "tenant_123"):
        snapshots.put(tenant, "customers", club(300), default=True)
        snapshots.put(tenant, "large", club(5000))
    for schema_id, snapshot in (tables or {}).items():
        snapshots.put("demo", schema_id, snapshot)
    supervisor = supervisor or Supervisor(
        environment={"PYTHONPATH": os.pathsep.join([str(TOP), str(TOP / "server")])}
    )
    target = f"tests.analysis.jobs:{job}" if job else TARGET
    drain = Drain()
    server = grpc.aio.server(interceptors=[Errors(), Auth(identify)])
    async with AnalysisService(
        database, store, supervisor, folder=folder, target=target, advisors=Advisors(advisor)
    ) as service:
        segments, tokens = SegmentService(database, store), Tokens(b"0123456789abcdef")
        kept, criteria = RecommendationStore(database), KeptCriteria(store, segments.saved)
        recommendations = RecommendationService(kept, criteria)
        streams = Streams(StreamLimits(heartbeat_s=heartbeat_s), drain)
        defaults = AnalysisDefaults(SettingsStore(database), store, environment, algorithms)
        servicer = SegmentAnalysis(
            service,
            streams,
            tokens,
            segments,
            recommendations,
            defaults=defaults,
            small_count=small_count,
        )
        segment_analysis_pb2_grpc.add_SegmentAnalysisServicer_to_server(servicer, server)
        rules = QualificationService(kept, criteria)
        asked = Asked(
            database,
            suppressed(store, small_count),
            store,
            segments,
            kept,
            service,
            defaults,
            lambda _: vendor(),
            small_count,
        )
        readiness = TableReadiness.of(asked, streams, clock)
        insights.add_to_server(
            insights.SegmentInsights(
                HealthReports(database, ExpertCounts(database, Counters())),
                lambda _: vendor(),
                recommendations,
                rules,
                OutcomeService(database, BuildLog(database, 30)),
                tokens,
                defaults=defaults,
                readiness=readiness,
                canaries=canaries or unwatched(database),
            ),
            server,
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub: Any = segment_analysis_pb2_grpc.SegmentAnalysisStub(channel)
                beside: Any = segment_insights_pb2_grpc.SegmentInsightsStub(channel)
                yield Served(stub, beside, snapshots, service, supervisor, drain, readiness)
        finally:
            await server.stop(0)


def start(**fields: Any) -> pb.StartAnalysisRequest:
    asked: dict[str, Any] = {"schema_id": "customers", "parameters": SMALL, **fields}
    return pb.StartAnalysisRequest(**asked)


async def reason(call: Any) -> tuple[grpc.StatusCode, str]:
    """How a call fails."""
    return await outcome(call)


async def watched(served: Served, run_id: str = "", token: str = "") -> list[pb.WatchAnalysisResponse]:
    request = pb.WatchAnalysisRequest(run_id=run_id, resume_token=token)
    return [item async for item in served.stub.WatchAnalysis(request)]


async def at_last(served: Served, run_id: str, state: int) -> None:
    for _ in range(400):
        if (await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=run_id))).run.state == state:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"{run_id} did not reach the state {state}")
