"""Replies as JSON: the keys and types of the source documents."""

from __future__ import annotations

from google.protobuf import struct_pb2
from google.rpc import status_pb2
from segmentry.v1 import segment_analysis_pb2, segment_builder_pb2
from segmentry_client import to_dict, to_json
from segmentry_client.proto_json import JsonValue


def _struct(**values: JsonValue) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def test_zeros_and_empty_lists_are_printed() -> None:
    reply = segment_builder_pb2.BuildResponse(success=True, preview_count=0)
    reply.result.criteria.CopyFrom(_struct(handicap={"$lt": 10}))
    reply.usage.prompt_tokens = 0
    reply.usage.completion_tokens = 0
    printed = to_dict(reply)
    assert printed["previewCount"] == 0
    result, usage = printed["result"], printed["usage"]
    assert isinstance(result, dict)
    assert isinstance(usage, dict)
    assert result["ambiguities"] == []
    assert result["fieldsMapped"] == []
    assert (usage["promptTokens"], usage["completionTokens"]) == (0, 0)
    assert "clarification" not in printed


def test_a_count_that_is_not_known_is_absent() -> None:
    assert "previewCount" not in to_dict(segment_builder_pb2.BuildResponse())


def test_whole_numbers_in_criteria_are_printed_whole_and_keys_are_sorted() -> None:
    reply = segment_builder_pb2.BuildResponse()
    reply.result.criteria.CopyFrom(
        _struct(handicap={"$lt": 10, "$gte": 2.5}, tags={"$in": ["b", "a"]}, big=2.0**60, flag=True)
    )
    assert to_json(reply.result.criteria) == (
        '{"big": 1.152921504606847e+18, "flag": true, "handicap": {"$gte": 2.5, "$lt": 10}, '
        '"tags": {"$in": ["b", "a"]}}'
    )


def test_free_form_values_inside_lists_and_details_are_printed_whole_too() -> None:
    result = segment_analysis_pb2.AnalysisResult()
    card = result.segments.add(size=3)
    card.filter_rules.add(field="spend", operator="gte", value=struct_pb2.Value(number_value=815))
    result.run.error.CopyFrom(status_pb2.Status(code=3, message="no"))
    assert '"value": 815}' in to_json(result)
