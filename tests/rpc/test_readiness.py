"""What is wrong with a table, found in a table that has the fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from segmentry.criteria import parse
from segmentry.llm.guarded import VendorState
from segmentry.segments.service import Definition, SegmentService
from segmentry.state.database import Database
from segmentry.v1 import segment_insights_pb2 as pb

from tests.rpc.builder_server import NOWHERE, Refusal, refusal
from tests.rpc.served import Served, analyses
from tests.rpc.small_tables import Values, table
from tests.rpc.test_analysis_config import change

ROWS = 1_200
MODEL = VendorState("vendor", "small", "closed", None, 0.0)
DEGRADED, NOT_READY = pb.READINESS_LEVEL_DEGRADED, pb.READINESS_LEVEL_NOT_READY


def sound(rows: int = ROWS) -> dict[str, Values]:
    """Three good quantities, apart from which nothing is said."""
    return {
        "spent": [(n * 37 % 997) * 1.5 for n in range(rows)],
        "visits": [n * 13 % 211 for n in range(rows)],
        "basket": [(n * 7 % 503) / 3 for n in range(rows)],
    }


async def ready(served: Served, schema_id: str = "shop", tenant: str = "demo") -> pb.Readiness:
    request = pb.GetReadinessRequest(tenant_id=tenant, schema_id=schema_id)
    return (await served.insights.GetReadiness(request)).readiness


def reasons(found: pb.Readiness) -> dict[str, pb.Finding]:
    return {each.reason: each for each in found.findings}


async def test_a_sound_table_with_a_model_is_ready(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(sound())}, vendor=lambda: MODEL) as served:
        found = await ready(served)
    assert (found.level, found.score, found.rows) == (pb.READINESS_LEVEL_READY, 1.0, ROWS)
    assert found.llm_available
    assert found.worker_available
    assert list(found.usable_fields) == ["spent", "visits", "basket"]
    assert set(reasons(found)) == {"NO_KEY", "NEVER_ANALYSED"}
    assert found.next_check_at.seconds - found.checked_at.seconds == 300


@pytest.mark.parametrize(
    ("columns", "reason", "level", "field"),
    [
        ({"spent": []}, "EMPTY_TABLE", NOT_READY, ""),
        (sound(40), "FEW_ROWS", NOT_READY, ""),
        (sound(999), "FEW_ROWS", DEGRADED, ""),
        ({"town": ["a", "b"] * 600}, "NO_USABLE_FIELDS", NOT_READY, ""),
        ({"spent": sound()["spent"]}, "TOO_FEW_FIELDS", DEGRADED, ""),
        (
            {**sound(), "gaps": [n if n % 5 < 2 else None for n in range(ROWS)]},
            "MOSTLY_NULL",
            DEGRADED,
            "gaps",
        ),
        ({**sound(), "same": [4.0] * ROWS}, "CONSTANT", pb.READINESS_LEVEL_READY, "same"),
        ({**sound(), "none": [None] * ROWS}, "ALL_NULL", pb.READINESS_LEVEL_READY, "none"),
        ({**sound(), "memberNo": list(range(ROWS))}, "IDENTIFIER", pb.READINESS_LEVEL_READY, "memberNo"),
    ],
    ids=["empty", "few", "some", "no-field", "one-field", "gaps", "constant", "null", "identifier"],
)
async def test_a_fault_of_the_table_is_found_with_what_to_do(  # noqa: PLR0917 - the columns of one case
    database: Database, tmp_path: Path, columns: Mapping[str, Values], reason: str, level: int, field: str
) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(columns)}, vendor=lambda: MODEL) as served:
        found = await ready(served)
    finding = reasons(found)[reason]
    assert (finding.level, finding.field) == (level, field)
    assert finding.message
    assert finding.advice
    assert found.level == max(each.level for each in found.findings)
    assert (found.score < 1) == (found.level != pb.READINESS_LEVEL_READY)


async def test_an_old_table_is_found(database: Database, tmp_path: Path) -> None:
    old = table(sound(), loaded_at=datetime.now(UTC) - timedelta(days=9))
    async with analyses(database, tmp_path, tables={"shop": old}, vendor=lambda: MODEL) as served:
        finding = reasons(await ready(served))["OLD_TABLE"]
    assert finding.level == DEGRADED
    assert round(finding.value) == 9


@pytest.mark.parametrize(
    ("vendor", "reason"),
    [(None, "MODEL_NOT_CONFIGURED"), (VendorState("v", "small", "open", "LLM_TIMEOUT", 9.0), "MODEL_AWAY")],
    ids=["none", "open"],
)
async def test_a_model_that_is_not_asked_is_found(
    database: Database, tmp_path: Path, vendor: VendorState | None, reason: str
) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(sound())}, vendor=lambda: vendor) as served:
        found = await ready(served)
    assert not found.llm_available
    assert (reasons(found)[reason].level, found.level, found.score) == (DEGRADED, DEGRADED, 0.9)


async def test_a_state_store_that_is_away_is_a_finding(tmp_path: Path) -> None:
    async with analyses(
        Database(NOWHERE), tmp_path, tables={"shop": table(sound())}, vendor=lambda: MODEL
    ) as served:
        found = await ready(served)
    assert (reasons(found)["STATE_AWAY"].level, found.level, found.rows) == (NOT_READY, NOT_READY, ROWS)


async def test_values_that_have_moved_and_fields_that_vanished_are_found(
    database: Database, tmp_path: Path
) -> None:
    columns = {**sound(), "region": ["north", "south"] * (ROWS // 2)}
    async with analyses(database, tmp_path, tables={"shop": table(columns)}, vendor=lambda: MODEL) as served:
        before = reasons(await ready(served))
        assert not {"FIELD_MOVED", "FIELD_VANISHED", "ROWS_LOST"} & set(before)
        served.store.put("demo", "shop", table(columns))
        assert set(reasons(await ready(served))) == set(before)
        moved = {**columns, "visits": [400 + n % 7 for n in range(ROWS)]}
        del moved["basket"]
        half: dict[str, Sequence[Any]] = {name: list(values)[: ROWS // 2] for name, values in moved.items()}
        served.store.put("demo", "shop", table(half))
        after = reasons(await ready(served))
    assert (after["FIELD_MOVED"].field, after["FIELD_MOVED"].level) == ("visits", DEGRADED)
    assert after["FIELD_VANISHED"].field == "basket"
    assert after["ROWS_LOST"].value == ROWS // 2


async def test_a_saved_segment_that_no_longer_fits_or_matches_nobody_is_found(
    database: Database, tmp_path: Path
) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(sound())}, vendor=lambda: MODEL) as served:
        segments = SegmentService(database, served.store)
        now = datetime.now(UTC)
        for name, node in (("lost", '{"basket":{"$gt":1}}'), ("nobody", '{"spent":{"$gt":500}}')):
            wanted = Definition(name, "", parse.loads(node))
            await segments.create("demo", "shop", wanted, now=now)
        columns = {name: values for name, values in sound().items() if name != "basket"}
        columns["spent"] = [n % 300 for n in range(ROWS)]
        served.store.put("demo", "shop", table(columns))
        found = reasons(await ready(served))
        other = await ready(served, "customers", "tenant_123")
    assert found["CRITERIA_BROKEN"].field == "basket"
    assert found["CRITERIA_BROKEN"].resource_id.startswith("seg_")
    assert "'nobody' matches no customer" in found["MATCHES_NOBODY"].message
    assert not any(each.resource_id for each in other.findings)


async def test_a_field_that_was_configured_and_is_constant_is_in_the_way(
    database: Database, tmp_path: Path
) -> None:
    columns = {**sound(), "same": [4.0] * ROWS}
    async with analyses(database, tmp_path, tables={"shop": table(columns)}, vendor=lambda: MODEL) as served:
        await change(served, included_features=["same", "spent"])
        assert reasons(await ready(served))["CONSTANT"].level == DEGRADED


async def test_no_value_of_a_person_is_in_a_finding(database: Database, tmp_path: Path) -> None:
    mails: list[str | None] = [f"canary{n}@example.org" if n % 3 else None for n in range(ROWS)]
    columns = {**sound(), "mail": mails}
    async with analyses(database, tmp_path, tables={"shop": table(columns, personal=["mail"])}) as served:
        found = await ready(served)
    assert [each.reason for each in found.findings if each.field == "mail"] == ["PERSONAL_DATA"]
    assert "canary" not in str(found)
    rows = await database.fetch("SELECT profile FROM table_profile")
    assert rows
    assert all("canary" not in row.text("profile") for row in rows)


async def test_a_table_that_is_not_there_is_refused(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ready(served, "nowhere")
    found: Refusal = refusal(caught.value)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
