"""What a tenant sets for all its analyses."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask
from segmentry.v1 import segment_insights_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused


class Configuring(Connection):
    """Read and change the tenant's defaults for analysis."""

    @refused
    async def get_analysis_config(
        self, *, timeout_s: float | None = None
    ) -> segment_insights_pb2.GetAnalysisConfigResponse:
        """The tenant's defaults, with where each comes from and what may be set."""
        return await calls.unary(
            self.insights.GetAnalysisConfig,
            segment_insights_pb2.GetAnalysisConfigRequest(tenant_id=self._tenant_id),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )

    @refused
    async def update_analysis_config(
        self,
        config: segment_insights_pb2.AnalysisConfig,
        update_mask: Sequence[str],
        *,
        timeout_s: float | None = None,
    ) -> segment_insights_pb2.UpdateAnalysisConfigResponse:
        """Change what the mask names (`*`: everything); what it names and `config` leaves out is reset.

        With `config.etag` a change that somebody else made meanwhile is refused with VERSION_MISMATCH.
        """
        return await calls.unary(
            self.insights.UpdateAnalysisConfig,
            segment_insights_pb2.UpdateAnalysisConfigRequest(
                tenant_id=self._tenant_id, config=config, update_mask=FieldMask(paths=update_mask)
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
        )
