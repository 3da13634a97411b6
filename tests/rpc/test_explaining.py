"""ExplainCount, ExplainMember and CompareCriteria over a real gRPC server."""

from __future__ import annotations

import json

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from segmentry.criteria import check, match, parse
from segmentry.criteria.nodes import Node
from segmentry.customers.suppressed import suppressed
from segmentry.rpc.convert.criteria import from_expression, to_expression, to_struct
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import AS_OF, builder, clock, club, golf_store, refusal

ACTIVE_LOW = (
    '{"$and":[{"status":"ACTIVE"},{"handicap":{"$lt":10}},{"$or":[{"city":"Paris"},{"emailOptIn":true}]}]}'
)
NOBODY = '{"$and":[{"handicap":{"$lt":0}},{"lastBookingAt":{"$gte":"{{90_DAYS_AGO}}"}}]}'


def _bound(criteria: str) -> Node:
    return check.require(parse.loads(criteria), club().catalog, clock()).bound


def brute_force(criteria: str) -> int:
    return sum(match.select(_bound(criteria), club().rows_as_mappings(), AS_OF, club().events_as_mappings()))


def given(criteria: str) -> pb.ExplainCountRequest:
    return pb.ExplainCountRequest(criteria=to_struct(parse.loads(criteria)))


def side(criteria: str) -> criteria_pb2.CriteriaInput:
    return criteria_pb2.CriteriaInput(criteria=to_struct(parse.loads(criteria)))


async def test_a_count_is_explained_leaf_by_leaf_and_clause_by_clause() -> None:
    async with builder() as client:
        reply = await client.stub.ExplainCount(given(ACTIVE_LOW))
        typed = await client.stub.ExplainCount(
            pb.ExplainCountRequest(expression=to_expression(parse.loads(ACTIVE_LOW)))
        )
    assert reply == typed
    assert reply.count == brute_force(ACTIVE_LOW) == reply.clauses[-1].running
    assert reply.universe == club().rows
    assert [leaf.leaf_id for leaf in reply.leaves] == ["l1", "l2", "l3", "l4"]
    assert reply.leaves[0].path == "$and[0].status"
    assert [leaf.HasField("running") for leaf in reply.leaves] == [True, True, False, False]
    assert reply.leaves[0].running == brute_force('{"status":"ACTIVE"}') == reply.leaves[0].alone
    assert [list(each.leaf_ids) for each in reply.clauses] == [["l1"], ["l2"], ["l3", "l4"]]
    assert reply.clauses[2].without == brute_force('{"$and":[{"status":"ACTIVE"},{"handicap":{"$lt":10}}]}')
    assert reply.leaves[1].missing_value == brute_force('{"handicap":null}')
    assert reply.strongest_leaf_id == "l2"
    assert (reply.snapshot_id, reply.time_zone) == (club().snapshot_id, clock().zone.key)
    assert not reply.relaxations


async def test_relaxations_of_nobody_really_count_that_many() -> None:
    async with builder() as client:
        reply = await client.stub.ExplainCount(given(NOBODY))
    assert reply.count == 0
    assert [each.reason for each in reply.warnings][-1] == "MATCHES_NOBODY"
    assert 1 < len(reply.relaxations) <= 3
    counts = [each.count for each in reply.relaxations]
    assert counts == sorted(counts, reverse=True)
    for each in reply.relaxations:
        criteria = json.dumps(json_format.MessageToDict(each.criteria))
        assert each.count == brute_force(criteria) > 0
        assert from_expression(each.expression) == parse.loads(criteria)
    assert reply.relaxations[0].label == 'without "handicap is less than 0"'
    moved = next(each for each in reply.relaxations if "instead of" in each.label)
    bound = json_format.MessageToDict(moved.criteria)["$and"][0]["handicap"]["$lte"]
    best = min(
        row["handicap"]
        for row, inside in zip(
            club().rows_as_mappings(),
            match.select(
                _bound('{"lastBookingAt":{"$gte":"{{90_DAYS_AGO}}"}}'), club().rows_as_mappings(), AS_OF
            ),
            strict=True,
        )
        if inside and isinstance(row["handicap"], float)
    )
    assert bound == best


