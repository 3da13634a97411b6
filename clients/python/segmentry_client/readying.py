"""How ready a table is for segmentation: asked once, or followed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from segmentry.v1 import segment_insights_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream


class Readying(Connection):
    """Ask how ready a table is, and be told when that changes."""

    @refused
    async def get_readiness(
        self, *, schema_id: str = "", timeout_s: float | None = None
    ) -> segment_insights_pb2.Readiness:
        """The level of a table with its findings, worst first, and what to do about each."""
        reply = await calls.unary(
            self.insights.GetReadiness,
            segment_insights_pb2.GetReadinessRequest(
                tenant_id=self._tenant_id, schema_id=schema_id or self._schema_id
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return reply.readiness

    @refused_stream
    async def watch_readiness(
        self, *, schema_id: str = "", interval: timedelta | None = None
    ) -> AsyncGenerator[segment_insights_pb2.WatchReadinessResponse]:
        """A report at once, every `interval` (10 s to 1 h; 5 minutes without) and on every change, for ever.

        A lost connection is taken up again; its first report says how things stand by then.
        """
        wait = None
        if interval is not None:
            wait = Duration()
            wait.FromTimedelta(interval)

        def open_stream(_token: str) -> AsyncGenerator[segment_insights_pb2.WatchReadinessResponse]:
            request = segment_insights_pb2.WatchReadinessRequest(
                tenant_id=self._tenant_id, schema_id=schema_id or self._schema_id, interval=wait
            )
            return calls.stream(
                self.insights.WatchReadiness, request, timeout_s=None, metadata=self._metadata
            )

        # A report says everything: where the last stream stopped does not matter, only that there was one.
        async for item in calls.resumed(
            open_stream,
            token="",
            token_of=lambda _item: "any",
            ends_with=lambda _item: False,
            patience=self._patience,
        ):
            yield item
