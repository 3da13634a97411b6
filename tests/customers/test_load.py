"""Files in: the shared real tables, columnar files, and files that are no tables."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers.load import load_table
from segmentry.errors import EmptyDataset, UnreadableTable

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared tables are not beside this checkout")


@shared
def test_the_telco_table_reads_as_its_notes_say() -> None:
    snapshot = load_table(SHARED / "telco_churn.csv", "telco")
    fields = snapshot.catalog.by_name
    assert (snapshot.rows, len(fields)) == (7043, 21)
    assert fields["TotalCharges"].type == "number"
    assert int((snapshot.numeric("TotalCharges") != snapshot.numeric("TotalCharges")).sum()) == 11
    assert "read as number; 11 blank values are unset" in fields["TotalCharges"].notes
    assert (fields["SeniorCitizen"].integer, fields["SeniorCitizen"].boolean_like) == (True, True)
    assert (fields["Partner"].type, fields["Partner"].boolean_like) == ("enum", True)
    assert [value.value for value in fields["Contract"].values] == ["Month-to-month", "Two year", "One year"]
    assert len(fields["OnlineSecurity"].values) == 3
    assert not fields["OnlineSecurity"].boolean_like
    assert fields["customerID"].role == "id"
    assert not any(field.pii for field in snapshot.catalog.fields)


@shared
def test_the_bank_table_reads_as_its_notes_say() -> None:
    snapshot = load_table(SHARED / "bank_marketing.csv", "bank")
    fields = snapshot.catalog.by_name
    assert (snapshot.rows, len(fields)) == (9043, 17)
    assert any(note.startswith("-1 may stand for no value") for note in fields["pdays"].notes)
    assert {"unknown"} < {value.value for value in fields["education"].values}
    assert (fields["month"].type, fields["day"].type) == ("enum", "number")
    assert fields["balance"].minimum is not None
    assert fields["balance"].minimum < 0
    assert not fields["balance"].notes
    assert not any(field.role or field.pii for field in snapshot.catalog.fields)


@shared
def test_the_wholesale_table_reads_as_its_notes_say() -> None:
    snapshot = load_table(SHARED / "wholesale_customers.csv", "wholesale")
    fields = snapshot.catalog.by_name
    assert (snapshot.rows, len(fields)) == (440, 8)
    assert [name for name, field in fields.items() if field.notes] == ["Channel", "Region"]
    assert all(field.type == "number" and field.integer and not field.role for field in fields.values())


def test_parquet_and_arrow_give_the_same_table(tmp_path: Path) -> None:
    frame = pl.DataFrame({"age": [30, None, 41], "city": ["Cork", "Lyon", None], "tags": [["a"], [], None]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    first, second = load_table(tmp_path / "t.parquet", "t"), load_table(tmp_path / "t.arrow", "t")
    assert first.frame().equals(frame)
    assert second.frame().equals(frame)
    assert first.catalog == second.catalog


def test_the_same_content_has_the_same_id(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    (tmp_path / "c.csv").write_text("x,y\n1,3\n")
    ids = [load_table(tmp_path / f"{name}.csv", "t").snapshot_id for name in "abc"]
    assert ids[0] == ids[1] != ids[2]


def test_a_catalog_rules_over_the_values(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "code,flag,when,score,extra\n1,yes,2025-01-02,x,1\n2,0,bad,2,1\n3,,,3,1\n"
    )
    catalog = Catalog(
        "t",
        (
            Field("code", "string"),
            Field("agreed", "boolean", column="flag"),
            Field("when", "datetime"),
            Field("score", "number"),
            Field("absent", "string"),
        ),
    )
    snapshot = load_table(tmp_path / "t.csv", "t", catalog)
    rows = snapshot.rows_as_mappings()
    assert [row["code"] for row in rows] == ["1", "2", "3"]
    assert [row["agreed"] for row in rows] == [True, False, None]
    assert [row["score"] for row in rows] == [None, 2.0, 3.0]
    assert [row["absent"] for row in rows] == [None, None, None]
    assert sorted(note.split(":")[0] for note in snapshot.notes) == ["absent", "score", "when"]


def test_a_catalog_of_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(UnreadableTable, match="none of the catalog's columns"):
        load_table(tmp_path / "t.csv", "t", Catalog("t", (Field("b", "string"),)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"PK\x03\x04", "unknown ending '.xlsx'; segmentry reads .csv"),
        ("t.parquet", b"a,b\n1,2\n", "is no Parquet file"),
        ("t.arrow", b"a,b\n1,2\n", "is no Arrow file"),
        ("t.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "is no Parquet file"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableTable, match=message):
        load_table(tmp_path / name, "t")


def test_missing_files_folders_and_empty_tables_say_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="there is no file"):
        load_table(tmp_path / "none.csv", "t")
    with pytest.raises(UnreadableTable, match="is a folder"):
        load_table(tmp_path, "t")
    pl.DataFrame({"a": pl.Series([], dtype=pl.Int64)}).write_parquet(tmp_path / "e.parquet")
    with pytest.raises(EmptyDataset, match="no rows"):
        load_table(tmp_path / "e.parquet", "t")
    (tmp_path / "z.parquet").write_bytes(b"")
    with pytest.raises(EmptyDataset, match="empty"):
        load_table(tmp_path / "z.parquet", "t")


def test_columnar_names_are_checked_too(tmp_path: Path) -> None:
    pl.DataFrame({"$a": [1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(UnreadableTable, match="cannot start with"):
        load_table(tmp_path / "t.parquet", "t")


def test_names_with_spaces_slashes_and_dots_are_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Total / month,a.b\n1,2\n")
    assert [field.name for field in load_table(tmp_path / "t.csv", "t").catalog.fields] == [
        "Total / month",
        "a.b",
    ]
