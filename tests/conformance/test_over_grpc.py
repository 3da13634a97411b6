"""The same cases through a real server, in both wire forms: the same counts, codes and paths.

Cases that bring saved segments are in `test_segments_over_grpc`, where there is a store for them.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal, cast

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from segmentry.criteria import linetable, parse, strict_json
from segmentry.criteria.dates import Clock
from segmentry.customers import rows
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import JsonValue, SegmentryError
from segmentry.rpc.convert import criteria as wire
from segmentry.rpc.convert import struct
from segmentry.v1 import segment_builder_pb2 as pb

from tests.conformance.cases import AS_OF, CASES, TABLES, Case
from tests.rpc.builder_server import builder, refusal

Form = Literal["criteria", "expression"]
CLOCK = Clock.at(datetime.fromisoformat(AS_OF))


def store_of_tables() -> SnapshotStore:
    """Every table of the cases, under its name."""
    store = SnapshotStore()
    for name, table in TABLES.items():
        given: dict[str, JsonValue] = json.loads(json.dumps(table))
        happened = given.get("events") or []
        catalog = linetable.catalog(given["fields"], linetable.event_types(given.get("eventTypes"), happened))
        ids, read = linetable.rows(given["rows"], catalog, CLOCK)
        theirs = linetable.events(happened, ids, catalog, CLOCK)
        store.put("demo", name, rows.snapshot(catalog, read, theirs), default=name == "five-golfers")
    return store


def _request(case: Case, form: Form) -> pb.PreviewCountRequest | None:
    """The request of a case, or None where the form cannot even say what the text says."""
    moment = Timestamp()
    moment.FromJsonString(case.get("as_of", AS_OF))
    request = pb.PreviewCountRequest(schema_id=case["rows"], as_of=moment, time_zone=case.get("zone", "UTC"))
    try:
        if form == "criteria":
            decoded = strict_json.decode(case["criteria"], max_nesting=100)
            if not isinstance(decoded, dict):
                return None
            request.criteria.CopyFrom(struct.from_json(decoded))
        else:
            tree = parse.loads(case["criteria"])
            request.expression.CopyFrom(wire.to_expression(tree))
            if wire.from_expression(request.expression) != tree:
                return None
    except SegmentryError:
        return None
    return request


def _beyond(text: str, limit: int) -> bool:
    """Whether the text has a whole number that no double (2^53) or no 64 bits (2^63) carry."""

    def beyond(value: JsonValue) -> bool:
        match value:
            case dict():
                return any(beyond(each) for each in value.values())
            case list():
                return any(beyond(each) for each in value)
            case int():
                return abs(value) >= limit
            case _:
                return False

    return beyond(cast("JsonValue", json.loads(text)))


@pytest.mark.parametrize("form", ["criteria", "expression"])
@pytest.mark.parametrize("table", TABLES)
async def test_the_server_counts_and_refuses_as_worked_out_by_hand(table: str, form: Form) -> None:
    wrong: list[str] = []
    said = 0
    async with builder(store_of_tables()) as client:
        for case in (each for each in CASES if each["rows"] == table and "segments" not in each):
            request = _request(case, form)
            if request is None:
                assert "error" in case or _beyond(case["criteria"], 2**63), case["id"]
                continue
            said += 1
            expected: object = (case["error"], case.get("path")) if "error" in case else len(case["expect"])
            if form == "criteria" and _beyond(case["criteria"], 2**53):
                expected = ("INVALID_VALUE", None)
            try:
                found: object = (await client.stub.PreviewCount(request)).count
            except grpc.aio.AioRpcError as error:
                told = refusal(error)
                path = told.violations[0].path if told.violations else told.metadata.get("path", "")
                found = (told.reason, path)
                if isinstance(expected, tuple) and expected[1] is None:
                    expected = (expected[0], path)
            if found != expected:
                wrong.append(f"{case['id']}: {found}, not {expected}: {case['criteria']}")
    assert not wrong, "\n".join(wrong)
    assert said


async def test_what_a_struct_cannot_carry_goes_through_the_typed_form() -> None:
    case: Case = {"rows": "every-type", "criteria": '{"whole":9007199254740993}'}
    exact = _request(case, "expression")
    rounded = pb.PreviewCountRequest(schema_id="every-type", criteria=Struct())
    rounded.criteria.fields["whole"].number_value = 2.0**53
    assert exact is not None
    async with builder(store_of_tables()) as client:
        assert (await client.stub.PreviewCount(exact)).count == 1
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.stub.PreviewCount(rounded)
    told = refusal(caught.value)
    assert (told.reason, told.violations[0].path) == ("INVALID_VALUE", "whole")
    assert "expression" in told.message
