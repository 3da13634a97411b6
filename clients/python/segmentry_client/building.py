"""Words to criteria, criteria to a number, and what can be asked of a table."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from segmentry.v1 import catalog_pb2, segment_builder_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream
from segmentry_client.wire import CriteriaLike, criteria_of, timestamp


class Building(Connection):
    """Build, refine, count, and the lists of fields and tables."""

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