async def test_a_moving_date_is_relaxed_to_months() -> None:
    nobody = (
        '{"$and":[{"lastBookingAt":{"$gte":"{{0_DAYS_AGO}}"}},{"lastBookingAt":{"$lt":"{{1_DAYS_AGO}}"}}]}'
    )
    async with builder() as client:
        reply = await client.stub.ExplainCount(given(nobody))
    texts = [json.dumps(json_format.MessageToDict(each.criteria)) for each in reply.relaxations]
    assert any("{{1_MONTHS_AGO}}" in text for text in texts), texts
    assert all(
        each.count == brute_force(text) > 0 for each, text in zip(reply.relaxations, texts, strict=True)
    )


async def test_a_member_is_explained_by_the_number_of_the_row() -> None:
    async with builder() as client:
        for number in range(1, 20):
            reply = await client.stub.ExplainMember(
                pb.ExplainMemberRequest(criteria=to_struct(parse.loads(ACTIVE_LOW)), customer_id=str(number))
            )
            row = club().rows_as_mappings(number)[number - 1]
            assert reply.member is match.matches(_bound(ACTIVE_LOW), row, AS_OF)
            assert [leaf.leaf_id for leaf in reply.leaves] == ["l1", "l2", "l3", "l4"]
            assert reply.customer_id == str(number)
            assert reply.flips
            shown = (
                json_format.MessageToDict(reply.leaves[1].actual)
                if reply.leaves[1].HasField("actual")
                else None
            )
            assert shown == row["handicap"]
            assert reply.leaves[1].missing_value is (row["handicap"] is None)


