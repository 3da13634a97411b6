"""PreviewCount, ListFields, ListSchemas and what is not built, through a real server."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from segmentry.criteria import check, match, parse
from segmentry.criteria.nodes import Node
from segmentry.customers.engine import Pinned
from segmentry.customers.snapshot_table import Slots, SnapshotTable
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Count
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder, clock, club, golf_store, refusal

SOURCE_BODY = '{"criteria": {"engagementScore": {"$gte": 70}}, "tenantId": "tenant_123"}'


def struct(body: str) -> Struct:
    return json_format.Parse(body, Struct())


@pytest.mark.parametrize(
    "criteria",
    [
        "{}",
        '{"engagementScore":{"$gte":70}}',
        '{"$or":[{"handicap":{"$lt":10}},{"lastBookingAt":{"$exists":false}}]}',
        '{"$not":{"lastBookingAt":{"$gte":"{{60_DAYS_AGO}}"}}}',
        '{"status":{"$nin":["DELETED",null]},"email":{"$endsWith":".co.za"}}',
        '{"tags":{"$contains":"vip"}}',
        '{"handicap":{"$lt":0}}',
    ],
)
async def test_count_is_that_of_the_reference_matcher(criteria: str) -> None:
    bound = check.require(parse.loads(criteria), club().catalog, clock()).bound
    expected = sum(match.matches(bound, row, clock().as_of) for row in club().rows_as_mappings())
    async with builder() as client:
        reply = await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=struct(criteria)))
    assert (reply.count, reply.universe, reply.exact) == (expected, 2_000, True)
    assert reply.percentage == pytest.approx(expected / 20)
    assert reply.snapshot_id == club().snapshot_id
    assert reply.as_of.ToJsonString() == "2025-12-16T10:00:00Z"


async def test_source_body_gives_a_number_and_zero_is_printed() -> None:
    nobody = pb.PreviewCountRequest(criteria=struct('{"handicap":{"$lt":0}}'))
    async with builder() as client:
        reply = await client.stub.PreviewCount(json_format.Parse(SOURCE_BODY, pb.PreviewCountRequest()))
        zero = await client.stub.PreviewCount(nobody)
    assert type(json_format.MessageToDict(reply)["count"]) is int
    assert json_format.MessageToDict(zero)["count"] == 0
    assert "MATCHES_NOBODY" in {warning.reason for warning in zero.warnings}


async def test_faulty_criteria_are_refused_before_anything_is_counted() -> None:
    class UncountedTable(SnapshotTable):
        async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
            raise AssertionError("counted")

    class Uncounted(SnapshotStore):
        async def pinned(self, tenant: str, schema_id: str) -> Pinned:
            uncounted = UncountedTable(club(), Slots(1, 1.0))
            return dataclasses.replace(await super().pinned(tenant, schema_id), engine=uncounted)

    store = Uncounted()
    store.put("demo", "customers", club(), default=True)
    async with builder(store) as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.PreviewCount(
                pb.PreviewCountRequest(criteria=struct('{"engagmentScore":{"$gte":70}}'))
            )
    found = refusal(raised.value)
    assert (found.reason, found.message) == ("INVALID_FIELD", "Unknown field: engagmentScore")
    assert [value.string_value for value in found.violations[0].suggestions] == ["engagementScore"]


async def test_criteria_are_needed_and_nan_is_no_number() -> None:
    nan = criteria_pb2.Criteria(
        predicate=criteria_pb2.Predicate(
            field="handicap",
            operator=criteria_pb2.OPERATOR_LT,
            operands=[criteria_pb2.Operand(number=float("nan"))],
        )
    )
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as nothing:
            await client.stub.PreviewCount(pb.PreviewCountRequest())
        with pytest.raises(grpc.aio.AioRpcError) as not_a_number:
            await client.stub.PreviewCount(pb.PreviewCountRequest(expression=nan))
    assert refusal(nothing.value).reason == "MISSING_FIELD"
    assert refusal(not_a_number.value).reason == "INVALID_VALUE"


async def test_source_fields_are_listed_with_the_source_operators() -> None:
    async with builder() as client:
        reply = await client.stub.ListFields(pb.ListFieldsRequest())
    assert len(reply.fields) == 33
    assert reply.next_page_token == ""
    fields = {field.name: field for field in reply.fields}
    score, tier = fields["engagementScore"], fields["membershipTier"]
    assert (score.type, score.description) == ("number", "Engagement score (0-100)")
    assert list(score.operators) == ["eq", "neq", "lt", "lte", "gt", "gte", "exists"]
    assert tier.type == "string"
    assert list(tier.operators) == ["eq", "neq", "in", "nin", "exists"]
    assert tier.description == "Membership tier (e.g., PLATINUM, GOLD, SILVER)"
    assert fields["email"].personal_data
    phrases = {band.phrase: json_format.MessageToDict(band.criteria) for band in score.bands}
    assert phrases["high engagement"] == {"engagementScore": {"$gte": 70}}


async def test_pages_of_fields_add_up_and_their_tokens_belong_to_the_tenant() -> None:
    async with builder() as client:
        whole = await client.stub.ListFields(pb.ListFieldsRequest())
        names: list[str] = []
        token, following, pages = "", "", 0
        while following or not pages:
            reply = await client.stub.ListFields(pb.ListFieldsRequest(page_size=10, page_token=following))
            names += [field.name for field in reply.fields]
            token, following, pages = token or reply.next_page_token, reply.next_page_token, pages + 1
        assert pages == 4
        refused = [
            pb.ListFieldsRequest(tenant_id="tenant_123", page_token=token),
            pb.ListFieldsRequest(page_token=token[:-2]),
            pb.ListFieldsRequest(page_token="nonsense"),
        ]
        for request in refused:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await client.stub.ListFields(request)
            assert refusal(raised.value).reason == "INVALID_PAGE_TOKEN"
        with pytest.raises(grpc.aio.AioRpcError) as other:
            await client.stub.ListSchemas(pb.ListSchemasRequest(page_token=token))
        assert refusal(other.value).reason == "INVALID_PAGE_TOKEN"
        with pytest.raises(grpc.aio.AioRpcError) as negative:
            await client.stub.ListFields(pb.ListFieldsRequest(page_size=-1))
        assert refusal(negative.value).reason == "INVALID_PARAMETERS"
    assert names == [field.name for field in whole.fields]


async def test_schemas_are_listed_default_first() -> None:
    store = golf_store()
    store.put("demo", "also", club())
    async with builder(store) as client:
        reply = await client.stub.ListSchemas(pb.ListSchemasRequest())
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.ListSchemas(pb.ListSchemasRequest(tenant_id="nobody"))
    assert [(each.schema_id, each.is_default) for each in reply.schemas] == [
        ("customers", True),
        ("also", False),
    ]
    assert (reply.schemas[0].rows, reply.schemas[0].field_count) == (2_000, 33)
    assert refusal(raised.value).reason == "RESOURCE_NOT_FOUND"
