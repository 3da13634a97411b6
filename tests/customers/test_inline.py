"""Schemas as people write them into a line of a file, with and without rows."""

from __future__ import annotations

import subprocess
import sys

import pytest
from segmentry.criteria.catalog import Field
from segmentry.customers import inline
from segmentry.errors import InvalidParameters, JsonValue


def _field(item: dict[str, JsonValue], *cells: JsonValue) -> Field:
    """The one field of a schema with these cells in its rows."""
    named: dict[str, JsonValue] = {"name": "c", **item}
    rows: list[JsonValue] = [{str(named["name"]): cell} for cell in cells]
    return inline.catalog([named], rows).fields[0]


# --- which schemas are read


@pytest.mark.parametrize(
    "schema",
    [
        [{"name": "age", "type": "int"}, {"name": "city", "type": "text"}],
        {"age": "int", "city": "text"},
        {"age": {"type": "int"}, "city": {"type": "text"}},
        [["age", "int"], ["city", "text"]],
        {"fields": [{"name": "age", "type": "int"}, {"name": "city", "type": "text"}]},
        {"type": "object", "properties": {"age": {"type": "integer"}, "city": {"type": ["null", "string"]}}},
        [
            {"Field": "age", "Type": "int(11)", "Null": "YES"},
            {"column_name": "city", "data_type": "varchar(9)"},
        ],
    ],
    ids=["list", "mapping", "mapping of objects", "pairs", "table schema", "JSON Schema", "DESCRIBE"],
)
def test_every_common_form_of_a_schema_is_read(schema: JsonValue) -> None:
    found = inline.read(schema)
    assert [(field.name, field.type, field.integer) for field in found.catalog.fields] == [
        ("age", "number", True),
        ("city", "string", False),
    ]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("schema", "path", "said"),
    [
        (None, "schema", "a list of objects"),
        ([], "schema", "at least one column"),
        ("age", "schema", "a list of objects"),
        ([1], "schema[0]", "an object with name and type"),
        ([{"type": "int"}], "schema[0].name", "is required"),
        ([{"name": "", "type": "int"}], "schema[0].name", "not empty"),
        ([{"name": "$or", "type": "int"}], "schema[0].name", "does not start with $"),
        ([{"name": "a"}], "schema[0].type", "is required: one of string"),
        ([{"name": "a", "type": 5}], "schema[0].type", "needs a text"),
        ([{"name": "a", "type": "strng"}], "schema[0].type", "did you mean string?"),
        (
            [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}],
            "schema[1].name",
            "already the name of schema[0]",
        ),
        ([{"name": "a", "type": "int", "synonyms": 5}], "schema[0].synonyms", "a list of texts"),
        ([{"name": "a", "type": "int", "values": [[1]]}], "schema[0].values[0]", "a text, a number"),
        ([{"name": "a", "type": "int", "range": [5, 1]}], "schema[0].range", "above its end"),
        ([{"name": "a", "type": "int", "bands": [{"phrase": "x"}]}], "schema[0].bands[0].op", "is required"),
        ({"total spend": "strng"}, 'schema["total spend"].type', "is not a type"),
    ],
)
def test_fault_of_a_schema_is_told_with_its_path_and_what_would_work(
    schema: JsonValue, path: str, said: str
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        inline.read(schema)
    violation = caught.value.violations[0]
    assert violation.field == path
    assert said in violation.message


def test_faults_are_reported_together() -> None:
    with pytest.raises(InvalidParameters, match=r"and 1 more") as caught:
        inline.read([{"name": "a", "type": "x"}, {"name": "b", "type": "y"}])
    assert [each.field for each in caught.value.violations] == ["schema[0].type", "schema[1].type"]


def test_key_that_is_not_read_is_noted_with_the_nearest_one() -> None:
    found = inline.read([{"name": "a", "type": "int", "synonims": ["x"], "nullable": "YES"}])
    assert found.notes == ("schema[0].synonims is no key that is read; did you mean synonyms?",)


def test_column_without_plain_values_is_left_out_with_a_note() -> None:
    found = inline.read([{"name": "a", "type": "int"}, {"name": "photo", "type": "blob"}])
    assert [field.name for field in found.catalog.fields] == ["a"]
    assert found.notes == ("schema[1] was left out: criteria cannot ask about type blob",)


@pytest.mark.parametrize(
    "name", ["Total Spend", "a/b", "addr.city", "ÜberPreis", "名前", "and", "1", "a\tb", "€"]
)
def test_any_name_is_kept_verbatim(name: str) -> None:
    assert _field({"name": name, "type": "string"}).name == name


def test_columns_alike_after_normalising_are_two_columns() -> None:
    found = inline.catalog({"first name": "text", "FirstName": "text", "first_name": "text"})
    assert [field.name for field in found.fields] == ["first name", "FirstName", "first_name"]


def test_keys_of_a_catalog_file_mean_the_same_here() -> None:
    item: dict[str, JsonValue] = {"type": "number", "unit": "cents", "range": [0, 100], "window_days": 30}
    found = _field({**item, "tense": None, "bands": [{"phrase": "big", "op": "gte", "value": 50}]})
    assert (found.unit, found.minimum, found.maximum, found.window_days) == ("cents", 0, 100, 30)
    assert found.bands[0].phrases == ("big",)


def test_locale_nouns_and_events_stand_beside_the_schema() -> None:
    found = inline.read(
        {"a": "int"}, head={"locale": "de", "entity_nouns": ["guest"]}, events=[{"name": "stay"}]
    ).catalog
    assert (found.locale, found.entity_nouns, found.events[0].name) == ("de", ("guest",), "stay")


# --- what the values say


@pytest.mark.parametrize(
    ("item", "cells", "kind", "known"),
    [
        ({"type": "integer"}, [0, 1, 1], "number", []),
        ({"type": "boolean"}, [0, 1], "number", []),
        ({"type": "boolean"}, ["Y", "N"], "string", ["Y", "N"]),
        ({"type": "boolean"}, ["no"], "string", ["yes", "no"]),
        ({"type": "boolean", "values": ["Yes", "No"]}, [], "string", ["Yes", "No"]),
        ({"type": "string"}, ["YES"], "string", ["YES", "NO"]),
        ({"type": "string"}, ["true", "false"], "string", ["true", "false"]),
        ({"type": "string"}, ["0", "1"], "string", ["1", "0"]),
        ({"type": "tinyint(1)"}, [], "number", []),
        ({"name": "is_vip", "type": "int"}, [], "number", []),
    ],
)
def test_column_of_yes_and_no_keeps_its_stored_values(
    item: dict[str, JsonValue], cells: list[JsonValue], kind: str, known: list[str]
) -> None:
    found = _field(item, *cells)
    assert found.boolean_like
    assert (found.type, [each.value for each in found.values]) == (kind, known)


@pytest.mark.parametrize(
    ("item", "cells"),
    [
        ({"name": "complaints", "type": "integer"}, [0, 1, 1]),
        ({"name": "number_of_children", "type": "integer"}, [0, 1]),
        ({"type": "integer"}, [0, 1, 2]),
        ({"type": "integer"}, [1]),
        ({"type": "string"}, ["Yes", "No", "No internet service"]),
        ({"name": "grade", "type": "string"}, ["T"]),
    ],
)
def test_counts_and_kinds_are_no_flags(item: dict[str, JsonValue], cells: list[JsonValue]) -> None:
    assert not _field(item, *cells).boolean_like


@pytest.mark.parametrize(
    ("declared", "cells", "kind"),
    [
        ("string", ["2024-01-05", None, "2024-02-01T10:00:00Z"], "datetime"),
        ("string", ["2024-01-05", "soon"], "string"),
        ("string", [["a", "b"], ["a"]], "array"),
        ("string", [True, False], "boolean"),
        ("string", [12, 13], "string"),
        ("object", [12, 13], "number"),
        ("object", ["x"], "string"),
        ("number", ["high", "low"], "string"),
        ("number", ["12", "n/a", "13"], "number"),
        ("integer", [True, False], "boolean"),
        ("date", [2019, 2020], "number"),
        ("date", ["03/04/2024"], "datetime"),
        ("array", ["a;b"], "array"),
    ],
)
def test_values_correct_a_type_that_none_of_them_has(
    declared: str, cells: list[JsonValue], kind: str
) -> None:
    assert _field({"type": declared}, *cells).type == kind


def test_corrected_type_is_noted() -> None:
    found = inline.read({"a": "string"}, [{"a": "2024-01-05"}])
    assert found.notes == ("schema.a is declared string, its values are of type datetime",)


def test_text_column_samples_its_500_most_frequent_values() -> None:
    found = _field({"type": "string"}, *(f"v{i}" for i in range(600)), *["v599"] * 3)
    assert len(found.samples) == 500
    assert found.samples[:2] == ("v599", "v0")


def test_sentences_and_blanks_are_no_samples() -> None:
    assert _field({"type": "string"}, "x" * 61, "", None, "NaN", " kept ").samples == (" kept ",)


def test_numbers_in_a_text_column_are_texts() -> None:
    assert _field({"type": "string"}, "01", "7").samples == ("01", "7")
    assert _field({"type": "string", "values": [1, 2]}).values[0].value == "1"


def test_closed_list_takes_in_what_the_rows_prove() -> None:
    found = _field({"type": "enum", "values": ["gold", {"value": "silver", "synonyms": ["grey"]}]}, "bronze")
    assert [(each.value, each.synonyms) for each in found.values] == [
        ("gold", ()),
        ("silver", ("grey",)),
        ("bronze", ()),
    ]


def test_object_of_values_gives_codes_their_words() -> None:
    found = _field({"type": "integer", "values": {"1": "male", "2": ["female", "woman"]}})
    assert [(each.value, each.synonyms) for each in found.values] == [
        (1, ("male",)),
        (2, ("female", "woman")),
    ]


def test_share_between_0_and_1_is_known_from_its_values() -> None:
    assert _field({"type": "float"}, 0.2, 0.7).maximum == 1
    assert _field({"type": "float"}, 0.2, 1.7).maximum is None
    assert _field({"type": "integer"}, 0, 1, 1).maximum is None


def test_repeated_small_whole_numbers_may_be_codes() -> None:
    assert "may be a code" in _field({"type": "integer"}, *[1, 2, 3] * 10).notes[0]
    assert _field({"type": "integer"}, 1, 2, 3).notes == ()


def test_two_capital_letters_in_a_column_of_countries_are_codes() -> None:
    assert _field({"name": "Country", "type": "string"}, "DE", "FR").format == "iso3166-alpha2"
    assert _field({"name": "team", "type": "string"}, "DE", "FR").format == ""


def test_lists_in_text_give_their_elements() -> None:
    assert _field({"type": "array"}, '["a", "b"]', "c;a", "d, e").samples == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    "rows",
    [
        [{"City": "Rome", "addr": {"zip": "01"}}],
        [["Rome", "01"]],
        {"city": ["Rome"], "addr.zip": ["01"]},
        [{"city": "Rome"}, None, {"addr.zip": "01", "more": 1}],
    ],
    ids=["other case and nested", "lists", "columns", "missing keys"],
)
def test_rows_are_found_however_they_are_written(rows: JsonValue) -> None:
    found = inline.catalog({"city": "text", "addr.zip": "text"}, rows)
    assert [field.samples for field in found.fields] == [("Rome",), ("01",)]


@pytest.mark.parametrize(
    ("rows", "path"), [("x", "rows"), ([3], "rows[0]"), ([["a", "b"]], "rows[0]"), ({"a": 1}, "rows.a")]
)
def test_rows_that_are_none_are_told_with_their_path(rows: JsonValue, path: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        inline.catalog({"a": "text"}, rows)
    assert caught.value.violations[0].field == path


def test_same_schema_gives_the_same_catalog() -> None:
    rows: JsonValue = [{"a": each, "b": [each]} for each in "xyzzyx"]
    assert repr(inline.catalog({"a": "text", "b": "list"}, rows)) == repr(
        inline.catalog({"a": "text", "b": "list"}, rows)
    )


def test_reading_a_schema_starts_no_table_engine() -> None:
    code = "import sys, segmentry.customers.inline as inline; inline.catalog({'a': 'int'})"
    code += "; print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
