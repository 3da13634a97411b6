"""What makes a repeat of a request the same request."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from segmentry.errors import InvalidValue
from segmentry.state.idempotency import Claim
from segmentry.v1 import segment_analysis_pb2, segment_builder_pb2, segment_insights_pb2

REQUEST_ID_CHARACTERS = 128

# Requests whose effect happens once per `request_id`.
Once = TypeVar(
    "Once",
    segment_analysis_pb2.StartAnalysisRequest,
    segment_analysis_pb2.DiscoverRequest,
    segment_builder_pb2.CreateSegmentRequest,
    segment_builder_pb2.UpdateSegmentRequest,
    segment_builder_pb2.RecordOutcomeRequest,
    segment_analysis_pb2.ApplySegmentRequest,
    segment_insights_pb2.AcceptRecommendationRequest,
    segment_insights_pb2.ActivateQualificationRuleRequest,
    segment_insights_pb2.ArchiveQualificationRuleRequest,
    segment_insights_pb2.RunCanariesRequest,
)


def claim(request: Once, rpc: str, tenant: str) -> Claim | None:
    """The claim of a request that carries an id: everything in it but the id. None without one.

    Raises: InvalidValue for an id that is too long or cannot be printed.
    """
    request_id = request.request_id
    if not request_id:
        return None
    if len(request_id) > REQUEST_ID_CHARACTERS or not request_id.isprintable():
        raise InvalidValue(
            f"request_id is a UUID, at most {REQUEST_ID_CHARACTERS} printable characters",
            field="request_id",
            problem="range",
        )
    plain = type(request)()
    plain.CopyFrom(request)
    plain.ClearField("request_id")
    plain.tenant_id = tenant
    digest = hashlib.sha256(plain.SerializeToString(deterministic=True)).digest()
    return Claim(rpc, request_id, digest)
