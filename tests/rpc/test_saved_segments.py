"""Saved segments over the wire, and `$segment` wherever criteria are taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from segmentry.rpc.access import Principal
from segmentry.rpc.convert import struct
from segmentry.state.database import Database
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, Refusal, builder, refusal


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[Client]:
    async with builder(database=database) as client:
        yield client


def criteria(**fields: Any) -> Struct:
    return struct.from_json({key.replace("S_", "$"): value for key, value in fields.items()})


def naming(segment: pb.Segment) -> Struct:
    return struct.from_json({"$segment": segment.segment_id})


async def create(client: Client, node: Struct, name: str = "Golf VIPs", **fields: Any) -> pb.Segment:
    request = pb.CreateSegmentRequest(segment=pb.Segment(name=name, criteria=node, **fields))
    return (await client.stub.CreateSegment(request)).segment


async def refused(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return refusal(caught.value)


async def count(client: Client, node: Struct) -> int:
    return (await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=node))).count


async def test_a_segment_is_saved_with_everything_that_the_contract_names(client: Client) -> None:
    made = await create(client, criteria(status="ACTIVE"), description="who plays", build_id="b_1")
    assert made.segment_id.startswith("seg_")
    assert (made.version, made.name, made.description) == (1, "Golf VIPs", "who plays")
    assert (made.schema_id, made.state, made.build_id) == ("customers", pb.SEGMENT_STATE_ACTIVE, "b_1")
    assert made.etag
    assert made.create_time.seconds > 0
    assert made.last_count == await count(client, criteria(status="ACTIVE"))
    assert struct.to_json(made.criteria) == {"status": "ACTIVE"}
    assert made.expression.predicate.field == "status"
    read = await client.stub.GetSegment(pb.GetSegmentRequest(segment_id=made.segment_id))
    assert read.segment == made


async def test_a_number_beyond_doubles_survives_in_the_typed_form(client: Client) -> None:
    leaf = criteria_pb2.Predicate(
        field="lifetimeValue",
        operator=criteria_pb2.OPERATOR_LT,
        operands=[criteria_pb2.Operand(integer=9007199254740993)],
    )
    wanted = pb.Segment(name="exact", expression=criteria_pb2.Criteria(predicate=leaf))
    made = (await client.stub.CreateSegment(pb.CreateSegmentRequest(segment=wanted))).segment
    read = (await client.stub.GetSegment(pb.GetSegmentRequest(segment_id=made.segment_id))).segment
    assert read.expression.predicate.operands[0].integer == 9007199254740993


async def test_a_segment_is_counted_refined_and_named_in_sentences(client: Client) -> None:
    made = await create(client, criteria(status="ACTIVE"))
    node = struct.from_json({"$and": [{"$segment": made.segment_id}, {"emailOptIn": True}]})
    plain = struct.from_json({"$and": [{"status": "ACTIVE"}, {"emailOptIn": True}]})
    assert await count(client, naming(made)) == made.last_count
    assert await count(client, node) == await count(client, plain)
    reply = await client.stub.Refine(
        pb.RefineRequest(instruction="Also require sms opt-in", current_criteria=node)
    )
    result = reply.result
    assert reply.previous_count == await count(client, plain)
    assert {"$segment": made.segment_id} in struct.to_json(result.criteria)["$and"]  # pyright: ignore[reportOperatorIssue]  (a list)
    assert made.segment_id not in str(struct.to_json(result.resolved_criteria))
    assert {"status": "ACTIVE"} in struct.to_json(result.resolved_criteria)["$and"]  # pyright: ignore[reportOperatorIssue]  (a list)
    assert f'in segment "Golf VIPs" ({made.segment_id})' in result.explanation
    assert made.last_count in [leaf.count for leaf in result.provenance]


async def test_a_fault_of_an_inner_segment_is_told_where_it_is_used(client: Client) -> None:
    said = await refused(count(client, struct.from_json({"$not": {"$segment": "seg_0000000000000000"}})))
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_SEGMENT")
    assert said.metadata["segmentId"] == "seg_0000000000000000"
    assert said.violations[0].path == "$not.$segment"


async def test_a_mask_says_which_form_of_the_criteria_is_meant(client: Client) -> None:
    made = await create(client, criteria(status="ACTIVE"))
    changed = pb.Segment()
    changed.CopyFrom(made)
    changed.criteria.CopyFrom(criteria(status="DELETED"))
    changed.name = "ignored"
    mask = FieldMask(paths=["criteria"])
    request = pb.UpdateSegmentRequest(segment=changed, update_mask=mask)
    updated = (await client.stub.UpdateSegment(request)).segment
    assert struct.to_json(updated.criteria) == {"status": "DELETED"}
    assert (updated.version, updated.name) == (2, "Golf VIPs")
    again = await refused(client.stub.UpdateSegment(request))
    assert (again.code, again.reason) == (grpc.StatusCode.ABORTED, "VERSION_MISMATCH")
    assert again.metadata["currentEtag"] == updated.etag
    old = await client.stub.GetSegment(pb.GetSegmentRequest(segment_id=made.segment_id, version=1))
    assert struct.to_json(old.segment.criteria) == {"status": "ACTIVE"}


ACTIVE = criteria(status="ACTIVE")


@pytest.mark.parametrize(
    ("segment", "reason", "field"),
    [
        (pb.Segment(criteria=ACTIVE), "MISSING_FIELD", "segment.name"),
        (pb.Segment(name="  ", criteria=ACTIVE), "MISSING_FIELD", "segment.name"),
        (pb.Segment(name="A"), "MISSING_FIELD", "criteria"),
        (pb.Segment(name="x" * 201, criteria=ACTIVE), "INVALID_PARAMETERS", "segment.name"),
        (pb.Segment(name="a\0b", criteria=ACTIVE), "INVALID_PARAMETERS", "segment.name"),
        (
            pb.Segment(name="A", description="\x1b[31m", criteria=ACTIVE),
            "INVALID_PARAMETERS",
            "segment.description",
        ),
        (
            pb.Segment(name="A", criteria=ACTIVE, state=pb.SEGMENT_STATE_ARCHIVED),
            "INVALID_PARAMETERS",
            "segment.state",
        ),
        (pb.Segment(name="A", criteria=ACTIVE, build_id="x" * 129), "INVALID_PARAMETERS", "segment.build_id"),
        (pb.Segment(name="A", criteria=criteria(statu="A")), "INVALID_FIELD", "statu"),
    ],
)
async def test_what_cannot_be_saved_is_refused_by_name(segment: pb.Segment, reason: str, field: str) -> None:
    async with builder() as client:
        said = await refused(client.stub.CreateSegment(pb.CreateSegmentRequest(segment=segment)))
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert said.metadata["field"] == field


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        ([], "MISSING_FIELD"),
        (["etag"], "INVALID_PARAMETERS"),
        (["name", "*"], "INVALID_PARAMETERS"),
        (["state"], "INVALID_PARAMETERS"),
        (["criteria"], "MISSING_FIELD"),
        (["name"], "MISSING_FIELD"),
    ],
)
async def test_a_mask_that_changes_nothing_we_know_is_refused(paths: list[str], reason: str) -> None:
    async with builder() as client:
        segment = pb.Segment(segment_id="seg_0000000000000000", etag="1")
        request = pb.UpdateSegmentRequest(segment=segment, update_mask=FieldMask(paths=paths))
        said = await refused(client.stub.UpdateSegment(request))
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


async def test_what_names_no_segment_or_no_etag_is_refused_before_the_store_is_asked() -> None:
    async with builder() as client:
        for call in (
            client.stub.GetSegment(pb.GetSegmentRequest()),
            client.stub.DeleteSegment(pb.DeleteSegmentRequest(segment_id="seg_0000000000000000")),
            client.stub.UpdateSegment(pb.UpdateSegmentRequest(segment=pb.Segment(segment_id="seg_1"))),
        ):
            assert (await refused(call)).reason == "MISSING_FIELD"


async def test_a_build_without_segments_leaves_the_state_store_alone() -> None:
    async with builder() as client:
        reply = await client.stub.Build(pb.BuildRequest(query="Platinum members who are active"))
        assert reply.success
        refined = await client.stub.Refine(
            pb.RefineRequest(instruction="Also require email opt-in", current_criteria=ACTIVE)
        )
        assert refined.success
        assert await count(client, ACTIVE) > 0
        lost = await refused(count(client, struct.from_json({"$segment": "seg_0000000000000000"})))
    assert lost.code is grpc.StatusCode.UNAVAILABLE


async def test_another_tenants_segment_looks_like_an_absent_one(client: Client) -> None:
    request = pb.CreateSegmentRequest(
        tenant_id="tenant_123", segment=pb.Segment(name="theirs", criteria=ACTIVE)
    )
    theirs = (await client.stub.CreateSegment(request)).segment
    for call in (
        client.stub.GetSegment(pb.GetSegmentRequest(segment_id=theirs.segment_id)),
        client.stub.DeleteSegment(pb.DeleteSegmentRequest(segment_id=theirs.segment_id, etag=theirs.etag)),
        client.stub.ListSegments(pb.ListSegmentsRequest(segment_id=theirs.segment_id)),
    ):
        said = await refused(call)
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
        assert said.metadata["resourceType"] == "segment"
    assert (await refused(count(client, naming(theirs)))).reason == "UNKNOWN_SEGMENT"
    assert not (await client.stub.ListSegments(pb.ListSegmentsRequest())).segments


async def test_lists_come_in_pages_that_belong_to_their_tenant_and_filter(client: Client) -> None:
    made = [await create(client, ACTIVE, name) for name in "ABC"]
    first = await client.stub.ListSegments(pb.ListSegmentsRequest(page_size=2))
    rest = await client.stub.ListSegments(
        pb.ListSegmentsRequest(page_size=2, page_token=first.next_page_token)
    )
    assert [*first.segments, *rest.segments] == made
    assert not rest.next_page_token
    for stolen in (
        pb.ListSegmentsRequest(page_token=first.next_page_token, tenant_id="tenant_123"),
        pb.ListSegmentsRequest(page_token=first.next_page_token, state=pb.SEGMENT_STATE_DRAFT),
        pb.ListSegmentsRequest(page_token=first.next_page_token, segment_id=made[0].segment_id),
    ):
        assert (await refused(client.stub.ListSegments(stolen))).reason == "INVALID_PAGE_TOKEN"
    negative = await refused(client.stub.ListSegments(pb.ListSegmentsRequest(page_size=-1)))
    assert negative.reason == "INVALID_PARAMETERS"


async def test_the_versions_of_a_segment_come_in_pages_too(client: Client) -> None:
    segment = await create(client, ACTIVE)
    for name in "BC":
        segment.name = name
        request = pb.UpdateSegmentRequest(segment=segment, update_mask=FieldMask(paths=["name"]))
        segment = (await client.stub.UpdateSegment(request)).segment
    asked = pb.ListSegmentsRequest(segment_id=segment.segment_id, page_size=2)
    first = await client.stub.ListSegments(asked)
    asked.page_token = first.next_page_token
    rest = await client.stub.ListSegments(asked)
    assert [each.version for each in (*first.segments, *rest.segments)] == [1, 2, 3]


async def test_every_version_says_who_made_it(database: Database) -> None:
    def named(metadata: object) -> Principal:
        return Principal(str(dict(cast("Any", metadata)).get("x-name", "")), "editor")

    async with builder(database=database, identify=named) as client:
        wanted = pb.Segment(name="A", criteria=ACTIVE, updated_by="eve")
        ann, bea, cid = ((("x-name", name),) for name in ("ann", "bea", "cid"))
        made = (
            await client.stub.CreateSegment(pb.CreateSegmentRequest(segment=wanted), metadata=ann)
        ).segment
        made.name = "B"
        change = pb.UpdateSegmentRequest(segment=made, update_mask=FieldMask(paths=["name"]))
        made = (await client.stub.UpdateSegment(change, metadata=bea)).segment
        delete = pb.DeleteSegmentRequest(segment_id=made.segment_id, etag=made.etag)
        await client.stub.DeleteSegment(delete, metadata=cid)
        kept = await client.stub.ListSegments(pb.ListSegmentsRequest(segment_id=made.segment_id))
    assert [each.updated_by for each in kept.segments] == ["ann", "bea", "cid"]


async def test_a_segment_in_use_stays_and_an_unused_one_is_archived(client: Client) -> None:
    base = await create(client, ACTIVE)
    user = await create(client, naming(base))
    delete = pb.DeleteSegmentRequest(segment_id=base.segment_id, etag=base.etag)
    said = await refused(client.stub.DeleteSegment(delete))
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SEGMENT_IN_USE")
    assert said.metadata["referencedBy"] == user.segment_id
    gone = await client.stub.DeleteSegment(
        pb.DeleteSegmentRequest(segment_id=user.segment_id, etag=user.etag)
    )
    assert gone.segment.state == pb.SEGMENT_STATE_ARCHIVED
    assert (await client.stub.DeleteSegment(delete)).segment.state == pb.SEGMENT_STATE_ARCHIVED
    assert not (await client.stub.ListSegments(pb.ListSegmentsRequest())).segments
    archived = pb.ListSegmentsRequest(state=pb.SEGMENT_STATE_ARCHIVED)
    assert len((await client.stub.ListSegments(archived)).segments) == 2


async def test_one_request_id_saves_once(client: Client) -> None:
    request = pb.CreateSegmentRequest(segment=pb.Segment(name="A", criteria=ACTIVE), request_id="r-1")
    first = await client.stub.CreateSegment(request)
    assert await client.stub.CreateSegment(request) == first
    request.segment.name = "B"
    said = await refused(client.stub.CreateSegment(request))
    assert (said.code, said.reason) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_CONFLICT")