@pytest.mark.parametrize(
    ("customer_id", "code", "reason"),
    [
        ("", grpc.StatusCode.INVALID_ARGUMENT, "MISSING_FIELD"),
        ("2001", grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"),
        ("nobody", grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"),
        ("x" * 2000, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE"),
    ],
)
async def test_a_customer_who_is_not_there_is_refused(
    customer_id: str, code: grpc.StatusCode, reason: str
) -> None:
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await client.stub.ExplainMember(
                pb.ExplainMemberRequest(criteria=to_struct(parse.loads("{}")), customer_id=customer_id)
            )
    said = refusal(refused.value)
    assert (said.code, said.reason) == (code, reason)
    if code is grpc.StatusCode.NOT_FOUND:
        assert said.metadata["resourceType"] == "customer"


async def test_two_definitions_are_compared_in_words_and_in_customers() -> None:
    left, right = (
        '{"handicap":{"$lt":10}}',
        '{"$and":[{"handicap":{"$lt":12}},{"email":{"$endsWith":".co.za"}}]}',
    )
    async with builder() as client:
        reply = await client.stub.CompareCriteria(
            pb.CompareCriteriaRequest(left=side(left), right=side(right))
        )
    assert (reply.same_canonical, reply.same_members, reply.diff.equivalent) == (False, False, False)
    assert [change.path for change in reply.diff.changes] == [
        "$and[0].handicap.$lt",
        "$and[1].email.$endsWith",
    ]
    assert (reply.left_count, reply.right_count) == (brute_force(left), brute_force(right))
    assert reply.both_count == brute_force(f'{{"$and":[{left},{right}]}}')
    assert reply.only_left == reply.left_count - reply.both_count
    assert reply.only_right == reply.right_count - reply.both_count
    assert reply.jaccard == reply.both_count / (reply.both_count + reply.only_left + reply.only_right)
    witness = json_format.MessageToDict(reply.witness)
    assert set(witness) == {"handicap"}
    assert witness["handicap"] < 10
    assert reply.witness_side == "left"


async def test_other_words_for_the_same_are_the_same() -> None:
    async with builder() as client:
        reply = await client.stub.CompareCriteria(
            pb.CompareCriteriaRequest(
                left=side('{"status":{"$neq":"ACTIVE"}}'), right=side('{"$not":{"status":"ACTIVE"}}')
            )
        )
    assert (reply.same_canonical, reply.same_members) == (True, True)
    assert not reply.HasField("witness")
    assert (reply.only_left, reply.only_right, reply.jaccard) == (0, 0, 1.0)


async def test_faults_of_both_sides_are_said_with_their_side() -> None:
    request = pb.CompareCriteriaRequest(left=side('{"handicp":1}'), right=side('{"$and":[{"staus":"x"}]}'))
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await client.stub.CompareCriteria(request)
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await client.stub.CompareCriteria(pb.CompareCriteriaRequest(left=side("{}")))
        broken = pb.CompareCriteriaRequest(left=side("{}"), right=side("{}"))
        broken.right.criteria.fields["$regex"].string_value = "x"
        with pytest.raises(grpc.aio.AioRpcError) as unreadable:
            await client.stub.CompareCriteria(broken)
    assert [each.path for each in refusal(refused.value).violations] == [
        "left.criteria.handicp",
        "right.criteria.$and[0].staus",
    ]
    assert refusal(missing.value).metadata["field"] == "right.criteria"
    said = refusal(unreadable.value)
    assert all(each.path.startswith("right.criteria") for each in said.violations)
    assert said.metadata.get("path", "right.criteria").startswith("right.criteria")


def numbers(message: Message) -> list[int]:
    """Every whole number of a reply, wherever it stands; shares and criteria are no counts."""
    found: list[int] = []
    for field, value in message.ListFields():
        if field.type == field.TYPE_UINT32:
            found.append(value)
        elif field.message_type is not None and field.message_type.file.package == "segmentry.v1":
            parts = list(value) if field.is_repeated else [value]
            found.extend(number for part in parts for number in numbers(part))
    return found


@pytest.mark.parametrize("k", [5, 11])
async def test_with_small_counts_kept_back_no_reply_shows_one(k: int) -> None:
    store, universe = suppressed(golf_store(), k), club().rows
    criteria = [
        '{"$and":[{"city":"Paarl"},{"lifecycleStage":"ADVOCATE"},{"emailOptIn":true}]}',
        '{"$or":[{"city":{"$exists":true}},{"city":"Paarl"},{"status":"ACTIVE"}]}',
        '{"$and":[{"membershipTier":"PLATINUM"},{"city":"Paarl"},{"tags":{"$contains":"vip"}}]}',
        '{"$not":{"$and":[{"membershipTier":"PLATINUM"},{"city":"Paris"}]}}',
        "{}",
    ]
    counts: list[int] = []
    seen_suppressed = False
    async with builder(store) as client:
        for one in criteria:
            node = to_struct(parse.loads(one))
            explained = await client.stub.ExplainCount(pb.ExplainCountRequest(criteria=node))
            preview = await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=node))
            for other in criteria:
                compared = await client.stub.CompareCriteria(
                    pb.CompareCriteriaRequest(left=side(one), right=side(other))
                )
                assert not compared.HasField("witness")
                seen_suppressed |= compared.suppressed
                counts += numbers(compared)
            assert explained.suppressed is preview.suppressed is not explained.HasField("count")
            counts += numbers(explained)
            counts += numbers(preview)
            assert preview.HasField("percentage") is preview.HasField("count")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await client.stub.ExplainMember(pb.ExplainMemberRequest(criteria=node, customer_id="1"))
            assert refusal(refused.value).reason == "SMALL_COUNTS_WITHHELD"
        built = await client.stub.Build(pb.BuildRequest(query="platinum members in Paarl with email opt-in"))
        for leaf in built.result.provenance:
            del leaf.spans[:]
        counts += numbers(built)
    assert seen_suppressed
    assert counts
    assert {n for n in counts if n % k or (universe - k < n < universe) or 0 < n < k} == set()
