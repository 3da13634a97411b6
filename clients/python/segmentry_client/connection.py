"""The connection behind a client: the channel, its stubs, and what every request carries."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

import grpc
import grpc.aio
from segmentry.v1 import segment_analysis_pb2_grpc, segment_builder_pb2_grpc, segment_insights_pb2_grpc

from segmentry_client.settings import CHANNEL_OPTIONS, Deadlines, Patience


class Connection:
    """An open channel to one server, with the tenant, table and time of its requests."""

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
        self._tenant_id = tenant_id
        self._schema_id = schema_id
        self._as_of = as_of
        self._time_zone = time_zone
        self._deadlines = deadlines or Deadlines()
        self._patience = patience or Patience()
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        if credentials is None:
            self.channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        else:
            self.channel = grpc.aio.secure_channel(address, credentials, options=CHANNEL_OPTIONS)
        self.builder: segment_builder_pb2_grpc.SegmentBuilderAsyncStub = (
            segment_builder_pb2_grpc.SegmentBuilderStub(self.channel)
        )
        self.analysis: segment_analysis_pb2_grpc.SegmentAnalysisAsyncStub = (
            segment_analysis_pb2_grpc.SegmentAnalysisStub(self.channel)
        )
        self.insights: segment_insights_pb2_grpc.SegmentInsightsAsyncStub = (
            segment_insights_pb2_grpc.SegmentInsightsStub(self.channel)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls under way are cancelled."""
        await self.channel.close()
