"""The cases that bring saved segments, through a real server with the segments in its PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import re
from typing import cast

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from segmentry.criteria import parse, segments
from segmentry.errors import SegmentryError
from segmentry.rpc.convert import criteria as wire
from segmentry.state.database import Database
from segmentry.v1 import segment_builder_pb2 as pb

from tests.conformance.cases import AS_OF, CASES, Case
from tests.conformance.test_over_grpc import store_of_tables
from tests.rpc.builder_server import builder, refusal

_NAMED = re.compile(r'("\$segment":|"id":)"(\w+)"')


def _with_ids(case: Case, text: str) -> str:
    """The criteria of a case with ids as the server gives them out, no two cases sharing one."""

    def real(found: re.Match[str]) -> str:
        return f'{found[1]}"{_id(case, found[2])}"'

    return _NAMED.sub(real, text)


def _id(case: Case, name: str) -> str:
    digest = hashlib.sha256(f"{case['id']} {name}".encode()).hexdigest()
    return f"seg_{digest[:16]}"


async def _save(database: Database, case: Case) -> None:
    """Write the segments of a case as they are: the server would refuse to save a cycle."""
    for name, given in case["segments"].items():
        versions = cast("list[object]", given) if isinstance(given, list) else [given]
        segment_id = _id(case, name)
        async with database.transaction() as session:
            await session.execute(
                "INSERT INTO segment (segment_id, tenant, schema_id, latest) VALUES ($1, 'demo', $2, $3)",
                segment_id,
                case["rows"],
                len(versions),
            )
            for number, text in enumerate(versions, start=1):
                await session.execute(
                    "INSERT INTO segment_version VALUES "
                    "($1, $2, $3, '', 'ACTIVE', $4, '', '', $5, '', '', now(), NULL, NULL)",
                    segment_id,
                    number,
                    name,
                    json.dumps(json.loads(_with_ids(case, str(text)))),
                    str(number),
                )


async def test_saved_segments_select_and_refuse_as_worked_out_by_hand(database: Database) -> None:
    wrong: list[str] = []
    said = 0
    async with builder(store_of_tables(), database=database) as client:
        for case in (each for each in CASES if "segments" in each):
            try:
                tree = parse.loads(_with_ids(case, case["criteria"]))
                await _save(database, case)
            except (SegmentryError, ValueError):  # what is no tree is refused before anything is looked up
                assert "error" in case, case["id"]
                continue
            said += len(segments.references(tree))
            moment = Timestamp()
            moment.FromJsonString(case.get("as_of", AS_OF))
            request = pb.PreviewCountRequest(
                expression=wire.to_expression(tree),
                schema_id=case["rows"],
                as_of=moment,
                time_zone=case.get("zone", "UTC"),
            )
            expected: object = (case["error"], case.get("path")) if "error" in case else len(case["expect"])
            try:
                found: object = (await client.stub.PreviewCount(request)).count
            except grpc.aio.AioRpcError as error:
                told = refusal(error)
                path = told.violations[0].path if told.violations else told.metadata.get("path", "")
                found = (told.reason, path if "path" in case else None)
            if found != expected:
                wrong.append(f"{case['id']}: {found}, not {expected}")
    assert not wrong, "\n".join(wrong)
    assert said > 40
