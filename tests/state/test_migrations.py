"""A database of an earlier schema is brought up with everything in it, also by two servers at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from segmentry.postgresql.driver import Connection, connect
from segmentry.segments.lookup import SEGMENT_ID
from segmentry.state import migrate
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_builder_pb2 as builder
from segmentry.v1 import segment_insights_pb2 as insights

from tests.state.dumping import FOLDER, NAMES, serving

EARLIER = sorted(FOLDER.glob("*.sql"))
NEWEST = migrate.migrations()[-1].version
_SCHEMA = (
    "SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) "
    "AS said "
    "FROM information_schema.columns WHERE table_schema = 'public' "
    "UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "UNION SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace ORDER BY said"
)

_WAITING = (
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def address(dsn: str, name: str) -> str:
    """The same server, another database."""
    return re.sub(r"/[^/?]*(?=\?|$)", f"/{name}", dsn, count=1)


@asynccontextmanager
async def connected(dsn: str) -> AsyncGenerator[Connection]:
    connection = await connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def restored(dsn: str, dump: Path, name: str) -> str:
    """The address of a new database with what the dump holds."""
    async with connected(dsn) as connection:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    async with connected(address(dsn, name)) as connection:
        await connection.execute(await asyncio.to_thread(dump.read_text, encoding="utf-8"))
    return address(dsn, name)


async def rows_of(dsn: str) -> dict[str, int]:
    """How many rows each table has."""
    async with connected(dsn) as connection:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found: dict[str, int] = {}
        for table in tables:
            name = str(table["tablename"])
            counted = await connection.fetch(f'SELECT count(*) AS n FROM public."{name}"')
            found[name] = int(str(counted[0]["n"]))
        return found


async def schema_of(dsn: str) -> list[str]:
    async with connected(dsn) as connection:
        return [str(row["said"]) for row in await connection.fetch(_SCHEMA)]


async def applied(dsn: str) -> list[int]:
    async with connected(dsn) as connection:
        found = await connection.fetch("SELECT version FROM public.schema_migration ORDER BY version")
        return [int(str(row["version"])) for row in found]


def test_there_is_a_dump_of_an_earlier_schema() -> None:
    assert EARLIER
    assert all(int(path.stem) <= NEWEST for path in EARLIER)


@pytest.mark.parametrize("dump", EARLIER, ids=lambda path: path.stem)
async def test_a_migrated_database_is_like_a_new_one_and_keeps_its_rows(
    postgres_dsn: str, postgres_folder: Path, dump: Path
) -> None:
    dsn = await restored(postgres_dsn, dump, "earlier_like_new")
    before = await rows_of(dsn)
    held = ("segment", "segment_reference", "run", "idempotency", "recommendation", "qualification_rule")
    assert all(before[name] for name in held)
    async with Database(dsn):
        pass
    after = await rows_of(dsn)
    assert {name: after[name] for name in before if name != "schema_migration"} == {
        name: rows for name, rows in before.items() if name != "schema_migration"
    }
    assert await applied(dsn) == list(range(1, NEWEST + 1))
    async with Database(directory=postgres_folder, name="made_anew"):
        pass
    assert await schema_of(dsn) == await schema_of(address(postgres_dsn, "made_anew"))


@pytest.mark.parametrize("dump", EARLIER, ids=lambda path: path.stem)
async def test_what_an_earlier_version_kept_is_served_on(
    postgres_dsn: str, tmp_path: Path, dump: Path
) -> None:
    dsn = await restored(postgres_dsn, dump, "earlier_served")
    async with connected(dsn) as connection:
        # A request id is remembered for a day, and the dump is older.
        await connection.execute("UPDATE idempotency SET created_at = now()")
    async with serving(dsn, tmp_path) as own:
        listed = await own.get("SegmentBuilder/ListSegments", builder.ListSegmentsRequest())
        names = {each.name: each for each in listed.segments}
        assert {"all of Aurelstad", "all who are away", "naming"} <= set(names)
        inner = names["all who are away"]
        assert SEGMENT_ID.fullmatch(inner.segment_id)
        assert list(inner.referenced_by) == [names["naming"].segment_id]
        again = await own.get("SegmentBuilder/CreateSegment", NAMES)
        assert again.segment == inner
        count = builder.PreviewCountRequest(criteria=names["naming"].criteria)
        assert (await own.get("SegmentBuilder/PreviewCount", count)).count == inner.last_count == 20
        rules = await own.get(
            "SegmentInsights/ListQualificationRules", insights.ListQualificationRulesRequest()
        )
        assert {each.state for each in rules.rules} == {
            insights.QUALIFICATION_RULE_STATE_ACTIVE,
            insights.QUALIFICATION_RULE_STATE_DRAFT,
        }
        runs = await own.get("SegmentAnalysis/ListAnalyses", analysis.ListAnalysesRequest())
        for run in runs.runs:
            wanted = analysis.GetAnalysisRequest(run_id=run.run_id)
            assert (await own.get("SegmentAnalysis/GetAnalysis", wanted)).result.segments


@pytest.mark.parametrize("dump", EARLIER, ids=lambda path: path.stem)
async def test_a_server_that_starts_while_another_migrates_waits_for_it(
    postgres_dsn: str, dump: Path
) -> None:
    dsn = await restored(postgres_dsn, dump, "earlier_twice")
    servers = [Database(dsn) for _ in range(2)]
    async with asyncio.TaskGroup() as tasks, connected(dsn) as holder, holder.transaction():
        # As a third one that is in the middle of it.
        await holder.execute("SELECT pg_advisory_xact_lock($1)", migrate.ADVISORY_LOCK)
        starts = [tasks.create_task(server.open()) for server in servers]
        for _ in range(1000):
            if len(await holder.fetch(_WAITING)) == len(servers):
                break
            await asyncio.sleep(0.01)
        assert len(await holder.fetch(_WAITING)) == len(servers)
        assert not any(start.done() for start in starts)
    assert await applied(dsn) == list(range(1, NEWEST + 1))
    for server in servers:
        await server.close()
