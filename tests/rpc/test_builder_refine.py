"""Refine and its stream, through a real server."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder, refusal

SOURCE_BODY = """{
  "instruction": "Also require email opt-in",
  "currentCriteria": {"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}},
  "tenantId": "tenant_123"
}"""


def struct(body: str) -> Struct:
    return json_format.Parse(body, Struct())


async def test_source_body_gives_the_source_criteria_a_diff_and_both_counts() -> None:
    async with builder() as client:
        reply = await client.stub.Refine(json_format.Parse(SOURCE_BODY, pb.RefineRequest()))
        tiers = pb.PreviewCountRequest(criteria=struct('{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}'))
        before = await client.stub.PreviewCount(tiers)
        after = await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=reply.result.criteria))
    assert json_format.MessageToDict(reply.result.criteria) == {
        "$and": [{"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}, {"emailOptIn": True}]
    }
    assert list(reply.result.fields_mapped) == ["membershipTier", "emailOptIn"]
    assert (reply.previous_count, reply.preview_count) == (before.count, after.count)
    assert reply.usage.HasField("prompt_tokens")
    [change] = reply.diff.changes
    assert (change.kind, change.path) == (criteria_pb2.CHANGE_KIND_ADDED, "$and[1].emailOptIn")
    assert json_format.MessageToDict(change.after) == {"emailOptIn": True}
    assert not change.HasField("before")
    assert [leaf.source for leaf in reply.result.provenance] == [pb.LEAF_SOURCE_KEPT, pb.LEAF_SOURCE_SAID]


async def test_typed_and_json_form_of_the_current_criteria_mean_the_same() -> None:
    async with builder() as client:
        from_json = await client.stub.Refine(json_format.Parse(SOURCE_BODY, pb.RefineRequest(request_id="r")))
        request = json_format.Parse(SOURCE_BODY, pb.RefineRequest(request_id="r"))
        tier = from_json.result.expression.all_of.items[0]
        request.ClearField("current_criteria")
        request.current_expression.CopyFrom(tier)
        from_tree = await client.stub.Refine(request)
    for reply in (from_tree, from_json):
        reply.ClearField("build_id")
    assert from_tree == from_json


async def test_stream_ends_with_the_same_reply() -> None:
    async with builder() as client:
        request = json_format.Parse(SOURCE_BODY, pb.StreamRefineRequest(request_id="r"))
        heard = [event async for event in client.stub.StreamRefine(request)]
        reply = await client.stub.Refine(json_format.Parse(SOURCE_BODY, pb.RefineRequest(request_id="r")))
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    assert heard[0].HasField("started")
    assert [event.HasField("completed") for event in heard].index(True) == len(heard) - 1
    assert heard[-1].completed == reply


async def test_faulty_current_criteria_come_back_with_every_path_and_suggestions() -> None:
    current = struct('{"$and":[{"engagmentScore":{"$gte":70}},{"status":"ACTVE"}]}')
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Refine(pb.RefineRequest(instruction="also email", current_criteria=current))
    found = refusal(raised.value)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert found.message == "Unknown field: engagmentScore"
    assert found.metadata["field"] == "engagmentScore"
    assert [(each.reason, each.path) for each in found.violations] == [
        ("INVALID_FIELD", "$and[0].engagmentScore.$gte"),
        ("INVALID_VALUE", "$and[1].status"),
    ]
    assert [value.string_value for value in found.violations[0].suggestions] == ["engagementScore"]


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (pb.RefineRequest(current_criteria=Struct()), "MISSING_FIELD", "instruction"),
        (pb.RefineRequest(instruction="also email opt-in"), "MISSING_FIELD", "current_criteria"),
        (
            pb.RefineRequest(
                instruction="also email opt-in",
                current_criteria=Struct(),
                current_expression=criteria_pb2.Criteria(
                    predicate=criteria_pb2.Predicate(
                        field="status",
                        operator=criteria_pb2.OPERATOR_EQ,
                        operands=[criteria_pb2.Operand(text="ACTIVE")],
                    )
                ),
            ),
            "CONFLICTING_CRITERIA",
            "current_expression",
        ),
    ],
    ids=["no instruction", "no criteria", "two criteria"],
)
async def test_incomplete_refinement_is_refused(request_: pb.RefineRequest, reason: str, field: str) -> None:
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Refine(request_)
    found = refusal(raised.value)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert found.metadata["field"] == field
