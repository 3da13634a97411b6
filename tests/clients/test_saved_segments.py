"""Saved segments through the client, on a real server over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from segmentry.state.database import Database
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry_client import AsyncSegmentryClient, SegmentryCallError, to_dict

from tests.rpc.builder_server import builder


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[AsyncSegmentryClient]:
    async with builder(database=database) as served, AsyncSegmentryClient(served.address) as client:
        yield client


async def test_a_segment_lives_from_its_creation_to_its_archive(client: AsyncSegmentryClient) -> None:
    made = await client.create_segment("VIPs", {"status": "ACTIVE"}, description="all", request_id="r-1")
    assert (
        await client.create_segment("VIPs", {"status": "ACTIVE"}, description="all", request_id="r-1") == made
    )
    counted = await client.preview_count({"$segment": made.segment_id})
    assert counted.count == made.last_count
    renamed = await client.update_segment(made.segment_id, made.etag, name="Actives")
    assert (renamed.version, renamed.name, renamed.description) == (2, "Actives", "all")
    changed = await client.update_segment(
        made.segment_id,
        renamed.etag,
        criteria='{"status": "DELETED"}',
        state=pb.SEGMENT_STATE_PAUSED,
        description="",
    )
    assert to_dict(changed.criteria) == {"status": "DELETED"}
    assert (changed.state, changed.description) == (pb.SEGMENT_STATE_PAUSED, "")
    assert await client.get_segment(made.segment_id) == changed
    assert await client.get_segment(made.segment_id, version=1) == made
    assert [each.version async for each in client.list_segments(segment_id=made.segment_id)] == [1, 2, 3]
    gone = await client.delete_segment(made.segment_id, changed.etag)
    assert gone.state == pb.SEGMENT_STATE_ARCHIVED
    assert [each async for each in client.list_segments()] == []


async def test_every_page_of_the_segments_is_asked_for(client: AsyncSegmentryClient) -> None:
    made = [await client.create_segment(name, {}) for name in "ABCDE"]
    assert [each async for each in client.list_segments(page_size=2)] == made
    async for first in client.list_segments(page_size=1):
        assert first == made[0]
        break


async def test_a_stale_etag_and_an_unknown_segment_are_errors_of_the_call(
    client: AsyncSegmentryClient,
) -> None:
    made = await client.create_segment("A", {"status": "ACTIVE"})
    await client.update_segment(made.segment_id, made.etag, name="B")
    with pytest.raises(SegmentryCallError, match="VERSION_MISMATCH"):
        await client.update_segment(made.segment_id, made.etag, name="C")
    with pytest.raises(SegmentryCallError, match="VERSION_MISMATCH"):
        await client.delete_segment(made.segment_id, made.etag)
    with pytest.raises(SegmentryCallError, match="RESOURCE_NOT_FOUND"):
        await client.get_segment("seg_0000000000000000")
    with pytest.raises(SegmentryCallError, match="MISSING_FIELD"):
        await client.update_segment(made.segment_id, made.etag)


async def test_criteria_may_be_typed_and_then_keep_every_digit(client: AsyncSegmentryClient) -> None:
    leaf = criteria_pb2.Predicate(
        field="lifetimeValue",
        operator=criteria_pb2.OPERATOR_LT,
        operands=[criteria_pb2.Operand(integer=2**53 + 1)],
    )
    made = await client.create_segment("exact", criteria_pb2.Criteria(predicate=leaf))
    assert made.expression.predicate.operands[0].integer == 2**53 + 1
    leaf.operands[0].integer = 2**60 + 1
    changed = await client.update_segment(
        made.segment_id, made.etag, criteria=criteria_pb2.Criteria(predicate=leaf)
    )
    assert changed.expression.predicate.operands[0].integer == 2**60 + 1


async def test_a_segment_is_explained_and_compared_like_every_condition(
    client: AsyncSegmentryClient,
) -> None:
    made = await client.create_segment("Actives", {"status": "ACTIVE"})
    node = f'{{"$and": [{{"$segment": "{made.segment_id}"}}, {{"handicap": {{"$lt": 10}}}}]}}'
    plain = '{"$and": [{"status": "ACTIVE"}, {"handicap": {"$lt": 10}}]}'
    explained = await client.explain_count(node)
    assert explained.count == (await client.preview_count(plain)).count
    assert explained.leaves[0].path == "$and[0].$segment"
    assert explained.leaves[0].alone == made.last_count
    compared = await client.compare(node, plain)
    assert compared.same_members
    assert compared.left_count == compared.right_count == compared.both_count == explained.count
    member = await client.explain_member(node, "1")
    assert member.member == all(leaf.holds for leaf in member.leaves)
    assert member.leaves[0].path == "$and[0].$segment"
    with pytest.raises(SegmentryCallError, match="UNKNOWN_SEGMENT"):
        await client.explain_count({"$segment": "seg_0000000000000000"})


async def test_a_contract_is_kept_tested_and_forced(client: AsyncSegmentryClient) -> None:
    contract = pb.SegmentContract(min_size=1)
    made = await client.create_segment("A", {"status": "ACTIVE"}, contract=contract)
    assert (await client.test_segment(made.segment_id)).passed is True
    nobody = '{"handicap": {"$lt": 0}}'
    assert (await client.test_segment(made.segment_id, candidate=nobody)).passed is False
    with pytest.raises(SegmentryCallError) as caught:
        await client.update_segment(made.segment_id, made.etag, criteria=nobody)
    assert caught.value.reason == "SEGMENT_TESTS_FAILED"
    forced = await client.update_segment(made.segment_id, made.etag, criteria=nobody, force=True)
    assert list(forced.forced_past) == ["at least 1 customers; there are 0"]
    freed = await client.update_segment(made.segment_id, forced.etag, contract=pb.SegmentContract())
    assert not freed.HasField("contract")


async def test_versions_are_compared_and_warnings_are_heard(client: AsyncSegmentryClient) -> None:
    heard: list[str] = []
    made = await client.create_segment("A", {"status": "ACTIVE"})
    await client.create_segment("B", {"status": "ACTIVE"}, heard=lambda each: heard.append(each.reason))
    assert heard == ["NEAR_COPY"]
    await client.update_segment(made.segment_id, made.etag, name="C", criteria={"status": "DELETED"})
    found = await client.compare_versions(made.segment_id, 1)
    assert (found.older.name, found.newer.name) == ("A", "C")
    assert found.comparison.left_count == made.last_count
    assert found.comparison.both_count == 0
    assert not found.comparison.same_canonical
    lint = await client.lint_segment({"status": "ACTIVE"})
    assert [each.name for each in lint.near_copies] == ["B"]
    assert [each.name for each in (await client.lint_segment(segment_id=made.segment_id)).near_copies] == []
