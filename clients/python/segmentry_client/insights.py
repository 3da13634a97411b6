"""What the service knows of itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from segmentry.v1 import criteria_pb2, segment_builder_pb2, segment_insights_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream
from segmentry_client.wire import CriteriaLike, criteria_of


class Insights(Connection):
    """How the model experts have been doing, and what became of what they proposed."""

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

    @refused
    async def record_outcome(
        self,
        build_id: str,
        outcome: segment_builder_pb2.BuildOutcome.ValueType,
        *,
        final: CriteriaLike | None = None,
        comment: str = "",
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.RecordOutcomeResponse:
        """Say what became of a build. It is kept when this returns; the last report of a build counts."""
        given = None
        if final is not None:
            struct, expression = criteria_of(final)
            given = criteria_pb2.CriteriaInput(criteria=struct, expression=expression)
        return await calls.unary(
            self.builder.RecordOutcome,
            segment_builder_pb2.RecordOutcomeRequest(
                tenant_id=self._tenant_id,
                build_id=build_id,
                outcome=outcome,
                final=given,
                comment=comment,
                request_id=request_id,
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused_stream
    async def list_outcomes(
        self,
        *,
        change: segment_builder_pb2.OutcomeChange.ValueType = segment_builder_pb2.OUTCOME_CHANGE_UNSPECIFIED,
        page_size: int = 0,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[segment_insights_pb2.RecordedOutcome]:
        """What became of builds, in order of reporting; pages are asked for on the way."""
        page_token = ""
        while True:
            page = await calls.unary(
                self.insights.ListOutcomes,
                segment_insights_pb2.ListOutcomesRequest(
                    tenant_id=self._tenant_id, change=change, page_size=page_size, page_token=page_token
                ),
                timeout_s=timeout_s or self._deadlines.read_s,
                metadata=self._metadata,
                patience=self._patience,
            )
            for each in page.outcomes:
                yield each
            page_token = page.next_page_token
            if not page_token:
                return

    @refused
    async def run_canaries(
        self, *, request_id: str = "", timeout_s: float | None = None
    ) -> segment_insights_pb2.RunCanariesResponse:
        """Start to ask the model the stored queries again; returns at once with the run.

        A run that is under way is returned as it is. A `request_id` makes a repeat safe once that has ended.
        """
        return await calls.unary(
            self.insights.RunCanaries,
            segment_insights_pb2.RunCanariesRequest(tenant_id=self._tenant_id, request_id=request_id),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused
    async def canaries(self, *, timeout_s: float | None = None) -> segment_insights_pb2.GetCanariesResponse:
        """The last run of the stored queries, and what is answered otherwise than was accepted."""
        return await calls.unary(
            self.insights.GetCanaries,
            segment_insights_pb2.GetCanariesRequest(tenant_id=self._tenant_id),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def accept_canaries(
        self, run_id: str, *, timeout_s: float | None = None
    ) -> segment_insights_pb2.AcceptCanariesResponse:
        """Hold later runs against the answers of this one."""
        return await calls.unary(
            self.insights.AcceptCanaries,
            segment_insights_pb2.AcceptCanariesRequest(tenant_id=self._tenant_id, run_id=run_id),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def cancel_canaries(
        self, run_id: str, *, timeout_s: float | None = None
    ) -> segment_insights_pb2.CancelCanariesResponse:
        """Stop a run of the stored queries; what was answered by then stays."""
        return await calls.unary(
            self.insights.CancelCanaries,
            segment_insights_pb2.CancelCanariesRequest(tenant_id=self._tenant_id, run_id=run_id),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience,
        )
