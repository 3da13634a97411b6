"""Types, flags, codes, ids, personal fields: what a column's values and name say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from segmentry.criteria.catalog import Field
from segmentry.customers import infer, naming
from segmentry.errors import UnreadableTable


def read(values: Sequence[object], name: str = "x") -> tuple[Field, list[object]]:
    inferred = infer.column(pl.Series(name, values))
    return inferred.field, inferred.series.to_list()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", " 2 ", "", None, "NULL", "NaN", "n/a"], [1, 2, None, None, None, None, None]),
        (["9007199254740993", "-1"], [9007199254740993, -1]),
        (["1.5", "2", ".5", "1e3"], [1.5, 2.0, 0.5, 1000.0]),
        (["1,234", "56", "1,234,567"], [1234, 56, 1234567]),
        (["1,234.50", "56"], [1234.5, 56.0]),
        (["1.234,56", "7,5", "1.000"], [1234.56, 7.5, 1000.0]),
        (["10%", "12.5%"], [10.0, 12.5]),
        (["$5", "$1,200.50"], [5.0, 1200.5]),
        (["€5", "€7"], [5, 7]),
        (["0", "0.5", "10"], [0.0, 0.5, 10.0]),
    ],
)
def test_numbers_are_read_in_the_notation_that_all_share(cells: list[str], values: list[float]) -> None:
    field, read_values = read(cells)
    assert field.type == "number"
    assert read_values == values
    assert field.integer == all(isinstance(value, int) for value in values if value is not None)


def test_a_few_refused_values_are_unset_and_named() -> None:
    field, values = read([str(n) for n in range(199)] + ["oops"])
    assert (field.type, field.integer, values[-1]) == ("number", True, None)
    assert any("1 value that is none" in note and "'oops'" in note for note in field.notes)
    assert read([str(n) for n in range(50)] + ["oops", "nope"])[0].type == "string"


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ([" ", " ", None, *["3.5"] * 20], "read as number; 2 blank values are unset"),
        (["NULL", *["3.5"] * 20], "read as number; 1 blank value is unset"),
        (
            [" ", "x", *["3"] * 200],
            "read as number; 1 blank value is unset, 1 value that is none is unset, such as 'x'",
        ),
    ],
)
def test_blanks_that_are_no_empty_cells_are_told_of_a_column_of_numbers(
    cells: list[str | None], note: str
) -> None:
    assert note in read(cells)[0].notes


def test_empty_cells_alone_do_not_make_a_column_of_text() -> None:
    notes = read([None, "", *["3.5"] * 20])[0].notes
    assert not any(note.startswith("read as number") for note in notes)


@pytest.mark.parametrize(
    "cells", [["007", "012"], ["+27821234567", "5"], ["12a", "13"], ["inf", "-inf"], ["1 2", "3"]], ids=str
)
def test_codes_and_words_stay_text(cells: list[str]) -> None:
    field, values = read(cells)
    assert field.type == "string"
    assert values == cells


def test_flags_keep_their_stored_values() -> None:
    zero_one, numbers = read(["0", "1", "1", ""] * 60)
    assert (zero_one.type, zero_one.integer, zero_one.boolean_like) == ("number", True, True)
    assert numbers[:4] == [0, 1, 1, None]
    floats, _ = read(["0.0", "1.0", ""] * 60)
    assert (floats.integer, floats.boolean_like) == (False, True)
    yes_no, words = read(["Yes", "No"] * 150)
    assert (yes_no.type, yes_no.boolean_like, words[0]) == ("enum", True, "Yes")
    boolean, flags = read(["true", "FALSE", ""])
    assert (boolean.type, flags) == ("boolean", [True, False, None])


def test_a_closed_list_needs_rows_and_repetition() -> None:
    field, _ = read(["red", "blue", "blue"] * 100)
    assert (field.type, [value.value for value in field.values]) == ("enum", ["blue", "red"])
    short, _ = read(["red", "blue", "blue"] * 10)
    assert (short.type, [value.value for value in short.values]) == ("string", ["blue", "red"])
    many, _ = read([f"v{n % 60}" for n in range(600)])
    assert (many.type, many.values, len(many.samples)) == ("string", (), 60)


def test_long_texts_are_no_list_of_values() -> None:
    field, _ = read(["x" * 100_000, "y"] * 150)
    assert (field.type, field.values, field.samples) == ("string", (), ())


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2025-12-31", ""], datetime(2025, 12, 31, tzinfo=UTC)),
        (["2025-12-31T10:00:00Z", "2025-12-31T10:00Z"], datetime(2025, 12, 31, 10, tzinfo=UTC)),
        (["2025-12-31 10:00:00.123456", "2025-12-31"], datetime(2025, 12, 31, 10, 0, 0, 123456, tzinfo=UTC)),
        (["2025-12-31T01:00:00+02:00"], datetime(2025, 12, 30, 23, tzinfo=UTC)),
        (["2025/1/5", "2025/12/31"], datetime(2025, 1, 5, tzinfo=UTC)),
        (["3/4/2024", "31/4/2024", "31/5/2024"] + ["1/1/2024"] * 200, datetime(2024, 4, 3, tzinfo=UTC)),
        (["3/4/2024", "4/31/2024", "5/31/2024"] + ["1/1/2024"] * 200, datetime(2024, 3, 4, tzinfo=UTC)),
        (["12/1/2010 8:26", "12/13/2010 10:00"], datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        (["1/31/2024 1:30 PM", "1/2/2024 11:05 am"], datetime(2024, 1, 31, 13, 30, tzinfo=UTC)),
        (["04-09-2012", "21-08-2013"], datetime(2012, 9, 4, tzinfo=UTC)),
        (["5 Jan 2024", "21-Mar-2024"], datetime(2024, 1, 5, tzinfo=UTC)),
        (["January 5, 2024", "Mar 21, 2024"], datetime(2024, 1, 5, tzinfo=UTC)),
    ],
    ids=[
        "date",
        "zulu",
        "mixed",
        "offset",
        "year-first",
        "day-first",
        "month-first",
        "short-hour",
        "half-day",
        "dashes",
        "month-name",
        "month-name-first",
    ],
)
def test_dates_are_read_where_the_values_leave_no_doubt(cells: list[str], first: datetime) -> None:
    field, values = read(cells)
    assert field.type == "datetime"
    assert values[0] == first


def test_doubtful_dates_stay_text_with_a_note() -> None:
    field, values = read(["03/04/2024", "05/06/2024"])
    assert (field.type, values[0]) == ("string", "03/04/2024")
    assert "day first or month first" in field.notes[0]
    assert read(["2025-13-45", "2025-99-99"])[0].type == "string"
    assert "century" in read(["13/4/24", "5/6/24"])[0].notes[0]


def test_lists_come_from_json_and_semicolons() -> None:
    field, values = read(['["a","b"]', "[]", "", '["b", null, 3]'])
    assert (field.type, values) == ("array", [["a", "b"], [], None, ["b", "3"]])
    split, parts = read(["a;b", "b", "a; b ;", "b", "a;b", "a"] * 5)
    assert (split.type, parts[:3]) == ("array", [["a", "b"], ["b"], ["a", "b"]])
    assert read(["well; that was one thing", "and; this another"])[0].type == "string"


def test_identifiers_are_marked() -> None:
    assert read([f"c{n}" for n in range(100)])[0].role == "id"
    assert read([str(n) for n in range(1, 101)])[0].role == "id"
    assert read([str(n * 7) for n in range(100)], "customer_id")[0].role == "id"
    assert read([str(n * 7) for n in range(100)], "CLIENTNUM")[0].role == "id"
    for name in ("spend", "amount_paid", "number of visits"):
        assert read([str(n * 7) for n in range(100)], name)[0].role == ""
    assert read(["a", "b", "c"])[0].role == ""


def test_codes_and_sentinels_are_noted() -> None:
    assert "may be a code" in read(["1", "2", "3", "2"] * 9)[0].notes[0]
    assert not read(["1", "3", "5", "3"] * 9)[0].notes
    note = read(["-1"] * 30 + [str(n) for n in range(70)])[0].notes[0]
    assert "-1 may stand for no value: 30 %" in note
    assert not read(["-1", "-2"] + [str(n) for n in range(10)])[0].notes


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("contact", ["a@example.com", "b@example.org"]),
        ("x", ["+27 82 123 4567", "+27 82 765 4321"]),
        ("first_name", ["Ann", "Bob", "Cem"]),
        ("customerName", ["Ann", "Bob", "Cem"]),
        ("Email", ["ann at example", "bob at example"]),
        ("mobile", ["27821234567", "27827654321"]),
    ],
)
def test_personal_columns_leave_by_name_only(name: str, cells: list[str]) -> None:
    field, _ = read(cells, name)
    assert (field.pii, field.llm, field.values, field.samples) == (True, "name", (), ())


@pytest.mark.parametrize("name", ["PhoneService", "campaign_name", "company", "emailsOpened"])
def test_answers_about_a_channel_are_not_personal(name: str) -> None:
    assert not read(["yes", "no", "yes", "maybe"] * 5, name)[0].pii


def test_stored_types_are_kept() -> None:
    frame = pl.DataFrame(
        {
            "i": pl.Series([1, None, 2**53 + 1], dtype=pl.Int64),
            "u": pl.Series([2**63, 1, 2], dtype=pl.UInt64),
            "f": [1.5, float("nan"), float("inf")],
            "d": [Decimal("1.50"), None, Decimal(2)],
            "b": [True, None, False],
            "t": [date(2025, 1, 1), None, date(2025, 1, 2)],
            "l": [["a"], None, []],
            "c": pl.Series(["x", "y", None], dtype=pl.Categorical),
            "n": pl.Series([None, None, None], dtype=pl.Null),
        }
    )
    types = {field.name: (field.type, field.integer) for field in infer.infer(frame, "t").fields}
    assert types == {
        "i": ("number", True), "u": ("string", False), "f": ("number", False), "d": ("number", False),
        "b": ("boolean", False), "t": ("datetime", False), "l": ("array", False), "c": ("string", False),
        "n": ("string", False),
    }  # fmt: skip


def test_nested_columns_are_refused_by_name() -> None:
    with pytest.raises(UnreadableTable, match="'s' holds nested values"):
        infer.infer(pl.DataFrame({"s": [{"a": 1}]}), "t")


@pytest.mark.parametrize(
    ("name", "description", "unit", "window"),
    [
        ("avg_basket_eur", "Average basket (EUR)", "EUR", None),
        ("custAge", "Customer age", "", None),
        ("orders_90d", "Orders 90d", "", 90),
        ("Total / month", "Total month", "", None),
        ("ltv", "Lifetime value", "", None),
        ("tenureMonths", "Tenure (months)", "months", None),
    ],
)
def test_names_are_read_into_words(name: str, description: str, unit: str, window: int | None) -> None:
    reading = naming.read(name)
    assert (reading.description, reading.unit, reading.window_days) == (description, unit, window)


def _held(counts: dict[str, int]) -> list[str]:
    return [value for value, n in counts.items() for _ in range(n)]


def test_no_value_is_remembered_that_fewer_than_five_customers_have() -> None:
    towns = _held({f"town {n:02}": 12 for n in range(60)} | {"lone": 4, "rare": 1})
    field, _ = read(towns, "town")
    assert (field.type, len(field.samples)) == ("string", 60)
    assert not {"lone", "rare"} & set(field.samples)
    few, _ = read(_held({"a1": 40, "b2": 40, "c3": 4}), "shelf")
    assert [value.value for value in few.values] == ["a1", "b2"]
    twice, _ = read([["x", "x"], ["x", "x"], ["x"], ["x", "y"]] + [["z"]] * 5, "tags")
    assert twice.samples == ("z",)


@pytest.mark.parametrize(
    "name",
    ["policy_no", "agentId", "notes", "comments", "username", "guest_name", "ip_address", "street_addr"],
)
def test_ids_names_and_free_text_are_never_sampled(name: str) -> None:
    field, _ = read(_held({f"v{n}": 10 for n in range(40)}), name)
    assert (field.values, field.samples) == ((), ())


def test_a_column_that_varies_with_the_rows_is_not_sampled() -> None:
    assert read(_held({f"v{n}": 5 for n in range(501)}), "x")[0].samples == ()
    # 400 different values in 700 of 1,000 rows: more than half of the set ones
    set_ones = [f"v{n}" for n in range(400)] + [f"v{n % 40}" for n in range(300)]
    assert read([*set_ones, *[None] * 300], "x")[0].samples == ()
    lists = [[f"v{n}"] for n in range(501)] + [["a"]] * 499
    assert read(lists, "x")[0].samples == ()


def test_a_proposed_synonym_never_names_another_column() -> None:
    frame = pl.DataFrame({"ltv": [1, 2], "lifetime_value": [3, 4], "custAge": [5, 6], "cust_age": [7, 8]})
    assert all(field.synonyms == () for field in infer.infer(frame, "t").fields)
    (field,) = infer.infer(pl.DataFrame({"acctBal": [1.5, 2.5]}), "t").fields
    assert field.synonyms == ("account balance",)
