"""Type names as databases, data frames and people write them."""

from __future__ import annotations

import pytest
from segmentry.criteria import type_names


@pytest.mark.parametrize(
    ("name", "kind", "integer"),
    [
        ("varchar(255)", "string", False),
        ("character varying(40) NOT NULL", "string", False),
        ("<class 'str'>", "string", False),
        ("object", "string", False),
        ("LowCardinality(String)", "string", False),
        ("Int64", "number", True),
        ("INT(11) UNSIGNED NOT NULL AUTO_INCREMENT", "number", True),
        ("decimal(10,0)", "number", True),
        ("Optional[int]", "number", True),
        ("int | None", "number", True),
        ("LongType()", "number", True),
        ("decimal(10,2)", "number", False),
        ("double precision", "number", False),
        ("Nullable(Float64)", "number", False),
        ("currency (EUR)", "number", False),
        ("timestamp with time zone", "datetime", False),
        ("TIMESTAMP(6) WITHOUT TIME ZONE", "datetime", False),
        ("datetime64[ns, UTC]", "datetime", False),
        ("Date?", "datetime", False),
        ("Yes/No", "boolean", False),
        ("bool", "boolean", False),
        ("list<string>", "array", False),
        ("ARRAY(VARCHAR)", "array", False),
        ("text[]", "array", False),
        ("array of strings", "array", False),
        ("multi-select", "array", False),
        ("category", "enum", False),
        ("Enum8('x' = 1, 'y' = 2)", "enum", False),
    ],
)
def test_type_of_another_tool_is_one_of_ours(name: str, kind: str, integer: bool) -> None:
    found = type_names.read(name)
    assert found is not None
    assert (found.type, found.integer) == (kind, integer)


@pytest.mark.parametrize(
    "name", ["", "  ", "strnig", "blob", "struct<a: int>", "map<string,int>", "np." * 2000]
)
def test_type_without_plain_values_is_none(name: str) -> None:
    assert type_names.read(name) is None


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("enum('gold','silver')", ("gold", "silver")),
        ("enum(gold, silver)", ("gold", "silver")),
        ("Literal['it''s', 'no']", ("it's", "no")),
        ("set('a','b')", ("a", "b")),
        ("boolean (Y/N)", ("Y", "N")),
        ("category[string]", ()),
        ("enum(8)", ()),
    ],
)
def test_values_that_a_type_name_lists_are_kept(name: str, values: tuple[str, ...]) -> None:
    found = type_names.read(name)
    assert found is not None
    assert found.values == values


@pytest.mark.parametrize("name", ["bit", "tinyint(1)", "boolean (0/1)"])
def test_flag_that_databases_store_as_a_number_stays_one(name: str) -> None:
    found = type_names.read(name)
    assert found is not None
    assert (found.type, found.flag) == ("number", True)


def test_range_in_brackets_is_the_usual_range() -> None:
    found = type_names.read("integer (1-5)")
    assert found is not None
    assert found.range == (1, 5)


@pytest.mark.parametrize(("name", "unasked"), [("BLOB", True), ("geography(point)", True), ("text", False)])
def test_bytes_and_shapes_are_told_from_typing_errors(name: str, unasked: bool) -> None:
    assert type_names.holds_no_plain_values(name) is unasked
