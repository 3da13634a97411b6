"""What must stay true of a segment, over the wire: kept, tested with reasons, refused when it breaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from segmentry.rpc.convert import struct
from segmentry.state.database import Database
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, Refusal, builder, refusal

LOW = struct.from_json({"handicap": {"$lt": 10}})


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[Client]:
    async with builder(database=database) as client:
        yield client


async def refused(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return refusal(caught.value)


async def saved(client: Client, **contract: Any) -> pb.Segment:
    segment = pb.Segment(name="low", criteria=LOW, contract=pb.SegmentContract(**contract))
    return (await client.stub.CreateSegment(pb.CreateSegmentRequest(segment=segment, force=True))).segment


async def inside(client: Client, *, wanted: bool) -> str:
    """A customer who is in, or is not."""
    for key in range(1, 200):
        asked = pb.ExplainMemberRequest(criteria=LOW, customer_id=str(key))
        if (await client.stub.ExplainMember(asked)).member is wanted:
            return str(key)
    raise AssertionError


async def test_a_segment_is_tested_with_reasons(client: Client) -> None:
    one, other = await inside(client, wanted=True), await inside(client, wanted=False)
    made = await saved(client, included_customers=[one, other], min_size=1)
    assert list(made.forced_past) == [f"customer {other} must be in and is not"]
    tested = await client.stub.TestSegment(pb.TestSegmentRequest(segment_id=made.segment_id))
    assert tested.passed is False
    assert [(each.kind, each.customer_id, each.passed) for each in tested.results] == [
        ("included", one, True),
        ("included", other, False),
        ("min_size", "", True),
    ]
    failed = tested.results[1]
    assert [leaf.path for leaf in failed.leaves] == ["handicap.$lt"]
    assert failed.leaves[0].holds is False
    assert failed.flips
    assert not tested.results[0].leaves
    right = pb.SegmentContract(included_customers=[one], excluded_customers=[other])
    tried = pb.TestSegmentRequest(segment_id=made.segment_id, contract=right)
    assert (await client.stub.TestSegment(tried)).passed is True
    everyone = criteria_pb2.CriteriaInput(criteria=struct.from_json({}))
    tried = pb.TestSegmentRequest(segment_id=made.segment_id, candidate=everyone)
    assert (await client.stub.TestSegment(tried)).passed is True


async def test_an_update_that_breaks_a_test_is_refused_and_forced(client: Client) -> None:
    made = await saved(client, min_size=1)
    made.criteria.CopyFrom(struct.from_json({"handicap": {"$lt": 0}}))
    request = pb.UpdateSegmentRequest(segment=made, update_mask=FieldMask(paths=["criteria"]))
    said = await refused(client.stub.UpdateSegment(request))
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SEGMENT_TESTS_FAILED")
    assert said.metadata["segmentId"] == made.segment_id
    assert said.metadata["tests"] == "at least 1 customers; there are 0"
    request.force = True
    forced = (await client.stub.UpdateSegment(request)).segment
    assert (forced.version, list(forced.forced_past)) == (2, ["at least 1 customers; there are 0"])
    assert forced.contract.min_size == 1


@pytest.mark.parametrize(
    ("contract", "field"),
    [
        ({"included_customers": ["1"] * 101}, "contract.included_customers"),
        ({"excluded_customers": [""]}, "contract.excluded_customers"),
        ({"included_customers": ["1"], "excluded_customers": ["1"]}, "contract.excluded_customers"),
        ({"min_size": 3, "max_size": 2}, "contract.max_size"),
    ],
)
async def test_a_contract_that_is_none_is_refused_by_name(
    client: Client, contract: dict[str, Any], field: str
) -> None:
    made = await saved(client)
    request = pb.TestSegmentRequest(segment_id=made.segment_id, contract=pb.SegmentContract(**contract))
    said = await refused(client.stub.TestSegment(request))
    assert (said.reason, said.metadata["field"]) == ("INVALID_PARAMETERS", field)
