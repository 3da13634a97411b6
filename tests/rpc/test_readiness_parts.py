"""What is in the way when a part of the server, or a table itself, is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers import served as databases
from segmentry.customers.postgres_source import Relation
from segmentry.customers.stores import Stores
from segmentry.runs.supervisor import Supervisor
from segmentry.state.database import Database
from segmentry.v1 import segment_insights_pb2 as pb

from tests.customers import postgres
from tests.rpc.served import Served, analyses
from tests.rpc.small_tables import Values, table
from tests.rpc.test_readiness import DEGRADED, MODEL, NOT_READY, ROWS, ready, reasons, sound

NAMES = ("spent", "visits", "basket")
CATALOG = Catalog("shop", tuple(Field(name, "number") for name in NAMES), key="id")


@asynccontextmanager
async def shop(folder: Path, most_rows: int = 10_000) -> AsyncGenerator[tuple[Stores, str]]:
    """A table that a database serves, and the address of the database."""
    made = (
        "CREATE TABLE shop AS SELECT n AS id, (n * 37 % 997) * 1.5::float8 AS spent, n * 13 % 211 AS visits, "
        f"(n * 7 % 503) / 3.0::float8 AS basket FROM generate_series(1, {ROWS}) AS n"
    )
    async with postgres.database(folder, made) as dsn:
        stores = Stores()
        try:
            await databases.open_postgres(
                stores, Relation(dsn, "shop", "demo", ""), "shop", CATALOG, most_rows=most_rows
            )
            yield stores, dsn
        finally:
            await stores.close()


async def test_a_table_whose_database_is_away_is_not_ready_until_it_is_back(
    database: Database, postgres_folder: Path, tmp_path: Path
) -> None:
    async with (
        shop(postgres_folder) as (stores, dsn),
        analyses(database, tmp_path, store=stores, vendor=lambda: MODEL) as served,
    ):
        name = dsn.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[1]
        admin = dsn.replace(f"/{name}?", "/postgres?")
        shut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        await postgres.execute(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", f"{shut}'{name}'")
        away = await ready(served)
        other = await ready(served, "customers")
        await postgres.execute(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        back = await ready(served)
    finding = reasons(away)["TABLE_AWAY"]
    assert (finding.level, away.level) == (NOT_READY, NOT_READY)
    assert finding.advice
    assert not away.usable_fields
    assert "TABLE_AWAY" not in reasons(other)
    assert "TABLE_AWAY" not in reasons(back)
    assert back.rows == ROWS


async def test_a_table_that_is_too_large_to_copy_is_found(
    database: Database, postgres_folder: Path, tmp_path: Path
) -> None:
    async with (
        shop(postgres_folder, most_rows=ROWS - 1) as (stores, _),
        analyses(database, tmp_path, store=stores, vendor=lambda: MODEL) as served,
    ):
        found = await ready(served)
    finding = reasons(found)["TABLE_TOO_LARGE"]
    assert (finding.level, finding.value, found.level) == (NOT_READY, ROWS, NOT_READY)
    assert "SEGMENTRY_MAX_ANALYSIS_ROWS" in finding.advice


async def test_workers_that_all_died_are_found(database: Database, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    (broken / "segmentry").mkdir(parents=True)
    (broken / "segmentry" / "__init__.py").write_text("raise ImportError('a broken installation')\n")
    supervisor = Supervisor(spares=1, environment={"PYTHONPATH": str(broken)})
    async with analyses(
        database, tmp_path, tables={"shop": table(sound())}, vendor=lambda: MODEL, supervisor=supervisor
    ) as served:
        assert (await ready(served)).worker_available
        supervisor.warm()
        for _ in range(400):
            if not supervisor.is_able:
                break
            await asyncio.sleep(0.02)
        found = await ready(served)
    assert not found.worker_available
    assert (reasons(found)["WORKER_AWAY"].level, found.level) == (DEGRADED, DEGRADED)


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ([f"c-{n}" for n in range(ROWS)], {}),
        ([f"c-{n // 2 if n < 6 else n}" for n in range(ROWS)], {"KEY_REPEATED": (3, "3 rows have a key")}),
        ([f"c-{n or 1}" for n in range(ROWS)], {"KEY_REPEATED": (1, "1 row has a key")}),
        ([None if n < 2 else f"c-{n}" for n in range(ROWS)], {"KEY_MISSING": (2, "2 rows have no key")}),
        (
            [None if n == 5 else f"c-{n or 1}" for n in range(ROWS)],
            {"KEY_MISSING": (1, "1 row has no key"), "KEY_REPEATED": (1, "1 row has a key")},
        ),
    ],
    ids=["sound", "three-twice", "one-twice", "missing", "both"],
)
async def test_keys_that_are_missing_or_stand_twice_are_counted(
    database: Database, tmp_path: Path, keys: Values, wanted: dict[str, tuple[int, str]]
) -> None:
    shop = table({**sound(), "id": keys}, key="id")
    async with analyses(database, tmp_path, tables={"shop": shop}, vendor=lambda: MODEL) as served:
        found = reasons(await ready(served))
    assert "NO_KEY" not in found
    told = {reason: found[reason] for reason in ("KEY_MISSING", "KEY_REPEATED") if reason in found}
    assert told.keys() == wanted.keys()
    for reason, (value, said) in wanted.items():
        assert (told[reason].level, told[reason].value) == (DEGRADED, value)
        assert told[reason].message.startswith(said)


async def test_a_watcher_that_hears_nothing_new_hears_a_heartbeat(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, heartbeat_s=0.1, tables={"shop": table(sound())}) as served:
        call: Any = served.insights.WatchReadiness(pb.WatchReadinessRequest(schema_id="shop"))
        first = await call.read()
        beats = [await call.read() for _ in range(3)]
        call.cancel()
    assert first.HasField("readiness")
    assert {each.notice.WhichOneof("kind") for each in beats} == {"heartbeat"}
    assert {each.sequence for each in beats} == {first.sequence}


async def test_who_does_not_read_is_in_nobodys_way(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(sound())}) as served:
        request = pb.WatchReadinessRequest(schema_id="shop", interval=Duration(seconds=10))
        idle: list[Any] = [served.insights.WatchReadiness(request) for _ in range(20)]
        for call in idle:
            await call.read()
        keen: Any = served.insights.WatchReadiness(request)
        await keen.read()
        for rows in (60, 70, 80):
            served.store.put("demo", "shop", table(sound(rows)))
            assert (await keen.read()).readiness.rows == rows
            assert (await ready(served)).rows == rows
        assert served.readiness.watching.followed == 1
        for call in (*idle, keen):
            call.cancel()
        await until_nobody_follows(served)


async def until_nobody_follows(served: Served) -> None:
    for _ in range(200):
        if not served.readiness.watching.followed:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a table is followed although nobody watches it")
