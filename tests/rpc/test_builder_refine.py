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


async def test_every_reading_of_a_question_is_an_answer_to_the_same_words() -> None:
    current = struct('{"$and":[{"handicap":{"$lte":12}},{"engagementScore":{"$gte":20}}]}')
    asked = pb.RefineRequest(instruction="make it 40 and drop the country", current_criteria=current)
    wide = pb.RefineRequest(instruction="make it 40", current_criteria=current)
    async with builder() as client:
        nothing = await client.stub.Refine(asked)
        reply = await client.stub.Refine(wide)
        question = reply.clarification.questions[0]
        readings = {each.reading_id: each for each in reply.clarification.readings}
        taken: list[pb.RefineResponse] = []
        for reading_id in question.reading_ids:
            options = pb.BuildOptions(answers=[pb.Answer(question_id="q1", reading_id=reading_id)])
            taken.append(
                await client.stub.Refine(
                    pb.RefineRequest(instruction="make it 40", current_criteria=current, options=options)
                )
            )
    assert nothing.clarification.reason == reply.clarification.reason == "AMBIGUOUS_QUERY"
    assert "'make it 40'" in question.text
    assert len(taken) == 2
    for answer, reading_id in zip(taken, question.reading_ids, strict=True):
        assert answer.result.criteria == readings[reading_id].criteria
        assert answer.preview_count == readings[reading_id].count
        assert answer.previous_count == reply.previous_count
        [change] = answer.diff.changes
        assert change.kind == criteria_pb2.CHANGE_KIND_CHANGED
        assert change.before != change.after


async def test_several_edits_come_back_as_one_typed_diff_with_both_counts() -> None:
    current = struct(
        '{"$and":[{"membershipTier":"GOLD"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}},{"status":"ACTIVE"}]}'
    )
    instruction = "drop the status, make it 90 days and also require sms opt-in"
    async with builder() as client:
        reply = await client.stub.Refine(pb.RefineRequest(instruction=instruction, current_criteria=current))
        count = await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=reply.result.criteria))
        before = await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=current))
    assert [(each.kind, each.path) for each in reply.diff.changes] == [
        (criteria_pb2.CHANGE_KIND_CHANGED, "$and[1].lastBookingAt.$lt"),
        (criteria_pb2.CHANGE_KIND_ADDED, "$and[2].smsOptIn"),
        (criteria_pb2.CHANGE_KIND_REMOVED, "$and[2].status"),
    ]
    changed, added, removed = reply.diff.changes
    assert json_format.MessageToDict(changed.before) == {"lastBookingAt": {"$lt": "{{60_DAYS_AGO}}"}}
    assert json_format.MessageToDict(changed.after) == {"lastBookingAt": {"$lt": "{{90_DAYS_AGO}}"}}
    assert (added.HasField("before"), removed.HasField("after")) == (False, False)
    assert (reply.previous_count, reply.preview_count) == (before.count, count.count)
    sources = [leaf.source for leaf in reply.result.provenance]
    assert sources == [pb.LEAF_SOURCE_KEPT, pb.LEAF_SOURCE_SAID, pb.LEAF_SOURCE_SAID]
    words = [span.text for leaf in reply.result.provenance for span in leaf.spans]
    assert words == ["make it 90 days", "sms opt-in"]
