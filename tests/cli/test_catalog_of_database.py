"""`catalog infer` on a real PostgreSQL: the same answer as for a CSV of the same rows, and the key."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from segmentry.cli.app import run
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Field
from segmentry.customers.load import load_table
from segmentry.customers.postgres_source import PostgresSource, Relation

from tests.customers.postgres import database

ROWS = [
    (number, ("GOLD", "SILVER")[number % 2], number * 7 % 101, number / 4, f"2025-01-{number % 28 + 1:02}")
    for number in range(1, 301)
]
TABLE = """
CREATE TABLE people (member_id bigint PRIMARY KEY, tier text, score int, spent double precision, joined date);
INSERT INTO people VALUES {rows};
"""


def known(field: Field) -> Field:
    """What is known of a field, without how it was read."""
    return dataclasses.replace(field, notes=())


async def test_a_table_is_understood_as_its_csv_is(postgres_folder: Path, tmp_path: Path) -> None:
    header = "member_id,tier,score,spent,joined"
    lines = [",".join(str(cell) for cell in row) for row in ROWS]
    (tmp_path / "people.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    expected = load_table(tmp_path / "people.csv", "people").catalog
    async with database(postgres_folder, TABLE.format(rows=", ".join(str(row) for row in ROWS))) as dsn:
        found = (await PostgresSource(Relation(dsn, "people"), "people").load()).catalog
    assert [known(field) for field in found.fields] == [known(field) for field in expected.fields]
    assert (found.key, found.key_column) == ("member_id", "member_id")


async def test_the_command_writes_the_catalog_of_a_relation(postgres_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "people.toml"
    async with database(postgres_folder, TABLE.format(rows=", ".join(str(row) for row in ROWS))) as dsn:
        code = await asyncio.to_thread(
            run, ["catalog", "infer", dsn, "--table", "people", "--output", str(output)]
        )
        no_table = await asyncio.to_thread(run, ["catalog", "infer", dsn])
    assert code == 0
    written = catalog_toml.loads(output.read_text(encoding="utf-8"))
    assert (written.schema, written.key, len(written.fields)) == ("people", "member_id", 5)
    assert no_table == 2


async def test_the_column_of_tenants_is_left_out_and_else_noted(
    postgres_folder: Path, tmp_path: Path
) -> None:
    made = (
        "CREATE TABLE shared (tenant_id text, id bigint, tier text, PRIMARY KEY (tenant_id, id)); "
        "INSERT INTO shared SELECT 'tenant ' || n % 3, n, 'gold' FROM generate_series(1, 300) n"
    )
    plain, without, of_file = (tmp_path / f"{name}.toml" for name in ("plain", "without", "of_file"))
    lines = [f"tenant {number % 3},{number},gold" for number in range(300)]
    (tmp_path / "shared.csv").write_text("\n".join(["tenant_id,id,tier", *lines]) + "\n", encoding="utf-8")
    leave_out = ["--tenant-column", "tenant_id"]
    async with database(postgres_folder, made) as dsn:
        infer = ["catalog", "infer", dsn, "--table", "shared", "--output"]
        for command in (
            [*infer, str(plain)],
            [*infer, str(without), *leave_out],
            ["catalog", "infer", str(tmp_path / "shared.csv"), *leave_out, "--output", str(of_file)],
        ):
            assert await asyncio.to_thread(run, command) == 0
    noted = catalog_toml.loads(plain.read_text(encoding="utf-8"))
    assert "tells tenants apart" in " ".join(noted.by_name["tenant_id"].notes)
    assert not noted.by_name["tier"].notes
    for path, key in ((without, "id"), (of_file, None)):
        assert "tenant" not in path.read_text(encoding="utf-8")
        found = catalog_toml.loads(path.read_text(encoding="utf-8"))
        assert [each.name for each in found.fields] == ["id", "tier"]
        assert key is None or found.key == key
