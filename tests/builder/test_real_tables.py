"""Builds over real tables that nobody wrote a catalog for, counted again straight from the file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.builder.build import build
from segmentry.builder.request import Options, Place
from segmentry.criteria import canonical, parse
from segmentry.criteria.dates import Clock
from segmentry.customers.load import load_table
from segmentry.customers.snapshots import SnapshotStore

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

Row = dict[str, str]
CASES: list[tuple[str, str, str, Callable[[Row], bool]]] = [
    (
        "telco_churn",
        "customers with a month-to-month contract and tenure under 12",
        '{"$and":[{"Contract":"Month-to-month"},{"tenure":{"$lt":12}}]}',
        lambda row: row["Contract"] == "Month-to-month" and int(row["tenure"]) < 12,
    ),
    (
        "telco_churn",
        "senior citizens with monthly charges over 80",
        '{"$and":[{"SeniorCitizen":1},{"MonthlyCharges":{"$gt":80}}]}',
        lambda row: row["SeniorCitizen"] == "1" and float(row["MonthlyCharges"]) > 80,
    ),
    (
        "bank_marketing",
        "customers aged 30 to 40 with a housing loan",
        '{"$and":[{"age":{"$gte":30}},{"age":{"$lte":40}},{"housing":"yes"}]}',
        lambda row: 30 <= int(row["age"]) <= 40 and row["housing"] == "yes",
    ),
    (
        "wholesale_customers",
        "Grocery above 20000 and Milk below 5000",
        '{"$and":[{"Grocery":{"$gt":20000}},{"Milk":{"$lt":5000}}]}',
        lambda row: int(row["Grocery"]) > 20000 and int(row["Milk"]) < 5000,
    ),
]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared tables are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1])
async def test_build_over_a_real_table_counts_what_the_file_says(
    case: tuple[str, str, str, Callable[[Row], bool]],
) -> None:
    name, query, criteria, holds = case
    file = SHARED / f"{name}.csv"
    store = SnapshotStore()
    store.put("demo", name, load_table(file, name), default=True)
    table = await store.table("demo", name)
    place = Place("demo", name, table.catalog, Clock.at(datetime(2025, 12, 16, tzinfo=UTC)))
    outcome = await build(query, place, Options(), store, build_id="b_1")
    assert outcome.result is not None
    assert canonical.text(outcome.result.node) == canonical.text(parse.loads(criteria))
    with file.open(encoding="utf-8", newline="") as opened:
        expected = sum(holds(row) for row in csv.DictReader(opened))
    assert outcome.preview is not None
    assert outcome.preview.matched == expected > 0
