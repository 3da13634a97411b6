"""Compact forms answer as their columns do, and a caller who has left stops what is asked for them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segmentry.criteria.catalog import Catalog, EventType, Field, FieldType
from segmentry.criteria.nodes import Everyone, Leaf, Operator, Top
from segmentry.customers import blocks
from segmentry.customers.columns import MICROSECONDS
from segmentry.customers.compact import Blocks, Ranked, Seconds
from segmentry.customers.scan import Cancel, Cancelled
from segmentry.customers.snapshot import Snapshot

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
# So many different names that the column is not coded.
N_ROWS = 5_001


def table(**columns: pl.Series) -> Snapshot:
    types: dict[pl.DataType, FieldType] = {
        pl.String(): "string",
        pl.Float64(): "number",
        MICROSECONDS: "datetime",
    }
    fields = tuple(Field(name, types[series.dtype]) for name, series in columns.items())
    return Snapshot.from_frame(pl.DataFrame(columns), Catalog("t", fields))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.one_of(st.none(), st.text("abé", max_size=4)), min_size=1, max_size=150),
    needle=st.text("abé", max_size=5),
    sparse=st.booleans(),
)
def test_blocks_find_what_a_row_holds_and_nothing_that_two_rows_make(
    *, monkeypatch: pytest.MonkeyPatch, texts: list[str | None], needle: str, sparse: bool
) -> None:
    # Without a probe every match is looked for by blocks, however many there are.
    monkeypatch.setattr(blocks, "PROBED_BLOCKS", 0 if sparse else 4096)
    form = blocks.blocks_of(pl.Series(texts, dtype=pl.String))
    if form is None:
        assert all(text is None for text in texts)
        return
    snapshot = dataclasses.replace(
        table(name=pl.Series([f"n{row}" for row in range(N_ROWS)])), rows=len(texts), forms={"name": form}
    )
    found = snapshot.mask(Leaf("name", Operator.CONTAINS, needle), AS_OF)
    assert found.tolist() == [text is not None and needle in text for text in texts]


def test_each_kind_of_column_gets_the_form_that_fits_it() -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    snapshot = table(
        name=pl.Series([f"n{row}" for row in range(N_ROWS)]),
        essay=pl.Series([f"{row} " * 40 for row in range(N_ROWS)]),
        score=pl.Series([row % 1001 / 10 for row in range(N_ROWS)]),
        day=pl.Series([start + timedelta(days=row % 900) for row in range(N_ROWS)], dtype=MICROSECONDS),
    )
    kinds = {name: type(form) for name, form in snapshot.forms.items()}
    assert kinds == {"name": Blocks, "score": Ranked, "day": Ranked}


@pytest.mark.parametrize(("past", "kind"), [(0, Seconds), (1, None)], ids=["seconds", "microseconds"])
def test_datetimes_of_whole_seconds_are_compared_as_seconds(past: int, kind: type | None) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    times = [start + timedelta(seconds=row, microseconds=past) for row in range(0xFFFF + 2)]
    snapshot = table(at=pl.Series(times, dtype=MICROSECONDS))
    assert type(snapshot.forms.get("at")) is (kind or type(None))
    edge = times[100]
    for off in (-1, 0, 1):
        operand = edge + timedelta(microseconds=off)
        for operator, n_below in ((Operator.LT, 100 + (off > 0)), (Operator.LTE, 100 + (off >= 0))):
            assert snapshot.count(Leaf("at", operator, operand), AS_OF) == n_below
        assert snapshot.count(Leaf("at", Operator.GT, operand), AS_OF) == len(times) - 100 - (off >= 0)
        assert snapshot.count(Leaf("at", Operator.GTE, operand), AS_OF) == len(times) - 100 - (off > 0)
        assert snapshot.count(Leaf("at", Operator.EQ, operand), AS_OF) == int(off == 0)


def test_thresholds_and_customers_are_not_computed_for_a_caller_who_has_left() -> None:
    catalog = Catalog("t", (Field("n", "number"),), (EventType("order"),))
    nothing = pl.DataFrame(schema={"owner": pl.Int32(), "at": MICROSECONDS})
    snapshot = Snapshot.from_frame(pl.DataFrame({"n": [1.0, 2.0]}), catalog, {"order": nothing})
    left = Cancel()
    left.set()
    with pytest.raises(Cancelled):
        snapshot.resolved(Top("n", 50, "highest", Everyone()), AS_OF, cancel=left)
    with pytest.raises(Cancelled):
        snapshot.member(0, cancel=left)
