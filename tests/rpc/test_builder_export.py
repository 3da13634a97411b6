"""ExportCriteria through a real server."""

from __future__ import annotations

import json

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from segmentry.criteria import check, match, parse
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Source
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder, clock, club, refusal


def request(criteria: str, target: str, *, keep_placeholders: bool = False) -> pb.ExportCriteriaRequest:
    struct = json_format.Parse(criteria, Struct())
    return pb.ExportCriteriaRequest(criteria=struct, target=target, keep_placeholders=keep_placeholders)


@pytest.mark.parametrize("target", targets.TARGETS)
async def test_every_target_of_the_closed_list_answers_as_its_writer(target: str) -> None:
    criteria = '{"$and":[{"handicap":{"$lt":10}},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}'
    bound = check.require(parse.loads(criteria), club().catalog, clock()).bound
    expected = targets.write(target, bound, Source(club().catalog, clock()))
    async with builder() as client:
        reply = await client.stub.ExportCriteria(request(criteria, target))
    assert reply.text == expected.text
    assert reply.exact == expected.exact
    assert list(reply.notes) == list(expected.notes)
    assert reply.statement == expected.statement != ""
    assert pb.ExportVerification.Name(reply.verified) == f"EXPORT_VERIFICATION_{expected.verified.upper()}"
    assert reply.HasField("json") == (expected.json is not None)
    assert len(reply.parameters.values) == len(expected.parameters)


async def test_a_top_is_written_as_the_threshold_of_these_customers() -> None:
    top = '{"$top":{"field":"engagementScore","percent":10}}'
    scores = [row["engagementScore"] for row in club().rows_as_mappings()]
    ordered = sorted((each for each in scores if isinstance(each, float)), reverse=True)
    threshold = ordered[match.top_rank(len(ordered), 10) - 1]
    async with builder() as client:
        reply = await client.stub.ExportCriteria(request(top, "mongodb"))
    assert json.loads(reply.text)["engagementScore"]["$gte"] == threshold


async def test_moving_dates_are_kept_where_there_are_any_and_fixed_with_a_note_elsewhere() -> None:
    criteria = '{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'
    async with builder() as client:
        kept = await client.stub.ExportCriteria(request(criteria, "elasticsearch", keep_placeholders=True))
        fixed = await client.stub.ExportCriteria(request(criteria, "mongodb", keep_placeholders=True))
    assert json.loads(kept.text)["range"]["lastBookingAt"]["lt"] == "now-60d/d"
    assert "{{60_DAYS_AGO}}" in " ".join(fixed.notes)
    assert "$date" in fixed.text


@pytest.mark.parametrize("target", ["", "mongo", "sql"])
async def test_an_unknown_target_is_refused_with_the_targets_there_are(target: str) -> None:
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.ExportCriteria(request("{}", target))
    found = refusal(raised.value)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert found.reason == "EXPORT_UNSUPPORTED"
    assert found.metadata["target"] == target
    assert found.metadata["allowed"].split(", ") == list(targets.TARGETS)
    nearest = {"mongo": "mongodb", "sql": "postgresql"}.get(target)
    assert found.metadata.get("suggestion") == nearest
    assert nearest is None or f"nearest is {nearest}" in (raised.value.details() or "")


async def test_a_leaf_that_a_target_cannot_say_is_named_by_its_path() -> None:
    criteria = '{"$and":[{"status":"ACTIVE"},{"$event":{"name":"booking"}}]}'
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.ExportCriteria(request(criteria, "mongodb"))
    found = refusal(raised.value)
    assert (found.reason, found.metadata["path"]) == ("EXPORT_UNSUPPORTED", "$and[1].$event")
    assert found.metadata["target"] == "mongodb"


async def test_a_form_too_large_for_klaviyo_names_the_limit_and_the_size() -> None:
    pairs = [{"$and": [{"city": f"a{n}"}, {"city": f"b{n}"}]} for n in range(6)]
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.ExportCriteria(request(json.dumps({"$or": pairs}), "klaviyo"))
    found = refusal(raised.value)
    assert found.reason == "EXPORT_UNSUPPORTED"
    told = {key: found.metadata[key] for key in ("target", "limit", "actual", "maximum")}
    assert told == {"target": "klaviyo", "limit": "groups", "actual": "64", "maximum": "50"}


async def test_faulty_criteria_are_refused_as_everywhere() -> None:
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.ExportCriteria(request('{"handicp":1}', "mongodb"))
    assert refusal(raised.value).reason == "INVALID_FIELD"


def nested(combinators: tuple[str, ...], leaf: str) -> str:
    tree = leaf
    for level in range(17):
        combinator = combinators[level % len(combinators)]
        beside = f'{{"engagementScore":{{"$gt":{level}}}}}'
        inner = tree if combinator == "$not" else f"[{beside},{tree}]"
        tree = f'{{"{combinator}":{inner}}}'
    return tree


@pytest.mark.parametrize(
    "combinators",
    [("$not",), ("$and", "$or"), ("$not", "$and"), ("$or", "$not"), ("$or", "$not", "$and")],
    ids=" ".join,
)
async def test_the_deepest_criteria_are_answered_for_every_target(combinators: tuple[str, ...]) -> None:
    criteria = nested(combinators, '{"status":{"$nin":["ACTIVE",null]}}')
    async with builder() as client:
        for target in targets.TARGETS:
            try:
                reply = await client.stub.ExportCriteria(request(criteria, target))
            except grpc.aio.AioRpcError as error:
                assert (target, refusal(error).reason) == ("klaviyo", "EXPORT_UNSUPPORTED")  # noqa: PT017
                continue
            assert reply.text
            deep = any("read text" in note for note in reply.notes)
            is_json = target in ("mongodb", "elasticsearch", "jsonlogic", "klaviyo")
            assert reply.HasField("json") == (is_json and not deep), target


async def test_an_even_number_of_negations_is_none() -> None:
    tree = '{"status":"ACTIVE"}'
    for _ in range(16):
        tree = f'{{"$not":{tree}}}'
    async with builder() as client:
        for target in ("elasticsearch", "jsonlogic"):
            plain = await client.stub.ExportCriteria(request('{"status":"ACTIVE"}', target))
            assert (await client.stub.ExportCriteria(request(tree, target))).text == plain.text


async def test_a_view_of_a_saved_definition_has_no_parameters_and_moves_with_its_database() -> None:
    wanted = request('{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}', "postgresql", keep_placeholders=True)
    wanted.view = "marketing.lapsed"
    async with builder() as client:
        reply = await client.stub.ExportCriteria(wanted)
        wanted.view = "a..b"
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.ExportCriteria(wanted)
    assert reply.statement.startswith('CREATE OR REPLACE VIEW "marketing"."lapsed" AS\nSELECT "customer_id"')
    assert "now()" in reply.statement
    assert not reply.parameters.values
    refused = refusal(raised.value)
    assert (refused.reason, refused.metadata["field"]) == ("INVALID_PARAMETERS", "view")
