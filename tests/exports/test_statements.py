"""The statement of an export is what a person pastes: it runs as it stands and finds the same customers."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3

import duckdb
import polars as pl
import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.match import Row, select

from tests.judges import documents, node

AS_OF = dt.datetime(2025, 12, 16, 10, tzinfo=dt.UTC)
CATALOG = Catalog(
    "golf club",
    (
        Field("name", "string"),
        Field("score", "number"),
        Field("big", "number", integer=True),
        Field("at", "datetime"),
        Field("tags", "array"),
    ),
    key="name",
)
OLD = dt.datetime(1960, 2, 29, tzinfo=dt.UTC)
ROWS: list[Row] = [
    {"name": "Ann", "score": 8.5, "big": 2**53 + 1, "at": OLD, "tags": ("vip", "it's")},
    {"name": 'B"ob', "score": 10.0, "big": 2**53, "at": AS_OF, "tags": ()},
    {"name": "Cy\n", "big": 3},
    {"name": "😀"},
]
CRITERIA = [
    "{}",
    '{"at":{"$lt":"{{60_DAYS_AGO}}"}}',
    '{"at":{"$lt":"1961-01-01"}}',
    '{"big":9007199254740993}',
    '{"score":{"$exists":false}}',
    '{"$not":{"score":{"$lt":10}}}',
    '{"$and":[{"tags":"it\'s"},{"$or":[{"name":{"$startsWith":"A"}},{"name":{"$endsWith":"\\n"}}]}]}',
    '{"name":{"$in":["B\\"ob","😀",null]}}',
]


def exported(criteria: str, target: str) -> tuple[Exported, list[bool]]:
    bound = check.require(parse.loads(criteria), CATALOG, Clock.at(AS_OF)).bound
    return targets.write(target, bound, Source(CATALOG, Clock.at(AS_OF))), select(bound, ROWS, AS_OF)


@pytest.mark.parametrize("criteria", CRITERIA)
def test_mongosh_reads_the_statement_with_its_dates_and_long_numbers(criteria: str) -> None:
    found, expected = exported(criteria, "mongodb")
    rows = documents.documents(CATALOG, ROWS, documents.mongodb)
    assert found.statement.startswith('db.getCollection("golf club").find(')
    assert node.ask("mongosh", found.statement, rows, documents.longs(CATALOG)) == expected


def test_a_filter_that_is_pasted_wrongly_says_so() -> None:
    dated, _ = exported('{"at":{"$lt":"{{60_DAYS_AGO}}"}}', "mongodb")
    assert any("in mongosh paste the statement" in note for note in dated.notes)
    plain, _ = exported('{"score":{"$lt":10}}', "mongodb")
    assert plain.notes == ()


@pytest.mark.parametrize("criteria", [each for each in CRITERIA if "big" not in each])
def test_javascript_runs_the_statement(criteria: str) -> None:
    found, expected = exported(criteria, "jsonlogic")
    rows = documents.documents(CATALOG, ROWS, documents.jsonlogic)
    assert node.ask("javascript", found.statement, rows) == expected


@pytest.mark.parametrize("criteria", CRITERIA)
def test_python_runs_the_lines_of_polars(criteria: str) -> None:
    found, expected = exported(criteria, "polars")
    frame = pl.DataFrame(
        {
            "name": [row["name"] for row in ROWS],
            "score": pl.Series([row.get("score") for row in ROWS], dtype=pl.Float64),
            "big": pl.Series([row.get("big") for row in ROWS], dtype=pl.Int64),
            "at": pl.Series([row.get("at") for row in ROWS], dtype=pl.Datetime("us", "UTC")),
            "tags": pl.Series([row.get("tags") for row in ROWS], dtype=pl.List(pl.String)),
        }
    )
    for customers in (frame, frame.lazy()):
        scope: dict[str, object] = {"customers": customers}
        exec(found.statement, scope)  # the lines are what is tested
        segment = scope["segment"]
        assert isinstance(segment, pl.DataFrame | pl.LazyFrame)
        assert segment.lazy().collect()["name"].to_list() == _names(expected)


@pytest.mark.parametrize("criteria", CRITERIA)
def test_sql_statements_select_the_key_with_the_parameters_in_order(criteria: str) -> None:
    found, expected = exported(criteria, "sqlite")
    lite = sqlite3.connect(":memory:")
    lite.execute("CREATE TABLE `golf club` (name TEXT, score REAL, big INTEGER, at TEXT, tags TEXT)")
    cells = documents.documents(CATALOG, ROWS, documents.elasticsearch)
    texts = [
        {**row, "tags": json.dumps(row["tags"]) if row.get("tags") is not None else None} for row in cells
    ]
    columns = [each.name for each in CATALOG.fields]
    lite.executemany(
        "INSERT INTO `golf club` VALUES (?, ?, ?, ?, ?)",
        [[row.get(name) for name in columns] for row in texts],
    )
    given = [int(each) if isinstance(each, str) and each.isdigit() else each for each in found.parameters]
    assert [name for (name,) in lite.execute(found.statement, given)] == _names(expected)
    found, expected = exported(criteria, "duckdb")
    duck = duckdb.connect()
    duck.execute(
        'CREATE TABLE "golf club" (name TEXT, score DOUBLE, big BIGINT, "at" TIMESTAMP, tags TEXT[])'
    )
    naive = [
        [v.replace(tzinfo=None) if isinstance(v := row.get(name), dt.datetime) else v for name in columns]
        for row in ROWS
    ]
    duck.executemany('INSERT INTO "golf club" VALUES (?, ?, ?, ?, ?)', naive)
    result = duck.execute(found.statement, list(found.parameters)).fetchall()
    assert [name for (name,) in result] == _names(expected)


def test_requests_hold_the_same_query_as_the_text() -> None:
    criteria = '{"$and":[{"name":"Ann"},{"score":{"$gte":8}}]}'
    query, _ = exported(criteria, "elasticsearch")
    head, body = query.statement.split("\n", 1)
    assert head == "GET /golf%20club/_search"
    assert json.loads(body) == {"query": query.json}
    segment, _ = exported(criteria, "klaviyo")
    assert json.loads(segment.statement) == {
        "data": {"type": "segment", "attributes": {"name": "golf club segment", "definition": segment.json}}
    }


def _names(expected: list[bool]) -> list[object]:
    return [row["name"] for row, hit in zip(ROWS, expected, strict=True) if hit]
