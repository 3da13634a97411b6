"""The segments that are in a table: estimate, start, watch, read, stop."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from segmentry.v1 import segment_analysis_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream
from segmentry_client.wire import is_terminal


class Analyses(Connection):
    """Discoveries in a table."""

    @refused
    async def estimate_analysis(
        self,
        *,
        schema_id: str = "",
        parameters: segment_analysis_pb2.AnalysisParameters | None = None,
        timeout_s: float | None = None,
    ) -> segment_analysis_pb2.AnalysisEstimate:
        """What a discovery would cost and use, and whether it has to be confirmed first."""
        reply = await calls.unary(
            self.analysis.EstimateAnalysis,
            segment_analysis_pb2.EstimateAnalysisRequest(
                tenant_id=self._tenant_id, schema_id=schema_id or self._schema_id, parameters=parameters
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return reply.estimate

    @refused
    async def start_analysis(
        self,
        *,
        schema_id: str = "",
        parameters: segment_analysis_pb2.AnalysisParameters | None = None,
        confirmed: bool = False,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_analysis_pb2.AnalysisRun:
        """Start a discovery that lives on the server until it ends or is cancelled."""
        reply = await calls.unary(
            self.analysis.StartAnalysis,
            segment_analysis_pb2.StartAnalysisRequest(
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                parameters=parameters,
                confirmed=confirmed,
                request_id=request_id,
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )
        return reply.run

    @refused_stream
    async def watch_analysis(
        self, run_id: str, *, resume_token: str = ""
    ) -> AsyncGenerator[segment_analysis_pb2.WatchAnalysisResponse]:
        """Every event of a run from the start, or after `resume_token`, to its terminal event.

        A lost connection is taken up again where it broke: no event is missing, none comes twice.
        """

        def open_stream(token: str) -> AsyncGenerator[segment_analysis_pb2.WatchAnalysisResponse]:
            request = segment_analysis_pb2.WatchAnalysisRequest(
                run_id=run_id, tenant_id=self._tenant_id, resume_token=token
            )
            return calls.stream(self.analysis.WatchAnalysis, request, timeout_s=None, metadata=self._metadata)

        async for item in calls.resumed(
            open_stream,
            token=resume_token,
            token_of=lambda item: item.resume_token,
            ends_with=lambda item: is_terminal(item.event),
            patience=self._patience,
        ):
            yield item

    @refused_stream
    async def discover(
        self,
        *,
        schema_id: str = "",
        parameters: segment_analysis_pb2.AnalysisParameters | None = None,
        confirmed: bool = False,
        detached: bool = False,
        request_id: str = "",
    ) -> AsyncGenerator[segment_analysis_pb2.DiscoverResponse]:
        """Start a discovery and follow it. It ends with this stream unless `detached`.

        A detached one is taken up again after a lost connection, as in `watch_analysis`.
        """

        def open_stream(token: str) -> AsyncGenerator[segment_analysis_pb2.DiscoverResponse]:
            start = segment_analysis_pb2.DiscoverRequest(
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                parameters=parameters,
                confirmed=confirmed,
                detached=detached,
                request_id=request_id,
            )
            resume = segment_analysis_pb2.DiscoverRequest(tenant_id=self._tenant_id, resume_token=token)
            return calls.stream(
                self.analysis.Discover, resume if token else start, timeout_s=None, metadata=self._metadata
            )

        if not detached:
            async for item in open_stream(""):
                yield item
            return
        async for item in calls.resumed(
            open_stream,
            token="",
            token_of=lambda item: item.resume_token,
            ends_with=lambda item: is_terminal(item.event),
            patience=self._patience,
        ):
            yield item

    @refused
    async def get_analysis(
        self, run_id: str, *, timeout_s: float | None = None
    ) -> segment_analysis_pb2.GetAnalysisResponse:
        """A run and, when it has succeeded, its result."""
        return await calls.unary(
            self.analysis.GetAnalysis,
            segment_analysis_pb2.GetAnalysisRequest(run_id=run_id, tenant_id=self._tenant_id),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def list_analyses(
        self, *, schema_id: str = "", page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> segment_analysis_pb2.ListAnalysesResponse:
        """One page of the tenant's runs, newest first."""
        return await calls.unary(
            self.analysis.ListAnalyses,
            segment_analysis_pb2.ListAnalysesRequest(
                tenant_id=self._tenant_id, schema_id=schema_id, page_size=page_size, page_token=page_token
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def cancel_analysis(
        self, run_id: str, *, timeout_s: float | None = None
    ) -> segment_analysis_pb2.AnalysisRun:
        """Stop a run. A run that has ended is returned as it is."""
        reply = await calls.unary(
            self.analysis.CancelAnalysis,
            segment_analysis_pb2.CancelAnalysisRequest(run_id=run_id, tenant_id=self._tenant_id),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return reply.run
