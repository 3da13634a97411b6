"""What is odd about criteria: asked for, and said when they are saved."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from segmentry.rpc.convert import struct
from segmentry.state.database import Database
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, builder, refusal

NOBODY = struct.from_json({"$and": [{"handicap": {"$gt": 20}}, {"handicap": {"$lt": 3}}]})
ACTIVE = struct.from_json({"status": "ACTIVE"})


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[Client]:
    async with builder(database=database) as client:
        yield client


async def create(client: Client, criteria: Struct, name: str) -> pb.CreateSegmentResponse:
    request = pb.CreateSegmentRequest(segment=pb.Segment(name=name, criteria=criteria))
    return await client.stub.CreateSegment(request)


async def test_a_contradiction_is_saved_and_said(client: Client) -> None:
    made = await create(client, NOBODY, "nobody")
    assert made.segment.version == 1
    assert [(each.reason, each.path) for each in made.warnings] == [
        ("CONTRADICTION", "$and"),
        ("MATCHES_NOBODY", ""),
    ]


async def test_a_copy_is_named_when_it_is_saved_and_when_it_is_asked_for(client: Client) -> None:
    first = (await create(client, ACTIVE, "actives")).segment
    second = await create(client, ACTIVE, "actives again")
    (warning,) = second.warnings
    assert warning.reason == "NEAR_COPY"
    assert first.segment_id in warning.message
    found = await client.stub.LintSegment(pb.LintSegmentRequest(segment_id=second.segment.segment_id))
    (copy,) = found.near_copies
    assert (copy.segment_id, copy.same_criteria, copy.jaccard) == (first.segment_id, True, 1.0)
    assert copy.count == copy.both_count == first.last_count
    assert [each.reason for each in found.warnings] == ["NEAR_COPY"]


async def test_an_update_of_the_name_is_not_looked_at_again(client: Client) -> None:
    segment = (await create(client, NOBODY, "nobody")).segment
    segment.name = "none"
    renamed = await client.stub.UpdateSegment(
        pb.UpdateSegmentRequest(segment=segment, update_mask=FieldMask(paths=["name"]))
    )
    assert not renamed.warnings
    renamed.segment.criteria.CopyFrom(NOBODY)
    changed = await client.stub.UpdateSegment(
        pb.UpdateSegmentRequest(segment=renamed.segment, update_mask=FieldMask(paths=["criteria"]))
    )
    assert [each.reason for each in changed.warnings] == ["CONTRADICTION", "MATCHES_NOBODY"]


async def test_a_lint_of_nothing_says_what_is_missing(client: Client) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.stub.LintSegment(pb.LintSegmentRequest())
    assert refusal(caught.value).reason == "MISSING_FIELD"
