"""Python values as the contract carries them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from google.protobuf import struct_pb2, timestamp_pb2
from segmentry.v1 import criteria_pb2, segment_analysis_pb2

from segmentry_client.proto_json import JsonValue

CriteriaLike = Mapping[str, JsonValue] | struct_pb2.Struct | criteria_pb2.Criteria

_TERMINAL = frozenset(
    (
        segment_analysis_pb2.RUN_STATE_SUCCEEDED,
        segment_analysis_pb2.RUN_STATE_FAILED,
        segment_analysis_pb2.RUN_STATE_CANCELLED,
    )
)


def is_terminal(event: segment_analysis_pb2.AnalysisEvent) -> bool:
    """True for the last event of a run: its result, or the run in a state that it never leaves."""
    kind = event.WhichOneof("kind")
    return kind == "result" or (kind == "run" and event.run.state in _TERMINAL)


def timestamp(moment: datetime | None) -> timestamp_pb2.Timestamp | None:
    """An instant for the wire. A naive `datetime` would be a guess, so it is refused with ValueError."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("as_of needs a time zone, such as datetime(..., tzinfo=timezone.utc)")
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def struct_of(criteria: Mapping[str, JsonValue]) -> struct_pb2.Struct:
    """Criteria in the JSON form of the documents, for the wire."""
    struct = struct_pb2.Struct()
    struct.update(criteria)
    return struct


def criteria_of(
    criteria: CriteriaLike,
) -> tuple[struct_pb2.Struct | None, criteria_pb2.Criteria | None]:
    """The two forms in which a request takes criteria, of which one is given."""
    if isinstance(criteria, criteria_pb2.Criteria):
        return None, criteria
    if isinstance(criteria, struct_pb2.Struct):
        return criteria, None
    return struct_of(criteria), None
