"""Plain rows through the table engine: what `segmentry match --engine snapshot` answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from segmentry.criteria import matchline
from segmentry.customers import rows
from segmentry.errors import JsonValue

NOW = datetime(2025, 12, 16, 10, tzinfo=UTC)


def ids(fields: dict[str, str], table: list[dict[str, JsonValue]], criteria: JsonValue) -> list[object]:
    line = json.dumps({"id": "x", "fields": fields, "rows": table, "criteria": criteria})
    answers = [matchline.answer(line, 1, NOW, engine) for engine in (rows.select, matchline.reference)]
    assert answers[0] == answers[1]
    found = answers[0]["ids"]
    assert isinstance(found, list)
    return [*found]


@pytest.mark.parametrize("large", [2**53 + 1, 2**63 - 2, -(2**63)])
def test_whole_numbers_of_64_bits_are_told_apart(large: int) -> None:
    table: list[dict[str, JsonValue]] = [{"_id": 1, "n": large}, {"_id": 2, "n": large + 1}, {"_id": 3}]
    assert ids({"n": "integer"}, table, {"n": large}) == [1]
    assert ids({"n": "integer"}, table, {"n": {"$gt": large}}) == [2]
    assert ids({"n": "integer"}, table, {"n": {"$neq": large}}) == [2, 3]


def test_a_table_without_fields_has_its_rows() -> None:
    assert ids({}, [{"_id": 1}, {"_id": 2}], {}) == [1, 2]


def test_a_table_without_rows_matches_nobody() -> None:
    assert ids({"a": "array", "s": "string", "t": "datetime"}, [], {"$not": {"a": "x"}}) == []


def test_empty_lists_and_missing_ones_differ() -> None:
    table: list[dict[str, JsonValue]] = [{"_id": 1, "a": []}, {"_id": 2}, {"_id": 3, "a": ["x"]}]
    assert ids({"a": "array"}, table, {"a": {"$exists": True}}) == [1, 3]
    assert ids({"a": "array"}, table, {"a": {"$neq": "x"}}) == [1, 2]
