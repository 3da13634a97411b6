"""Serves the readiness of tables: converts, asks the service, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from segmentry.insights.profiles import ProfileStore
from segmentry.insights.surveying import ReadinessService
from segmentry.insights.watching import Clock, Watching
from segmentry.rpc.call import ServerContext, note
from segmentry.rpc.context import plain, tenant_of
from segmentry.rpc.convert import readiness as convert
from segmentry.rpc.convert.notices import server_notice
from segmentry.rpc.readiness_sources import Asked
from segmentry.rpc.relay import Notice, Outbox, Streams
from segmentry.v1 import segment_insights_pb2 as pb


@dataclass(frozen=True, slots=True)
class TableReadiness:
    """What finds the readiness of tables out, once or again and again."""

    service: ReadinessService
    watching: Watching
    streams: Streams

    @classmethod
    def of(cls, asked: Asked, streams: Streams, clock: Clock | None = None) -> TableReadiness:
        """Over those parts of a server; `clock` replaces that of this machine."""
        service = ReadinessService(asked.sources(), ProfileStore(asked.database))
        return cls(service, Watching(service.survey, service.revision, clock), streams)


class ReadinessOfTables:
    """The two RPCs."""

    def __init__(self, readiness: TableReadiness) -> None:
        self._readiness = readiness.service
        self._watching = readiness.watching
        self._readiness_streams = readiness.streams

    async def GetReadiness(
        self, request: pb.GetReadinessRequest, context: ServerContext
    ) -> pb.GetReadinessResponse:
        tenant, schema_id = tenant_of(request), plain(request.schema_id, "schema_id")
        now = datetime.now(UTC).replace(microsecond=0)
        found = await self._readiness.survey(tenant, schema_id, now)
        note(level=found.level, findings=len(found.findings))
        return pb.GetReadinessResponse(readiness=convert.readiness(found, convert.INTERVAL_S))

    async def WatchReadiness(
        self, request: pb.WatchReadinessRequest, context: ServerContext
    ) -> AsyncIterator[pb.WatchReadinessResponse]:
        tenant, schema_id = tenant_of(request), plain(request.schema_id, "schema_id")
        interval_s = convert.interval_from(request)

        async def work(outbox: Outbox[pb.WatchReadinessResponse]) -> None:
            sequence = 0
            async with aclosing(self._watching.watch(tenant, schema_id, interval_s)) as readings:
                async for found in readings:
                    sequence += 1
                    message = pb.WatchReadinessResponse(
                        sequence=sequence, readiness=convert.readiness(found, interval_s)
                    )
                    await outbox.put(message)

        def say(notice: Notice) -> pb.WatchReadinessResponse:
            return pb.WatchReadinessResponse(notice=server_notice(notice))

        # Numbered here, and ended by a drain: there is nothing to resume but to watch again.
        stream = self._readiness_streams.relay(context, work, say, logged=True)
        async with aclosing(cast("AsyncGenerator[pb.WatchReadinessResponse]", stream)) as items:
            async for item in items:
                yield item
