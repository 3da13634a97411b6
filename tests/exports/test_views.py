"""A view that an export defines is created as it stands, on real engines, and its rows are the members."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.match import Row, select
from segmentry.criteria.nodes import Node
from segmentry.errors import ExportUnsupported, InvalidParameters

from tests.exports.sql_runners import DuckDb, Runner, Server
from tests.exports.sql_tables import CUSTOMERS, KEY, keyed

NOW = datetime.now(UTC)
CATALOG = keyed(
    Catalog(
        "club",
        (
            Field("name", "string"),
            Field("score", "number"),
            Field("big", "number", integer=True),
            Field("active", "boolean"),
            Field("at", "datetime"),
            Field("tags", "array"),
        ),
    )
)
ROWS: list[Row] = [
    {"name": "O'Brien\\", "score": 1e300, "big": -(2**63), "active": True, "tags": ("it's", 'a"b', "c,d")},
    {"name": "{0} $1 %s :x", "score": -0.1, "big": 2**63 - 1, "active": False, "tags": ()},
    {"name": "\\'); DROP TABLE club; --", "score": 8.5, "at": datetime(1960, 2, 29, tzinfo=UTC)},
    {"name": "😀\n", "at": NOW},
    {},
]
CRITERIA = [
    "{}",
    '{"name":"O\'Brien\\\\"}',
    '{"name":{"$in":["{0} $1 %s :x","😀\\n",null]}}',
    '{"name":{"$startsWith":"\\\\\'); DROP"}}',
    '{"name":{"$contains":"%s"}}',
    '{"big":-9223372036854775808}',
    '{"big":{"$nin":[9223372036854775807]}}',
    '{"score":{"$lte":-0.1}}',
    '{"$not":{"score":{"$gte":1e300}}}',
    '{"active":true}',
    '{"tags":{"$in":["it\'s","c,d"]}}',
    '{"tags":"a\\"b"}',
    '{"at":{"$lt":"{{60_DAYS_AGO}}"}}',
    '{"at":{"$lt":"1961-01-01T00:00:00+02:00"}}',
]
ENGINES = {"postgresql": Server.connected, "duckdb": DuckDb}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> tuple[str, Runner]:
    runner = ENGINES[request.param]()
    runner.load(runner.storage.tables(CATALOG, ROWS, ()))
    return request.param, runner


def viewed(criteria: str, target: str, name: str) -> tuple[Exported, Node]:
    clock = Clock.at(NOW)
    bound = check.require(parse.loads(criteria), CATALOG, clock).bound
    source = Source(CATALOG, clock, Origin(relation=CUSTOMERS))
    return targets.write(target, bound, source, name), bound


@pytest.mark.parametrize("criteria", CRITERIA)
def test_a_view_is_created_as_it_stands_and_holds_the_members(
    criteria: str, engine: tuple[str, Runner]
) -> None:
    target, runner = engine
    found, bound = viewed(criteria, target, 'the.v "1"')
    assert found.parameters == ()
    runner.keys(found.statement, ())
    members = runner.keys(f'SELECT "{KEY}" FROM "the"."v ""1"""', ())
    wanted = [number for number, met in enumerate(select(bound, ROWS, NOW)) if met]
    assert sorted(members) == wanted
    # Only the last of them is written over, never a table.
    assert len(runner.keys(f"SELECT 1 FROM {CUSTOMERS}", ())) == len(ROWS)


@pytest.mark.parametrize("name", [".", "a.", " ", "a\nb", "x" * 64, "crm." + "é" * 32])
def test_a_name_that_no_view_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameters) as raised:
        viewed("{}", "postgresql", name)
    assert raised.value.metadata["field"] == "view"


def test_a_target_whose_views_are_not_written_says_which_are() -> None:
    with pytest.raises(ExportUnsupported) as raised:
        viewed("{}", "mongodb", "v")
    assert raised.value.metadata["allowed"] == "postgresql, duckdb"
