"""The composition root: everything a server is made of, put together here and nowhere else."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import grpc

from segmentry.agents.counters import Counters
from segmentry.analysis.service import AnalysisService
from segmentry.builder.sample import Sample
from segmentry.canaries.service import SETTLED_S
from segmentry.config import Settings
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.stores import Stores
from segmentry.customers.suppressed import suppressed
from segmentry.insights.build_log import BuildLog
from segmentry.insights.counting import KeptCriteria
from segmentry.insights.expert_counts import ExpertCounts
from segmentry.insights.health_report import HealthReports
from segmentry.insights.model_versions import ModelVersions
from segmentry.insights.outcomes import OutcomeService
from segmentry.insights.qualification import QualificationService
from segmentry.insights.recommendation_store import RecommendationStore
from segmentry.insights.recommendations import RecommendationService
from segmentry.insights.settings import SettingsStore
from segmentry.rpc import canaries, insights, panels, parts, reflection, tables
from segmentry.rpc.analysis import SERVICE as ANALYSIS
from segmentry.rpc.analysis import SegmentAnalysis
from segmentry.rpc.builder import SERVICE as BUILDER
from segmentry.rpc.builder import SegmentBuilder
from segmentry.rpc.health import SERVICE as HEALTH
from segmentry.rpc.health import Health
from segmentry.rpc.interceptors.admission import Admission
from segmentry.rpc.interceptors.auth import Auth
from segmentry.rpc.interceptors.deadline import Deadline
from segmentry.rpc.interceptors.errors import Errors
from segmentry.rpc.interceptors.observe import Observe
from segmentry.rpc.listening import listen, remove_socket
from segmentry.rpc.logs import configure_logging
from segmentry.rpc.outcomes import Learning
from segmentry.rpc.parts import Parts
from segmentry.rpc.readiness import TableReadiness
from segmentry.rpc.readiness_sources import Asked
from segmentry.rpc.relay import Drain, Streams
from segmentry.rpc.settings import AnalysisDefaults
from segmentry.runs.background import Background
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore
from segmentry.v1.segment_analysis_pb2_grpc import add_SegmentAnalysisServicer_to_server
from segmentry.v1.segment_builder_pb2_grpc import add_SegmentBuilderServicer_to_server

__all__ = ["Running", "configure_logging", "frozen", "running", "serve"]

_log = logging.getLogger("segmentry.server")

OPTIONS: tuple[tuple[str, int], ...] = (
    # A vanished client is noticed within 40 s, and one that pings every 10 s is not cut off.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    # By default a second server on the port starts silently and takes half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.absolute_max_metadata_size", 16 * 1024),
)
# What is left to do after the last call has ended takes no longer.
_STOP_S = 0.5


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `address` is what to dial."""

    address: str
    settings: Settings
    store: Stores
    database: Database
    health: Health
    analyses: AnalysisService

    async def warm(self) -> None:
        """Open what a first analysis needs, the state database and a worker, before it is asked for."""
        await self.analyses.open()


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    store: SnapshotStore | Stores | None = None,
    eager: bool = False,
) -> AsyncGenerator[Running]:
    """Run a server inside the block; at its end it drains, and everything that it started is gone.

    `store` replaces the tables that the settings name. `eager` opens the state database and takes up
    unfinished runs before the server is ready, instead of at the first use.

    Raises: InvalidParameters or CannotListen for the address; UnreadableTable, EmptyDataset and others for a
    table; Unavailable for the state database.
    """
    drain = Drain()
    admission = Admission(parts.limits(settings), drain)
    server = grpc.aio.server(
        interceptors=[Errors(), Observe(), Auth(), admission, Deadline(parts.allowances(settings))],
        options=OPTIONS,
    )
    async with AsyncExitStack() as stack:
        database = parts.database(settings)
        stack.push_async_callback(database.close)
        customers = store if isinstance(store, Stores) else Stores(store)
        stack.push_async_callback(customers.close)
        streams = Streams(parts.stream_limits(settings), drain)
        counters = Counters()
        counts = ExpertCounts(database, counters)
        stack.push_async_callback(counts.close)
        log = BuildLog(database, settings.keep_builds_days)
        stack.push_async_callback(log.close)
        ledger = SpendingStore(database)
        asked = panels.panels(settings, counters, ledger)
        stack.push_async_callback(asked.close)
        sample = Sample(share=settings.ai_shadow_share, calls_a_day=settings.ai_shadow_calls)
        stack.push_async_callback(sample.close)
        for panel in asked.all:
            panel.sample = sample
        if any(panel.budget is not None for panel in asked.all):
            # Before the first request: to start the embedded database takes longer than a caller waits.
            await database.open()
        # Closed before the model that they ask.
        analyses = parts.analyses(settings, customers, database, asked)
        stack.push_async_callback(analyses.close)
        versions = ModelVersions(database, asked.heard, asked.heard_of_own)
        watching = canaries.canaries(settings, asked.common, ledger, database, versions)
        stack.push_async_callback(watching.close)
        made = Parts(
            settings,
            customers,
            database,
            streams,
            parts.tokens(settings),
            analyses,
            counters,
            counts,
            Learning(log, OutcomeService(database, log)),
            versions,
            watching,
            asked,
        )
        services = _add_services(server, made)
        health = Health(server, services)
        await health.starting()
        if settings.reflection:
            reflection.add_to_server(server, (*services, HEALTH))
        address = listen(server, settings.address)
        await server.start()
        stack.push_async_callback(server.stop, 0)
        upkeep = Background()
        stack.push_async_callback(upkeep.close)
        upkeep.start(counts.keep(), "keep the experts' counts")
        upkeep.start(log.keep(), "keep builds")
        upkeep.start(versions.keep(), "keep the model's versions")
        upkeep.start(watching.keep(settled_s=SETTLED_S), "look after the stored queries")
        if store is None:
            freshened = Background()
            stack.push_async_callback(freshened.close)
            for kept in await tables.fill(customers, settings):
                freshened.start(kept.keep(), f"refresh {kept.schema_id} of {kept.tenant}")
        if eager:
            await analyses.open()
        await health.ready()
        try:
            yield Running(address, settings, customers, database, health, analyses)
        finally:
            await health.leave()
            drain.start()
            await sample.close()
            await _until_idle(admission, settings.drain_s)
            await server.stop(_STOP_S)
            remove_socket(address)


