"""Snapshot folders: what is written comes back, and a folder of another version says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.nodes import Event, Operator
from segmentry.customers.load import load_table
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import UnreadableTable

AS_OF = datetime(2025, 12, 16, tzinfo=UTC)
CATALOG = Catalog(
    "shop",
    (Field("city", "string", column="town"),),
    (EventType("order", (EventProperty("amount", "number", integer=True, column="amount_cents"),)),),
    key="customer_no",
)
BIG_SPENDER = Event("order", measure="sum", operator=Operator.GTE, value=500, of="amount")


def shop() -> Snapshot:
    frame = pl.DataFrame({"customer_no": ["c-1", "c-2", "c-3"], "town": ["Cork", None, "Lyon"]})
    orders = pl.DataFrame({"owner": [2, 0], "at": [datetime(2025, 1, 1, tzinfo=UTC)] * 2})
    return Snapshot.from_frame(
        frame, CATALOG, {"order": orders.with_columns(amount_cents=pl.Series([700, 5]))}
    )


def test_a_customer_has_the_same_key_before_and_after_the_disk(tmp_path: Path) -> None:
    snapshot = shop()
    snapshot.write(tmp_path / "shop")
    opened = Snapshot.read(tmp_path / "shop")
    assert [opened.row_of(key) for key in ("c-1", "c-3", "3", "c-4")] == [0, 2, None, None]
    assert opened.member(2) == snapshot.member(2)
    assert opened.snapshot_id == snapshot.snapshot_id


def test_a_table_without_keys_has_none_after_the_disk(tmp_path: Path) -> None:
    Snapshot.from_frame(pl.DataFrame({"n": [1, 2]}), Catalog("t", (Field("n", "number"),))).write(
        tmp_path / "t"
    )
    opened = Snapshot.read(tmp_path / "t")
    assert (opened.keys, opened.row_of("2")) == (None, 1)


def test_a_property_is_read_from_the_column_that_its_catalog_names() -> None:
    assert shop().mask(BIG_SPENDER, AS_OF).tolist() == [False, False, True]


def test_a_folder_of_another_version_names_both_and_what_to_do(tmp_path: Path) -> None:
    shop().write(tmp_path / "shop")
    manifest = tmp_path / "shop" / "manifest.json"
    written = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**written, "format": 1}), encoding="utf-8")
    with pytest.raises(UnreadableTable, match=r"format 1, this reads 3\); write it again"):
        Snapshot.read(tmp_path / "shop")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("catalog", [CATALOG, None], ids=["declared", "inferred"])
def test_customers_of_a_file_are_found_by_their_key(
    tmp_path: Path, ending: str, catalog: Catalog | None
) -> None:
    frame = pl.DataFrame({"customer_no": [f"c-{number}" for number in range(30)], "town": ["Cork"] * 30})
    file = tmp_path / f"shop.{ending}"
    if ending == "csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(file)
    snapshot = load_table(file, "shop", catalog)
    assert snapshot.catalog.key_column == "customer_no"
    assert snapshot.row_of("c-7") == 7
    assert snapshot.member(7).key == "c-7"


def test_a_key_column_that_the_file_lacks_is_noted(tmp_path: Path) -> None:
    pl.DataFrame({"town": ["Cork", "Lyon"]}).write_csv(tmp_path / "shop.csv")
    snapshot = load_table(tmp_path / "shop.csv", "shop", CATALOG)
    assert snapshot.row_of("2") == 1
    assert any("no key column 'customer_no'" in note for note in snapshot.notes)
