"""Python values as the contract carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import grpc
from google.protobuf import struct_pb2, timestamp_pb2
from segmentry.v1 import criteria_pb2, segment_analysis_pb2

from segmentry_client.errors import SegmentryCallError
from segmentry_client.proto_json import JsonValue

CriteriaLike = Mapping[str, JsonValue] | str | struct_pb2.Struct | criteria_pb2.Criteria

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
    if isinstance(criteria, str):
        return _struct_of_text(criteria), None
    return struct_of(criteria), None


def criteria_input(criteria: CriteriaLike) -> criteria_pb2.CriteriaInput:
    """Criteria as a message of their own."""
    struct, expression = criteria_of(criteria)
    return criteria_pb2.CriteriaInput(criteria=struct, expression=expression)


def _struct_of_text(text: str) -> struct_pb2.Struct:
    """Criteria given as JSON text. Raises: SegmentryCallError, as the server would refuse them."""
    try:
        value: JsonValue = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        if isinstance(value, dict):
            return struct_of(value)
    except UnicodeEncodeError:
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        raise _refused(str(error)) from None
    raise _refused("criteria are a JSON object")


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_number(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON")


def _refused(problem: str) -> SegmentryCallError:
    return SegmentryCallError(
        grpc.StatusCode.INVALID_ARGUMENT, "PARSE_ERROR", f"the criteria are no tree: {problem}"
    )
