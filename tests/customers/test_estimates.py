"""First estimates from a sample: how often their interval holds the truth, and when there is one."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.match import Row
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.customers.duckdb_rows import DuckdbScratch
from segmentry.customers.pushdown import Limits, PushdownTable
from segmentry.customers.sql_rows import NAME

from tests.customers.sql_stores import pushed_down

AS_OF = datetime(2025, 12, 16, tzinfo=UTC)
SHARES = (0.003, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
          0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 0.999)  # fmt: skip
ROWS, SEEDS = 2_000, 25
FEW = Limits(quick_s=0.0, sample_rows=200)
CATALOG = Catalog("t", tuple(Field(f"f{number}", "boolean") for number in range(len(SHARES))))
IS_SET = [Leaf(each.name, Operator.EQ, value=True) for each in CATALOG.fields]


def _rows() -> list[Row]:
    """Independent truth values, so that the intervals of one sample are independent too."""
    drawn = random.Random(1)
    return [
        {each.name: drawn.random() < share for each, share in zip(CATALOG.fields, SHARES, strict=True)}
        for _ in range(ROWS)
    ]


async def test_the_interval_holds_the_truth_in_19_of_20_samples() -> None:
    rows, place = _rows(), DuckdbScratch()
    truths = [sum(row[each.name] is True for row in rows) for each in CATALOG.fields]
    inside = asked = 0
    try:
        async with pushed_down(place, CATALOG, rows, [[] for _ in rows], FEW) as named:
            for seed in range(SEEDS):
                table = PushdownTable(place.connection, named.catalog, NAME, limits=FEW, seed=seed)
                await table.refresh()
                for leaf, truth in zip(IS_SET, truths, strict=True):
                    found = await table.estimate(leaf, AS_OF)
                    assert found is not None
                    assert found.low is not None
                    assert found.high is not None
                    inside += found.low <= truth <= found.high
                    asked += 1
    finally:
        await place.close()
    # 600 intervals that hold 95 % each hold 93 % together but for one run in a hundred.
    assert inside / asked >= 0.93, f"{inside} of {asked}"
    # Intervals that always hold the truth would be wider than they say.
    assert inside < asked


async def test_no_caller_waits_for_a_sample_and_an_old_one_is_not_used() -> None:
    rows, place = _rows(), DuckdbScratch()
    try:
        async with pushed_down(place, CATALOG, rows, [[] for _ in rows], FEW) as table:
            assert await table.estimate(IS_SET[5], AS_OF) is None
            await table.refresh()
            assert await table.estimate(IS_SET[5], AS_OF) is not None
            old = PushdownTable(
                place.connection, table.catalog, NAME, limits=Limits(quick_s=0.0, sample_rows=200, sample_s=0)
            )
            await old.refresh()
            assert await old.estimate(IS_SET[5], AS_OF) is None
    finally:
        await place.close()
