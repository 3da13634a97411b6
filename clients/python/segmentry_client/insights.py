"""What the service knows of itself."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from segmentry.v1 import segment_insights_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused


class Insights(Connection):
    """How the model experts have been doing."""

    @refused
    async def agent_health(
        self, *, window: timedelta | None = None, timeout_s: float | None = None
    ) -> segment_insights_pb2.GetAgentHealthResponse:
        """Calls, failures, cost and agreement of each expert in the last 24 hours, or in `window`."""
        wanted = (
            None
            if window is None
            else Duration(seconds=window // timedelta(seconds=1), nanos=window.microseconds * 1000)
        )
        return await calls.unary(
            self.insights.GetAgentHealth,
            segment_insights_pb2.GetAgentHealthRequest(tenant_id=self._tenant_id, window=wanted),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
