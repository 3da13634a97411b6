"""The asynchronous client: one method per RPC, with its deadline, its retries and its errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from segmentry.v1 import catalog_pb2, segment_analysis_pb2, segment_builder_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream
from segmentry_client.wire import CriteriaLike, criteria_of, is_terminal, timestamp


class AsyncSegmentryClient(Connection):
    """A connection to one server. Use it with `async with`, and from one event loop.

    `tenant_id`, `schema_id`, `as_of` and `time_zone` are sent with every request that takes them; each
    method can override the schema and the time. Every method raises `SegmentryCallError`.
    """

    # --- words to criteria ------------------------------------------------------------------------

    @refused
    async def build(
        self,
        query: str,
        *,
        schema_id: str = "",
        options: segment_builder_pb2.BuildOptions | None = None,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.BuildResponse:
        """Turn words into criteria. The outcome is a result or a clarification, both status OK."""
        return await calls.unary(
            self.builder.Build,
            segment_builder_pb2.BuildRequest(
                query=query,
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                options=options,
                request_id=request_id,
            ),
            timeout_s=timeout_s or self._deadlines.build_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused_stream
    async def stream_build(
        self,
        query: str,
        *,
        schema_id: str = "",
        options: segment_builder_pb2.BuildOptions | None = None,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> AsyncGenerator[segment_builder_pb2.StreamBuildResponse]:
        """As `build`, with everything on the way: subtasks, partial criteria, counts. `completed` is last."""
        request = segment_builder_pb2.StreamBuildRequest(
            query=query,
            tenant_id=self._tenant_id,
            schema_id=schema_id or self._schema_id,
            as_of=timestamp(self._as_of),
            time_zone=self._time_zone,
            options=options,
            request_id=request_id,
        )
        async for item in calls.stream(
            self.builder.StreamBuild,
            request,
            timeout_s=timeout_s or self._deadlines.build_s,
            metadata=self._metadata,
        ):
            yield item

    @refused
    async def refine(
        self,
        instruction: str,
        current: CriteriaLike,
        *,
        schema_id: str = "",
        options: segment_builder_pb2.BuildOptions | None = None,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.RefineResponse:
        """Change criteria by an instruction; conditions that it does not name come back as they were."""
        struct, expression = criteria_of(current)
        return await calls.unary(
            self.builder.Refine,
            segment_builder_pb2.RefineRequest(
                instruction=instruction,
                current_criteria=struct,
                current_expression=expression,
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                options=options,
                request_id=request_id,
            ),
            timeout_s=timeout_s or self._deadlines.build_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused_stream
    async def stream_refine(
        self,
        instruction: str,
        current: CriteriaLike,
        *,
        schema_id: str = "",
        options: segment_builder_pb2.BuildOptions | None = None,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> AsyncGenerator[segment_builder_pb2.StreamRefineResponse]:
        """As `refine`, with everything on the way; `completed` is last."""
        struct, expression = criteria_of(current)
        request = segment_builder_pb2.StreamRefineRequest(
            instruction=instruction,
            current_criteria=struct,
            current_expression=expression,
            tenant_id=self._tenant_id,
            schema_id=schema_id or self._schema_id,
            as_of=timestamp(self._as_of),
            time_zone=self._time_zone,
            options=options,
            request_id=request_id,
        )
        async for item in calls.stream(
            self.builder.StreamRefine,
            request,
            timeout_s=timeout_s or self._deadlines.build_s,
            metadata=self._metadata,
        ):
            yield item

    @refused
    async def preview_count(
        self, criteria: CriteriaLike, *, schema_id: str = "", timeout_s: float | None = None
    ) -> segment_builder_pb2.PreviewCountResponse:
        """How many customers match, of how many. `{}` is everyone."""
        struct, expression = criteria_of(criteria)
        return await calls.unary(
            self.builder.PreviewCount,
            segment_builder_pb2.PreviewCountRequest(
                criteria=struct,
                expression=expression,
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def list_fields(
        self, *, schema_id: str = "", timeout_s: float | None = None
    ) -> Sequence[catalog_pb2.Field]:
        """The fields that criteria may use, with their operators, in the catalog's order; every page."""
        fields: list[catalog_pb2.Field] = []
        page_token = ""
        while True:
            page = await calls.unary(
                self.builder.ListFields,
                segment_builder_pb2.ListFieldsRequest(
                    tenant_id=self._tenant_id, schema_id=schema_id or self._schema_id, page_token=page_token
                ),
                timeout_s=timeout_s or self._deadlines.read_s,
                metadata=self._metadata,
                patience=self._patience,
            )
            fields.extend(page.fields)
            page_token = page.next_page_token
            if not page_token:
                return fields

    @refused
    async def list_schemas(self, *, timeout_s: float | None = None) -> Sequence[catalog_pb2.Schema]:
        """The customer tables of the tenant, default first; every page."""
        schemas: list[catalog_pb2.Schema] = []
        page_token = ""
        while True:
            page = await calls.unary(
                self.builder.ListSchemas,
                segment_builder_pb2.ListSchemasRequest(tenant_id=self._tenant_id, page_token=page_token),
                timeout_s=timeout_s or self._deadlines.read_s,
                metadata=self._metadata,
                patience=self._patience,
            )
            schemas.extend(page.schemas)
            page_token = page.next_page_token
            if not page_token:
                return schemas

    # --- tables to segments -----------------------------------------------------------------------

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
