"""The readiness of a table, as messages."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from segmentry.errors import InvalidParameters, Violation
from segmentry.insights.readiness import Finding, Level, Readiness
from segmentry.rpc.convert.times import timestamp
from segmentry.v1 import segment_insights_pb2 as pb

INTERVAL_S = 300.0
INTERVAL_BOUNDS_S = (10.0, 3600.0)

_LEVELS: dict[Level, pb.ReadinessLevel.ValueType] = {
    "READY": pb.READINESS_LEVEL_READY,
    "DEGRADED": pb.READINESS_LEVEL_DEGRADED,
    "NOT_READY": pb.READINESS_LEVEL_NOT_READY,
}


def interval_from(request: pb.WatchReadinessRequest) -> float:
    """The seconds between two reports. Raises: InvalidParameters outside the bounds."""
    if not request.HasField("interval"):
        return INTERVAL_S
    seconds = seconds_of(request.interval)
    low, high = INTERVAL_BOUNDS_S
    if not low <= seconds <= high:
        text = f"interval must be from {low:g} to {high:,.0f} s, got {seconds:g} s"
        raise InvalidParameters(
            text, violations=[Violation("interval", "INVALID_VALUE", text)], field="interval"
        )
    return seconds


def seconds_of(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def readiness(value: Readiness, interval_s: float) -> pb.Readiness:
    message = pb.Readiness(
        score=value.score,
        level=_LEVELS[value.level],
        findings=[_finding(each) for each in value.findings],
        checked_at=timestamp(value.checked_at),
        next_check_at=timestamp(value.checked_at + timedelta(seconds=interval_s)),
        llm_available=value.llm_available,
        worker_available=value.worker_available,
        rows=value.rows,
        schema_id=value.schema_id,
        snapshot_id=value.snapshot_id,
        usable_fields=value.usable_fields,
        algorithms=value.algorithms,
    )
    if value.loaded_at is not None:
        message.loaded_at.CopyFrom(timestamp(value.loaded_at))
    return message


def _finding(value: Finding) -> pb.Finding:
    return pb.Finding(
        reason=value.reason,
        level=_LEVELS[value.level],
        field=value.field,
        message=value.message,
        advice=value.advice,
        value=value.value,
        limit=value.limit,
        resource_id=value.resource_id,
    )