async def serve(settings: Settings, on_ready: Callable[[Running], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then drain. Return the exit code 0.

    A signal before the server is ready ends the start, whatever it waits for. A second one ends the process
    at once with 1. `on_ready` is told when the server answers.

    Raises: as `running`.
    """
    configure_logging(settings.log_level)
    asked, ready = asyncio.Event(), asyncio.Event()
    serving = asyncio.current_task()
    assert serving is not None

    def leave() -> None:
        if asked.is_set():
            os._exit(1)
        asked.set()
        if not ready.is_set():
            serving.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    try:
        async with running(settings, eager=True) as it:
            ready.set()
            _log.info("listening on %s", it.address)
            if on_ready is not None:
                on_ready(it)
            with frozen():
                await asked.wait()
            _log.info("draining")
            if settings.drain_notice_s:
                # Balancers read NOT_SERVING and stop sending, while what they still send is answered.
                await it.health.leave()
                await asyncio.sleep(settings.drain_notice_s)
        _log.info("stopped")
    except asyncio.CancelledError:
        if ready.is_set() or not asked.is_set():
            raise
        serving.uncancel()
        _log.info("stopped before it was ready")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    return 0


@contextmanager
def frozen() -> Generator[None]:
    """Keep what there is now out of the collector's passes within the block: each holds up every call."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        # What is frozen when the process ends is reported as leaked by some packages.
        gc.unfreeze()


def _add_services(server: grpc.aio.Server, made: Parts) -> tuple[str, ...]:
    """Add every service of the contract; return their names."""
    customers = suppressed(made.store, made.settings.small_count)
    segments = SegmentService(made.database, customers)
    builder = SegmentBuilder(
        customers,
        made.streams,
        made.tokens,
        segments,
        panels=made.panels,
        counters=made.counters,
        learning=made.learning,
    )
    add_SegmentBuilderServicer_to_server(builder, server)
    kept, kept_criteria = RecommendationStore(made.database), KeptCriteria(customers, segments.saved)
    recommendations = RecommendationService(kept, kept_criteria)
    defaults = AnalysisDefaults(
        SettingsStore(made.database),
        made.store,
        parts.analysis_defaults(made.settings),
        parts.algorithms(made.settings),
    )
    analysis = SegmentAnalysis(
        made.analyses,
        made.streams,
        made.tokens,
        segments,
        recommendations,
        defaults=defaults,
        small_count=made.settings.small_count,
    )
    add_SegmentAnalysisServicer_to_server(analysis, server)
    rules = QualificationService(kept, kept_criteria)
    asked = Asked(
        made.database,
        customers,
        made.store,
        segments,
        kept,
        made.analyses,
        defaults,
        made.panels.vendor,
        made.settings.small_count,
    )
    insights.add_to_server(
        insights.SegmentInsights(
            HealthReports(
                made.database,
                made.counts,
                made.settings.drift_points,
                made.versions,
                canaries=made.canaries.findings,
            ),
            made.panels.vendor,
            recommendations,
            rules,
            made.learning.outcomes,
            made.tokens,
            defaults=defaults,
            readiness=TableReadiness.of(asked, made.streams),
            canaries=made.canaries,
        ),
        server,
    )
    return (BUILDER, ANALYSIS, insights.SERVICE)


async def _until_idle(admission: Admission, at_most_s: float) -> None:
    try:
        async with asyncio.timeout(at_most_s):
            await admission.idle()
    except TimeoutError:
        _log.warning("calls were still running after %g s and are ended", at_most_s)
