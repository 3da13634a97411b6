"""What is exported from a table of PostgreSQL runs on that very table, and selects what the server counts."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf.json_format import MessageToDict, Parse
from google.protobuf.struct_pb2 import Struct
from segmentry import config
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field, FieldValue
from segmentry.criteria.export.targets import TARGETS
from segmentry.postgresql.driver import connect
from segmentry.rpc import server
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderStub

from tests.customers.postgres import database

CRM = """
CREATE SCHEMA crm;
CREATE TYPE crm.tier AS ENUM ('GOLD', 'SILVER');
CREATE TABLE crm.customers (
    id uuid PRIMARY KEY, tier crm.tier, device uuid, spend numeric(12, 2), tags jsonb, active smallint,
    owner int
);
INSERT INTO crm.customers
SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
       CASE n % 3 WHEN 0 THEN 'GOLD'::crm.tier WHEN 1 THEN 'SILVER' END,
       '00000000-0000-0000-0000-00000000000a', n / 10.0, CASE WHEN n % 2 = 0 THEN '["vip"]'::jsonb END, n % 2,
       CASE WHEN n <= 30 THEN 7 ELSE 8 END
FROM generate_series(1, 50) AS n;
CREATE TABLE crm.visits (customer text, at timestamptz, shop crm.tier, owner int);
INSERT INTO crm.visits
SELECT '00000000-0000-0000-0000-' || lpad(n::text, 12, '0'), '2025-12-01', 'GOLD',
       CASE n % 2 WHEN 0 THEN 7 ELSE 8 END
FROM generate_series(1, 40) AS n;
"""
CATALOG = Catalog(
    "shop",
    (
        Field("tier", "enum", values=(FieldValue("GOLD"), FieldValue("SILVER"))),
        Field("device", "string"),
        Field("spend", "number"),
        Field("tags", "array"),
        Field("active", "boolean"),
    ),
    (EventType("visit", (EventProperty("shop", "string"),), table="crm.visits", key_column="customer"),),
    key="id",
)
SETTINGS = """
[[table]]
dsn_env = "CRM_DSN"
relation = "crm.customers"
schema = "live"
tenant = "7"
tenant_column = "owner"
catalog = "crm.toml"
[[table]]
dsn_env = "CRM_DSN"
relation = "crm.customers"
schema = "copied"
tenant = "7"
tenant_column = "owner"
engine = "snapshot"
catalog = "crm.toml"
"""
VISITED = {"$event": {"name": "visit", "count": {"$gte": 1}}}
CRITERIA: list[dict[str, Any]] = [
    {},
    {"tier": "GOLD"},
    {"tier": {"$nin": ["GOLD"]}},
    {"$or": [{"tier": {"$in": ["GOLD", "SILVER"]}}, {"device": "none"}]},
    {"device": {"$neq": "00000000-0000-0000-0000-00000000000a"}},
    {"device": {"$startsWith": "0000"}},
    {"spend": {"$gte": 1.1}},
    {"tags": "vip"},
    {"active": True},
    VISITED,
    {"$not": VISITED},
    {"$event": {"name": "visit", "where": {"shop": "GOLD"}, "count": {"$eq": 0}}},
]


@asynccontextmanager
async def serving(postgres_folder: Path, folder: Path) -> AsyncGenerator[tuple[Any, str]]:
    """A client of a server whose tables hold the rows of the tenants 7 and 8."""
    (folder / "crm.toml").write_text(catalog_toml.dumps(CATALOG), encoding="utf-8")
    path = folder / "segmentry.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    async with database(postgres_folder, CRM) as dsn:
        settings = config.load(
            {"CRM_DSN": dsn}, path, address="127.0.0.1:0", data_dir=folder, log_level="error"
        )
        async with (
            server.running(settings) as it,
            grpc.aio.insecure_channel(it.address) as channel,
        ):
            yield SegmentBuilderStub(channel), dsn


def place(schema_id: str, criteria: dict[str, Any]) -> dict[str, Any]:
    struct = Parse(json.dumps(criteria), Struct())
    return {"tenant_id": "7", "schema_id": schema_id, "criteria": struct}


def native(value: Any) -> Any:
    """A parameter as asyncpg takes it."""
    if isinstance(value, list):
        return cast("list[Any]", value)
    if isinstance(value, str) and value.endswith("Z"):
        return datetime.fromisoformat(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("schema_id", ["live", "copied"])
async def test_exported_sql_selects_the_tenants_customers_alone(
    schema_id: str, postgres_folder: Path, tmp_path: Path
) -> None:
    async with serving(postgres_folder, tmp_path) as (stub, dsn):
        connection = await connect(dsn)
        try:
            for criteria in CRITERIA:
                where = place(schema_id, criteria)
                reply = await stub.ExportCriteria(pb.ExportCriteriaRequest(**where, target="postgresql"))
                parameters = [native(each) for each in MessageToDict(reply.parameters)]
                rows = await connection.fetch(reply.statement, *parameters)
                counted = await stub.PreviewCount(pb.PreviewCountRequest(**where))
                assert (len(rows), 30) == (counted.count, counted.universe), criteria
                assert reply.exact
                assert "crm" in reply.notes[0]
        finally:
            await connection.close()


@pytest.mark.parametrize("target", TARGETS)
async def test_every_export_picks_the_tenant_or_says_that_it_does_not(
    target: str, postgres_folder: Path, tmp_path: Path
) -> None:
    async with serving(postgres_folder, tmp_path) as (stub, _):
        where = place("live", {"tier": "GOLD"})
        reply = await stub.ExportCriteria(pb.ExportCriteriaRequest(**where, target=target))
        said = [each for each in reply.notes if "several tenants" in each]
        assert len(said) == 1
        assert "owner" in said[0]
        if TARGETS[target].tenants:
            assert "owner" in reply.text
            assert next(iter(reply.parameters.values)).string_value == "7"
        else:
            assert not reply.exact
            assert "crm.customers" in said[0]
