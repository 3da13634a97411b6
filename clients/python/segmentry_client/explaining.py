"""Criteria explained, compared and written in other languages."""

from __future__ import annotations

from segmentry.v1 import segment_builder_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused
from segmentry_client.wire import CriteriaLike, criteria_input, criteria_of, timestamp


class Explaining(Connection):
    """Why a count is what it is, why a customer is in, how two definitions differ, and exports."""

    @refused
    async def explain_count(
        self, criteria: CriteriaLike, *, schema_id: str = "", timeout_s: float | None = None
    ) -> segment_builder_pb2.ExplainCountResponse:
        """What each condition does to the count, and what would let more customers in."""
        struct, expression = criteria_of(criteria)
        return await calls.unary(
            self.builder.ExplainCount,
            segment_builder_pb2.ExplainCountRequest(
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
    async def explain_member(
        self,
        criteria: CriteriaLike,
        customer_id: str,
        *,
        schema_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.ExplainMemberResponse:
        """Why one customer matches or does not, and the smallest changes that would turn that over."""
        struct, expression = criteria_of(criteria)
        return await calls.unary(
            self.builder.ExplainMember,
            segment_builder_pb2.ExplainMemberRequest(
                criteria=struct,
                expression=expression,
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                customer_id=customer_id,
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def compare(
        self,
        left: CriteriaLike,
        right: CriteriaLike,
        *,
        schema_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.CompareCriteriaResponse:
        """How two definitions differ, in words and in the customers that they select."""
        return await calls.unary(
            self.builder.CompareCriteria,
            segment_builder_pb2.CompareCriteriaRequest(
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                left=criteria_input(left),
                right=criteria_input(right),
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def export(
        self,
        criteria: CriteriaLike,
        target: str,
        *,
        keep_placeholders: bool = False,
        view: str = "",
        schema_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_builder_pb2.ExportCriteriaResponse:
        """Criteria in another language, such as `postgresql` or `mongodb`, with values as parameters.

        With the name of a `view` the statement defines it, for `postgresql` and `duckdb`, without parameters.
        """
        struct, expression = criteria_of(criteria)
        return await calls.unary(
            self.builder.ExportCriteria,
            segment_builder_pb2.ExportCriteriaRequest(
                criteria=struct,
                expression=expression,
                tenant_id=self._tenant_id,
                schema_id=schema_id or self._schema_id,
                as_of=timestamp(self._as_of),
                time_zone=self._time_zone,
                target=target,
                keep_placeholders=keep_placeholders,
                view=view,
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
