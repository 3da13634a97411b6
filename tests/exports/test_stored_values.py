"""Values that languages read differently: closed lists of numbers, NaN, infinities, texts beyond U+FFFF."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import polars as pl
import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.match import Row, select
from segmentry.criteria.nodes import Operator
from segmentry.customers.polars_rows import matching
from segmentry.errors import JsonValue

from tests.judges import documents, elasticsearch, node

ORDERED = tuple(each for each in Operator if each not in (Operator.NIN, Operator.EXISTS))
CLOCK = Clock.at(dt.datetime(2025, 12, 16, tzinfo=dt.UTC))


def exported(catalog: Catalog, criteria: str, target: str) -> Exported:
    bound = check.require(parse.loads(criteria), catalog, CLOCK).bound
    return targets.write(target, bound, Source(catalog, CLOCK))


def expected(catalog: Catalog, criteria: str, rows: Sequence[Row]) -> list[bool]:
    return select(check.require(parse.loads(criteria), catalog, CLOCK).bound, rows, CLOCK.as_of)


LISTS = Catalog(
    "t",
    (
        Field("stars", "enum", values=(FieldValue(1), FieldValue(2), FieldValue(5))),
        Field("half", "enum", values=(FieldValue(0.5), FieldValue(1))),
        Field("paid", "enum", values=(FieldValue(True), FieldValue(False))),
    ),
)
LISTED: list[Row] = [
    {"stars": 1, "half": 0.5, "paid": True},
    {"stars": 5, "half": 1.0, "paid": False},
    {},
]
OF_LISTS = [
    '{"stars":5}',
    '{"stars":{"$neq":1}}',
    '{"stars":{"$in":[1,2,null]}}',
    '{"half":1}',
    '{"half":{"$in":[0.5,1]}}',
    '{"half":{"$nin":[1,null]}}',
    '{"half":{"$exists":true}}',
    '{"paid":true}',
    '{"paid":{"$neq":true}}',
    '{"paid":{"$in":[false]}}',
]


@pytest.mark.parametrize("criteria", OF_LISTS)
def test_a_closed_list_of_numbers_or_truth_values_is_compared_as_such(criteria: str) -> None:
    right = expected(LISTS, criteria, LISTED)
    frame = pl.DataFrame(
        {name: [row.get(name) for row in LISTED] for name in LISTS.by_name},
        schema={"stars": pl.Int64, "half": pl.Float64, "paid": pl.Boolean},
    )
    found = {
        "mongodb": exported(LISTS, criteria, "mongodb"),
        "jsonlogic": exported(LISTS, criteria, "jsonlogic"),
        "elasticsearch": exported(LISTS, criteria, "elasticsearch"),
        "polars": exported(LISTS, criteria, "polars"),
    }
    assert all(each.exact for each in found.values())
    assert not any("keyword" in note for note in found["elasticsearch"].notes)
    rows = documents.documents(LISTS, LISTED, documents.jsonlogic)
    assert node.ask("mongodb", found["mongodb"].json, rows) == right
    assert node.ask("jsonlogic", found["jsonlogic"].json, rows) == right
    assert [elasticsearch.matches(found["elasticsearch"].json, row) for row in rows] == right
    assert matching(found["polars"].text, frame, {}).to_list() == right


@pytest.mark.parametrize(("criteria", "kind"), [('{"stars":5}', "numeric"), ('{"paid":true}', "boolean")])
def test_klaviyo_is_given_the_type_of_the_list(criteria: str, kind: str) -> None:
    found = exported(LISTS, criteria, "klaviyo")
    assert f'"type": "{kind}"' in found.text
    assert found.exact


def test_a_list_of_several_types_is_no_exact_export_where_columns_have_one() -> None:
    mixed = Catalog("t", (Field("grade", "enum", values=(FieldValue("A"), FieldValue(1))),))
    for target in ("polars", "klaviyo"):
        found = exported(mixed, '{"grade":1}', target)
        assert not found.exact
        assert any("several types" in note for note in found.notes)


STORED: list[dict[str, JsonValue]] = [
    {"score": 10},
    {"score": {"$numberDouble": "NaN"}},
    {"score": {"$numberDouble": "Infinity"}},
    {"score": {"$numberDouble": "-Infinity"}},
    {"score": None},
    {},
    {"score": 1.7976931348623157e308},
]
CELLS: list[Row] = [
    {"score": 10.0}, {"score": math.nan}, {"score": math.inf}, {"score": -math.inf}, {}, {},
    {"score": 1.7976931348623157e308},
]  # fmt: skip


@pytest.mark.parametrize("column", ["score", "the.score", "$score"])
@pytest.mark.parametrize(
    "criteria",
    [
        '{"score":{"$lt":11}}',
        '{"score":{"$lte":10}}',
        '{"score":{"$gt":9}}',
        '{"score":{"$gte":10}}',
        '{"score":10}',
        '{"score":{"$neq":10}}',
        '{"score":null}',
        '{"score":{"$exists":true}}',
        '{"score":{"$in":[10,null]}}',
        '{"score":{"$nin":[10,null]}}',
        '{"$not":{"score":{"$gte":10}}}',
    ],
)
def test_a_stored_nan_or_infinity_is_unset_in_mongodb(criteria: str, column: str) -> None:
    catalog = Catalog("t", (Field("score", "number", column=column),))
    rows = [dict.fromkeys([column] if row else [], row.get("score")) for row in STORED]
    found = exported(catalog, criteria, "mongodb")
    assert found.exact
    assert ("$getField" in found.text) is (column != "score")
    assert node.ask("mongodb", found.json, rows) == expected(catalog, criteria, CELLS)


@pytest.mark.parametrize("column", ["city.name", "$city", "$a.b$"])
@pytest.mark.parametrize(
    "criteria",
    [
        '{"city":"$x"}',
        '{"city":{"$neq":"$x"}}',
        '{"city":{"$contains":"$"}}',
        '{"city":{"$endsWith":"a."}}',
        '{"city":{"$in":["$x",null]}}',
        '{"city":{"$exists":false}}',
        '{"city":{"$lt":"\uffff"}}',
    ],
)
def test_a_column_that_is_no_path_is_read_by_its_name_in_mongodb(criteria: str, column: str) -> None:
    catalog = Catalog("t", (Field("city", "string", column=column, operators=ORDERED),))
    cells: list[Row] = [{"city": "$x"}, {"city": "a."}, {"city": "aa"}, {}]
    rows = documents.documents(catalog, cells, documents.mongodb)
    # A path of the same letters leads elsewhere.
    rows[2] = {**rows[2], "city": {"name": "$x"}, "a": {"b$": "$x"}}
    assert node.ask("mongodb", exported(catalog, criteria, "mongodb").json, rows) == expected(
        catalog, criteria, cells
    )


@pytest.mark.parametrize("operand", ["\uffff", "😀", "\ud7ff", "\ue000a"])
@pytest.mark.parametrize("operator", ["$lt", "$lte", "$gt", "$gte"])
def test_texts_are_ordered_by_code_point_as_mongodb_orders_their_bytes(operator: str, operand: str) -> None:
    catalog = Catalog("t", (Field("name", "string", operators=ORDERED),))
    cells: list[Row] = [
        {"name": each} for each in ("a", "\ud7ff", "\ue000", "\uffff", "😀", "😀b", "\U0010ffff")
    ]
    criteria = f'{{"name":{{"{operator}":"{operand}"}}}}'
    rows = documents.documents(catalog, cells, documents.mongodb)
    assert node.ask("mongodb", exported(catalog, criteria, "mongodb").json, rows) == expected(
        catalog, criteria, cells
    )
