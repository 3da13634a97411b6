"""Definitions that the server keeps under a name, in every version."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass

from google.protobuf import field_mask_pb2
from segmentry.v1 import criteria_pb2, events_pb2, segment_builder_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream
from segmentry_client.wire import CriteriaLike, criteria_input, criteria_of, timestamp

# Is told each warning of a reply.
Heard = Callable[[events_pb2.Warning], None]


@dataclass(frozen=True)
class VersionComparison:
    """Two versions of one segment, and how their criteria and members differ; left is the older one."""

    older: segment_builder_pb2.Segment
    newer: segment_builder_pb2.Segment
    comparison: segment_builder_pb2.CompareCriteriaResponse


class SavedSegments(Connection):
    """Create, get, list, update and delete. A `request_id` makes a repeat safe, so such calls are retried."""

    @refused
    async def create_segment(
        self,
        name: str,
        criteria: CriteriaLike,
        *,
        description: str = "",
        schema_id: str = "",
        state: segment_builder_pb2.SegmentState.ValueType = segment_builder_pb2.SEGMENT_STATE_UNSPECIFIED,
        build_id: str = "",
        contract: segment_builder_pb2.SegmentContract | None = None,
        force: bool = False,
        request_id: str = "",
        heard: Heard | None = None,
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.Segment:
        """Save a definition as version 1; without a `state` it is ACTIVE. `heard` is told every warning.

        Criteria that break the `contract` are refused with SEGMENT_TESTS_FAILED, unless with `force`.
        """
        struct, expression = criteria_of(criteria)
        reply = await calls.unary(
            self.builder.CreateSegment,
            segment_builder_pb2.CreateSegmentRequest(
                tenant_id=self._tenant_id,
                segment=segment_builder_pb2.Segment(
                    name=name,
                    description=description,
                    criteria=struct,
                    expression=expression,
                    schema_id=schema_id or self._schema_id,
                    state=state,
                    build_id=build_id,
                    contract=contract,
                ),
                request_id=request_id,
                force=force,
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )
        _tell(reply.warnings, heard)
        return reply.segment

    @refused
    async def get_segment(
        self, segment_id: str, *, version: int | None = None, timeout_s: float | None = None
    ) -> segment_builder_pb2.Segment:
        """The latest version of a saved segment, or the one asked for."""
        reply = await calls.unary(
            self.builder.GetSegment,
            segment_builder_pb2.GetSegmentRequest(
                tenant_id=self._tenant_id, segment_id=segment_id, version=version
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return reply.segment

    @refused_stream
    async def list_segments(
        self,
        *,
        state: segment_builder_pb2.SegmentState.ValueType = segment_builder_pb2.SEGMENT_STATE_UNSPECIFIED,
        segment_id: str = "",
        page_size: int = 0,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[segment_builder_pb2.Segment]:
        """The saved segments in order of creation, or the versions of one; pages are asked for on the way.

        Without a `state` archived ones are left out.
        """
        page_token = ""
        while True:
            page = await calls.unary(
                self.builder.ListSegments,
                segment_builder_pb2.ListSegmentsRequest(
                    tenant_id=self._tenant_id,
                    page_size=page_size,
                    page_token=page_token,
                    state=state,
                    segment_id=segment_id,
                ),
                timeout_s=timeout_s or self._deadlines.read_s,
                metadata=self._metadata,
                patience=self._patience,
            )
            for segment in page.segments:
                yield segment
            page_token = page.next_page_token
            if not page_token:
                return

    @refused
    async def update_segment(
        self,
        segment_id: str,
        etag: str,
        *,
        name: str | None = None,
        description: str | None = None,
        criteria: CriteriaLike | None = None,
        state: segment_builder_pb2.SegmentState.ValueType | None = None,
        contract: segment_builder_pb2.SegmentContract | None = None,
        build_id: str | None = None,
        force: bool = False,
        request_id: str = "",
        heard: Heard | None = None,
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.Segment:
        """Change what is given and leave the rest, as a new version. `etag` is that of the version read.
        `build_id`: the build that new criteria came from; without it they count as written by hand.

        A change that somebody else made meanwhile is refused with VERSION_MISMATCH. `heard` is told every
        warning about changed criteria. A change that breaks a contract, its own or that of a segment that
        names it, is refused with SEGMENT_TESTS_FAILED; with `force` it is saved, and says what it broke.
        """
        changed = segment_builder_pb2.Segment(
            segment_id=segment_id,
            etag=etag,
            name=name or "",
            description=description or "",
            build_id=build_id or "",
            state=state or segment_builder_pb2.SEGMENT_STATE_UNSPECIFIED,
        )
        paths = [
            path
            for path, value in (
                ("name", name),
                ("description", description),
                ("state", state),
                ("build_id", build_id),
            )
            if value is not None
        ]
        if criteria is not None:
            struct, expression = criteria_of(criteria)
            if struct is not None:
                changed.criteria.CopyFrom(struct)
                paths.append("criteria")
            if expression is not None:
                changed.expression.CopyFrom(expression)
                paths.append("expression")
        if contract is not None:
            changed.contract.CopyFrom(contract)
            paths.append("contract")
        reply = await calls.unary(
            self.builder.UpdateSegment,
            segment_builder_pb2.UpdateSegmentRequest(
                tenant_id=self._tenant_id,
                segment=changed,
                update_mask=field_mask_pb2.FieldMask(paths=paths),
                request_id=request_id,
                force=force,
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )
        _tell(reply.warnings, heard)
        return reply.segment

    @refused
    async def delete_segment(
        self, segment_id: str, etag: str, *, timeout_s: float | None = None
    ) -> segment_builder_pb2.Segment:
        """Archive a segment; refused with SEGMENT_IN_USE while others refer to it."""
        reply = await calls.unary(
            self.builder.DeleteSegment,
            segment_builder_pb2.DeleteSegmentRequest(
                tenant_id=self._tenant_id, segment_id=segment_id, etag=etag
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
        )
        return reply.segment

    @refused
    async def lint_segment(
        self,
        criteria: CriteriaLike | None = None,
        *,
        segment_id: str = "",
        schema_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.LintSegmentResponse:
        """What is odd about criteria, or about those of a saved segment; near copies too."""
        struct, expression = (None, None) if criteria is None else criteria_of(criteria)
        return await calls.unary(
            self.builder.LintSegment,
            segment_builder_pb2.LintSegmentRequest(
                criteria=struct,
                expression=expression,
                tenant_id=self._tenant_id,
                schema_id=schema_id or ("" if segment_id else self._schema_id),
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                segment_id=segment_id,
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def test_segment(
        self,
        segment_id: str,
        *,
        version: int | None = None,
        candidate: CriteriaLike | None = None,
        contract: segment_builder_pb2.SegmentContract | None = None,
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.TestSegmentResponse:
        """Hold a segment against its contract, or try a `candidate` or another `contract` before a save."""
        return await calls.unary(
            self.builder.TestSegment,
            segment_builder_pb2.TestSegmentRequest(
                tenant_id=self._tenant_id,
                segment_id=segment_id,
                version=version,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                candidate=None if candidate is None else criteria_input(candidate),
                contract=contract,
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def compare_versions(
        self,
        segment_id: str,
        older: int,
        newer: int | None = None,
        *,
        timeout_s: float | None = None,
    ) -> VersionComparison:
        """How two versions differ, in words and in today's members; no `newer` is the latest."""
        left = await self.get_segment(segment_id, version=older, timeout_s=timeout_s)
        right = await self.get_segment(segment_id, version=newer, timeout_s=timeout_s)
        found = await calls.unary(
            self.builder.CompareCriteria,
            segment_builder_pb2.CompareCriteriaRequest(
                tenant_id=self._tenant_id,
                schema_id=left.schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                left=criteria_pb2.CriteriaInput(expression=left.expression),
                right=criteria_pb2.CriteriaInput(expression=right.expression),
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return VersionComparison(left, right, found)


def _tell(warnings: Iterable[events_pb2.Warning], heard: Heard | None) -> None:
    for warning in warnings:
        if heard is not None:
            heard(warning)
