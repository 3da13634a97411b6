"""A real server over tables of every engine that settings can name: the same customers, the same counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import grpc
import polars as pl
import pytest
from google.protobuf.json_format import Parse
from google.protobuf.struct_pb2 import Struct
from segmentry import config
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field, FieldValue
from segmentry.errors import DatasetTooLarge, Unavailable
from segmentry.reader.lexicon.lexicon import is_built
from segmentry.rpc import server
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderStub

from tests.customers.postgres import database

CRM = """
CREATE TABLE customers (id bigint PRIMARY KEY, tier text, score int, tenant text);
INSERT INTO customers SELECT n, CASE n % 3 WHEN 0 THEN 'GOLD' WHEN 1 THEN 'SILVER' END, n % 100, 'acme'
FROM generate_series(1, 300) AS n;
INSERT INTO customers VALUES (999, 'GOLD', 50, 'other');
CREATE TABLE booking (id bigint, at timestamptz, amount bigint, tenant text);
INSERT INTO booking SELECT n, '2025-12-01', 100, 'acme' FROM generate_series(1, 50) AS n;
"""
CATALOG = Catalog(
    "crm",
    (
        Field("tier", "enum", values=(FieldValue("GOLD"), FieldValue("SILVER"))),
        Field("score", "number", integer=True),
    ),
    (EventType("booking", (EventProperty("amount", "number", integer=True),)),),
    key="id",
)
SETTINGS = """
max_analysis_rows = {most}
[[table]]
path = "customers.parquet"
schema = "file"
tenant = "acme"
catalog = "plain.toml"
[[table]]
path = "customers*.parquet"
schema = "parquet"
tenant = "acme"
engine = "duckdb"
catalog = "plain.toml"
[[table]]
path = "crm.duckdb"
relation = "customers"
schema = "duckdb"
tenant = "acme"
tenant_column = "tenant"
engine = "duckdb"
catalog = "plain.toml"
[[table]]
dsn_env = "CRM_DSN"
relation = "customers"
schema = "copied"
tenant = "acme"
tenant_column = "tenant"
engine = "snapshot"
catalog = "crm.toml"
refresh_s = 3600
[[table]]
dsn_env = "CRM_DSN"
relation = "public.customers"
schema = "live"
tenant = "acme"
tenant_column = "tenant"
catalog = "crm.toml"
default = true
"""
WITH_EVENTS = ("copied", "live")
ALL = ("live", "copied", "duckdb", "file", "parquet")


def settings(folder: Path, dsn: str, most: int = 1000) -> config.Settings:
    ids = range(1, 301)
    tiers = ["GOLD" if number % 3 == 0 else "SILVER" if number % 3 == 1 else None for number in ids]
    frame = pl.DataFrame({"id": ids, "tier": tiers, "score": [number % 100 for number in ids]})
    frame.write_parquet(folder / "customers.parquet")
    with duckdb.connect(folder / "crm.duckdb") as made:
        made.execute("CREATE TABLE customers AS SELECT *, 'acme' AS tenant FROM frame")
        made.execute("INSERT INTO customers VALUES (999, 'GOLD', 50, 'other')")
    (folder / "crm.toml").write_text(catalog_toml.dumps(CATALOG), encoding="utf-8")
    plain = Catalog("crm", CATALOG.fields, key="id")
    (folder / "plain.toml").write_text(catalog_toml.dumps(plain), encoding="utf-8")
    path = folder / "segmentry.toml"
    path.write_text(SETTINGS.format(most=most), encoding="utf-8")
    return config.load({"CRM_DSN": dsn}, path, address="127.0.0.1:0", data_dir=folder, log_level="error")


async def counted(stub: Any, schema_id: str, criteria: dict[str, Any]) -> tuple[int, int]:
    struct = Parse(json.dumps(criteria), Struct())
    reply = await stub.PreviewCount(
        pb.PreviewCountRequest(tenant_id="acme", schema_id=schema_id, criteria=struct)
    )
    assert reply.snapshot_id
    return reply.count, reply.universe


async def test_every_engine_serves_the_same_customers(postgres_folder: Path, tmp_path: Path) -> None:
    high_gold = {"$and": [{"tier": "GOLD"}, {"score": {"$gte": 50}}]}
    booked = {"$event": {"name": "booking", "count": {"$gte": 1}}}
    async with (
        database(postgres_folder, CRM) as dsn,
        server.running(settings(tmp_path, dsn)) as it,
        grpc.aio.insecure_channel(it.address) as channel,
    ):
        stub: Any = SegmentBuilderStub(channel)
        listed = await stub.ListSchemas(pb.ListSchemasRequest(tenant_id="acme"))
        assert [(each.schema_id, each.rows) for each in listed.schemas] == [(name, 300) for name in ALL]
        assert all(each.snapshot_id for each in listed.schemas)
        for schema_id in ("", *ALL):
            assert await counted(stub, schema_id, high_gold) == (50, 300)
            assert await counted(stub, schema_id, {"tier": {"$neq": "GOLD"}}) == (200, 300)
            built = await stub.Build(
                pb.BuildRequest(tenant_id="acme", schema_id=schema_id, query="gold tier")
            )
            assert built.preview_count == 100
            assert (await it.store.snapshot("acme", schema_id)).rows == 300
        for schema_id in WITH_EVENTS:
            assert await counted(stub, schema_id, booked) == (50, 300)


async def test_a_served_table_that_is_too_large_is_not_copied(postgres_folder: Path, tmp_path: Path) -> None:
    async with database(postgres_folder, CRM) as dsn, server.running(settings(tmp_path, dsn, most=299)) as it:
        for schema_id in ("live", "duckdb", "parquet"):
            with pytest.raises(DatasetTooLarge, match="max_analysis_rows"):
                await it.store.snapshot("acme", schema_id)
        assert (await it.store.snapshot("acme", "copied")).rows == 300


async def test_a_database_that_is_away_stops_the_start_and_its_dsn_shows_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dsn = "postgresql://crm:hunter2@127.0.0.1:1/crm"
    with pytest.raises(Unavailable) as caught:
        async with server.running(settings(tmp_path, dsn)):
            pass
    assert "hunter2" not in str(caught.value) + caplog.text


async def test_words_can_be_read_at_once_when_the_server_is_ready(tmp_path: Path) -> None:
    chosen = config.load(
        {}, address="127.0.0.1:0", demo=True, demo_members=1234, demo_date="2025-03-04", data_dir=tmp_path
    )
    async with server.running(chosen) as running:
        table = await running.store.table("demo", "")
        assert is_built(table.catalog)
