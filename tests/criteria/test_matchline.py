"""One line of `segmentry match`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast

import pytest
from segmentry.criteria.matchline import answer, answer_text
from segmentry.errors import JsonValue

NOW = datetime(2025, 12, 16, 10, tzinfo=UTC)
FIELDS: dict[str, JsonValue] = {
    "s": "string",
    "n": "number",
    "i": "integer",
    "b": "boolean",
    "d": "datetime",
    "e": "enum",
    "t": "array",
}


def line(criteria: JsonValue, rows: JsonValue = None, **more: JsonValue) -> str:
    table: JsonValue = [{"_id": 1}] if rows is None else rows
    return json.dumps({"id": "x", "fields": FIELDS, "rows": table, "criteria": criteria, **more})


def ids(text: str) -> JsonValue:
    found = answer(text, 7, NOW)
    assert "error" not in found, found
    return found["ids"]


def error(text: str) -> dict[str, JsonValue]:
    found = answer(text, 7, NOW)
    assert set(found) == {"id", "error"}, found
    fault = cast("dict[str, JsonValue]", found["error"])
    assert set(fault) == {"code", "path", "message"}
    assert fault["message"]
    return fault


def test_ids_come_in_ascending_order_numbers_first() -> None:
    rows: JsonValue = [{"_id": each} for each in ("b", 10, 9, "B", 2.5, "a", 9007199254740993, "é", "10")]
    assert ids(line({}, rows)) == [2.5, 9, 10, 9007199254740993, "10", "B", "a", "b", "é"]


def test_an_absent_key_and_null_are_both_unset() -> None:
    rows: JsonValue = [{"_id": 1}, {"_id": 2, "s": None, "t": None}, {"_id": 3, "s": "", "t": []}]
    assert ids(line({"s": None}, rows)) == [1, 2]
    assert ids(line({"t": {"$exists": True}}, rows)) == [3]


def test_criteria_may_be_an_object_or_its_text() -> None:
    rows: JsonValue = [{"_id": 1, "i": 9007199254740993}, {"_id": 2, "i": 9007199254740992}]
    assert ids(line({"i": 9007199254740993}, rows)) == [1]
    assert ids(line('{"i": 9007199254740993}', rows)) == [1]


def test_whole_doubles_are_whole_numbers() -> None:
    assert ids(line({"i": 70}, [{"_id": 1, "i": 70.0}, {"_id": 2, "i": 71}])) == [1]


def test_a_double_column_holds_doubles() -> None:
    rows: JsonValue = [{"_id": 1, "n": 9007199254740993}, {"_id": 2, "n": 9007199254740994}]
    assert ids(line({"n": {"$gt": 9007199254740992}}, rows)) == [2]


def test_nan_and_infinities_in_rows_are_unset() -> None:
    text = line(
        {"n": None}, [{"_id": 1, "n": float("nan")}, {"_id": 2, "n": float("-inf")}, {"_id": 3, "n": 0}]
    )
    assert "NaN" in text
    assert ids(text) == [1, 2]


def test_an_enum_without_values_accepts_any_text() -> None:
    assert ids(line({"e": "anything"}, [{"_id": 1, "e": "anything"}, {"_id": 2, "e": "else"}])) == [1]


def test_keys_that_no_field_names_are_ignored() -> None:
    assert ids(line({"s": "a"}, [{"_id": 1, "s": "a", "other": {"x": [1]}}])) == [1]


def test_dates_without_time_are_midnight_in_the_zone_of_the_line() -> None:
    rows: JsonValue = [{"_id": 1, "d": "2025-10-17"}, {"_id": 2, "d": "2025-10-16T22:00:00Z"}]
    criteria: JsonValue = {"d": "2025-10-17"}
    assert ids(line(criteria, rows)) == [1]
    assert ids(line(criteria, rows, tz="Africa/Johannesburg")) == [1, 2]


def test_now_is_the_moment_of_the_line_or_of_the_run() -> None:
    rows: JsonValue = [{"_id": 1, "d": "2020-01-01"}, {"_id": 2, "d": "2025-12-16"}]
    criteria: JsonValue = {"d": {"$gte": "{{0_DAYS_AGO}}"}}
    assert ids(line(criteria, rows)) == [2]
    assert ids(line(criteria, rows, now="2020-01-01T12:00:00Z")) == [1, 2]


def test_fields_may_say_what_the_catalog_can_say() -> None:
    text = json.dumps(
        {
            "fields": {
                "s": {"type": "string", "case_insensitive": True},
                "k": {"type": "enum", "values": ["A"]},
            },
            "rows": [{"_id": 1, "s": "Ann", "k": "A"}],
            "criteria": {"s": "ANN", "k": "A"},
        }
    )
    assert answer(text, 7, NOW) == {"id": 7, "ids": [1]}


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"i": "5"}, "rows[1].i"),
        ({"i": 5.5}, "rows[1].i"),
        ({"i": True}, "rows[1].i"),
        ({"i": 2**63}, "rows[1].i"),
        ({"n": "5"}, "rows[1].n"),
        ({"n": False}, "rows[1].n"),
        ({"s": 5}, "rows[1].s"),
        ({"e": 5}, "rows[1].e"),
        ({"b": 1}, "rows[1].b"),
        ({"b": "true"}, "rows[1].b"),
        ({"d": "yesterday"}, "rows[1].d"),
        ({"d": 5}, "rows[1].d"),
        ({"t": "a"}, "rows[1].t"),
        ({"t": ["a", 5]}, "rows[1].t[1]"),
        ({"_id": None}, "rows[1]._id"),
        ({"_id": True}, "rows[1]._id"),
        ({"_id": [1]}, "rows[1]._id"),
    ],
)
def test_a_row_value_of_another_type_is_an_error_with_its_place(row: dict[str, JsonValue], path: str) -> None:
    fault = error(line({}, [{"_id": 1}, {"_id": 2, **row}]))
    assert (fault["code"], fault["path"]) == ("INVALID_VALUE", path)


@pytest.mark.parametrize(
    ("criteria", "code", "path"),
    [
        ({"nope": 1}, "INVALID_FIELD", "nope"),
        ({"$and": [{"i": 1}, {"b": {"$gt": True}}]}, "INVALID_OPERATOR", "$and[1].b.$gt"),
        ({"$and": [{"i": 1}, {"s": {"$regex": "x"}}]}, "INVALID_OPERATOR", "$and[1].s.$regex"),
        ({"i": {"$eq": 9.5}}, "INVALID_VALUE", "i.$eq"),
        ({"d": {"$lt": "{{5_DAYS}}"}}, "INVALID_PLACEHOLDER", "d.$lt"),
        ({"$event": {"name": "x"}}, "INVALID_EVENT", "$event.name"),
        ({"$segment": "s"}, "UNKNOWN_SEGMENT", "$segment"),
        ({"i": {"$in": [*range(1001)]}}, "TOO_MANY_VALUES", "i.$in"),
        ({"s": "x" * 1025}, "CRITERIA_TOO_COMPLEX", "s"),
        ([], "PARSE_ERROR", ""),
        (None, "PARSE_ERROR", ""),
        ("{", "PARSE_ERROR", ""),
        ('{"i":1,"i":2}', "PARSE_ERROR", ""),
        ({"s": "\0"}, "PARSE_ERROR", "s"),
        ({"n": float("nan")}, "PARSE_ERROR", "n"),
    ],
)
def test_criteria_that_cannot_be_read_are_an_error_with_code_and_path(
    criteria: JsonValue, code: str, path: str
) -> None:
    fault = error(line(criteria))
    assert (fault["code"], fault["path"]) == (code, path)


@pytest.mark.parametrize(
    ("text", "line_id", "code"),
    [
        ("", 7, "PARSE_ERROR"),
        ("nonsense", 7, "PARSE_ERROR"),
        ("[]", 7, "PARSE_ERROR"),
        ('{"id": "a", "rows": [', "a", "PARSE_ERROR"),
        ('{"id": 12, "criteria": {"a": 1, "a": 2}}', 12, "PARSE_ERROR"),
        ('{"rows": [], "id": "late", "criteria": {"a": 1, "a": 2}}', "late", "PARSE_ERROR"),
        ('{"id": "deep", "criteria": ' + "[" * 100_000, "deep", "CRITERIA_TOO_COMPLEX"),
        ('{"id": "\\ud800"}', "?", "PARSE_ERROR"),
        ('{"id": "a"}', "a", "MISSING_FIELD"),
        ('{"id": null, "fields": {}, "rows": []}', 7, "MISSING_FIELD"),
        ('{"id": "a", "fields": [], "rows": [], "criteria": {}}', "a", "INVALID_VALUE"),
        ('{"id": "a", "fields": {"x": "strng"}, "rows": [], "criteria": {}}', "a", "INVALID_VALUE"),
        ('{"id": "a", "fields": {"$x": "string"}, "rows": [], "criteria": {}}', "a", "INVALID_FIELD"),
        ('{"id": "a", "fields": {}, "rows": {}, "criteria": {}}', "a", "INVALID_VALUE"),
        ('{"id": "a", "fields": {}, "rows": [1], "criteria": {}}', "a", "INVALID_VALUE"),
        ('{"id": "a", "fields": {}, "rows": [], "criteria": {}, "now": "soon"}', "a", "INVALID_VALUE"),
        ('{"id": "a", "fields": {}, "rows": [], "criteria": {}, "now": 5}', "a", "INVALID_VALUE"),
        ('{"id": "a", "fields": {}, "rows": [], "criteria": {}, "tz": "Mars"}', "a", "INVALID_TIME_ZONE"),
        ('{"id": "a", "fields": {}, "rows": [], "criteria": {}, "tz": "../x"}', "a", "INVALID_TIME_ZONE"),
        (
            '{"id": "a", "fields": {}, "rows": [], "criteria": {}, "tz": "localtime"}',
            "a",
            "INVALID_TIME_ZONE",
        ),
        ('{"id": "a", "fields": {}, "rows": [], "criteria": {}, "events": 5}', "a", "INVALID_VALUE"),
    ],
)
def test_a_bad_line_is_answered_and_keeps_its_id(text: str, line_id: JsonValue, code: str) -> None:
    found = answer(text, 7, NOW)
    assert found["id"] == line_id
    assert cast("dict[str, JsonValue]", found["error"])["code"] == code
    assert json.loads(answer_text(text, 7, NOW)) == found
    answer_text(text, 7, NOW).encode()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1e999", "number 1e999 is out of range at line 2, column 19"),
        ("-1e999", "number -1e999 is out of range at line 2, column 19"),
        ("NaN", "NaN is not JSON at line 2, column 19"),
        ("-Infinity", "-Infinity is not JSON at line 2, column 19"),
    ],
)
def test_a_number_that_criteria_cannot_hold_is_named_as_written_with_line_and_column(
    number: str, said: str
) -> None:
    table = f'{{"fields": {{"n": "number"}}, "rows": [{{"_id": 1, "n": {number}}}], "criteria":\n'
    fault = error(table + f'{{"n": {{"$in": [1, {number}]}}}}}}')
    assert (fault["code"], fault["path"], fault["message"]) == ("PARSE_ERROR", "n.$in[1]", said)
    assert ids(table + '{"n": null}}') == [1]


@pytest.mark.parametrize("name", ["a\0", "\n", "tab\there", "\x7f", "a\x85"])
def test_a_field_name_with_a_control_character_is_refused(name: str) -> None:
    fault = error(json.dumps({"fields": {name: "string"}, "rows": [], "criteria": {}}))
    assert fault["code"] == "INVALID_FIELD"
    assert "has a control character" in str(fault["message"])


@pytest.mark.parametrize(("one", "other"), [(1, 1), ("a", "a"), (1, 1.0)])
def test_two_rows_with_one_id_are_refused_by_name(one: JsonValue, other: JsonValue) -> None:
    fault = error(line({}, [{"_id": one}, {"_id": 5}, {"_id": other}]))
    assert (fault["code"], fault["path"]) == ("INVALID_VALUE", "rows[2]._id")
    assert str(fault["message"]).startswith("rows[0] and rows[2] have the same _id ")


def test_a_number_and_its_text_are_two_ids() -> None:
    assert ids(line({}, [{"_id": 1}, {"_id": "1"}])) == [1, "1"]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"name": "buy", "count": 0}, [1, 2]),
        ({"name": "buy"}, []),
        ({"name": "buy", "sum": {"of": "amount", "$lt": 1}, "where": {"shop": "a"}}, [1, 2]),
        ({"name": "buy", "where": {"tags": {"$exists": True}}, "count": {"$lte": 2}}, [1, 2]),
    ],
)
def test_with_an_empty_list_of_events_nobody_ever_did_it(criteria: JsonValue, expected: list[int]) -> None:
    rows: JsonValue = [{"_id": 1}, {"_id": 2}]
    assert ids(line({"$event": criteria}, rows, events=[])) == expected
    assert error(line({"$event": criteria}, rows))["code"] == "INVALID_EVENT"


def test_events_of_customers_are_counted() -> None:
    events: JsonValue = [
        {"_id": 1, "name": "buy", "ts": "2025-12-01", "properties": {"amount": 5, "gift": True}},
        {"_id": 1, "name": "buy", "ts": "2025-12-02", "properties": {"amount": 7}},
        {"_id": 3, "name": "buy", "ts": "2025-12-02", "properties": {"amount": 7}},
    ]
    rows: JsonValue = [{"_id": 1}, {"_id": 2}]
    assert ids(line({"$event": {"name": "buy", "count": {"$gte": 2}}}, rows, events=events)) == [1]
    assert ids(
        line({"$event": {"name": "buy", "sum": {"of": "amount", "$eq": 12}}}, rows, events=events)
    ) == [1]
    assert ids(line({"$event": {"name": "buy", "count": 0}}, rows, events=events)) == [2]
    flat: JsonValue = [
        {"customerId": 1, "name": "buy", "at": "2025-12-01", "amount": 5},
        {"customerId": 1, "name": "buy", "at": "2025-12-02", "amount": 7},
    ]
    assert ids(line({"$event": {"name": "buy", "sum": {"of": "amount", "$eq": 12}}}, rows, events=flat)) == [
        1
    ]
    where: JsonValue = {"$event": {"name": "buy", "where": {"amount": {"$gt": 5}}, "count": 1}}
    assert ids(line(where, rows, events=flat)) == [1]
    assert error(line({"$event": {"name": "by"}}, rows, events=flat))["code"] == "INVALID_EVENT"
    fault = error(line({}, rows, events=[{"_id": 1, "name": "buy", "ts": "soon"}]))
    assert fault["path"] == "events[0].ts"


def test_segments_are_criteria_or_lists_of_versions() -> None:
    rows: JsonValue = [{"_id": 1, "i": 1}, {"_id": 2, "i": 2}, {"_id": 3, "i": 9007199254740993}]
    saved: JsonValue = {"one": {"i": 1}, "two": ['{"i": 1}', {"i": 2}], "big": {"i": 9007199254740993}}
    assert ids(line({"$segment": "one"}, rows, segments=saved)) == [1]
    assert ids(line({"$segment": "two"}, rows, segments=saved)) == [2]
    assert ids(line({"$segment": {"id": "two", "version": 1}}, rows, segments=saved)) == [1]
    assert ids(line({"$segment": "big"}, rows, segments=saved)) == [3]
    assert ids(line({"$segment": "one"}, rows, segments=saved, events=[])) == [1]


@pytest.mark.parametrize(
    ("saved", "code", "path"),
    [
        ([], "INVALID_VALUE", "segments"),
        ({"s": []}, "INVALID_VALUE", "segments.s"),
        ({"s": 7}, "PARSE_ERROR", "segments.s"),
        ({"s": [{"i": 1}, "{"]}, "PARSE_ERROR", "segments.s[1]"),
        ({"a b": {"i": {"$regex": "x"}}}, "INVALID_OPERATOR", 'segments["a b"]'),
        ({"s": {"i": 9}, "t": {"i": "x" * 70_000}}, "CRITERIA_TOO_COMPLEX", "segments.t"),
    ],
)
def test_segments_that_are_none_are_named_with_their_place(saved: JsonValue, code: str, path: str) -> None:
    fault = error(line({}, segments=saved))
    assert (fault["code"], fault["path"]) == (code, path)


def test_events_inside_a_segment_never_happened_either() -> None:
    never: JsonValue = {"never": {"$event": {"name": "booking", "count": 0}}}
    assert ids(line({"$segment": "never"}, segments=never, events=[])) == [1]


def test_an_id_that_is_no_json_text_itself_leaves_the_line_its_number() -> None:
    answered = answer('{"id": "a\\q", "criteria": }', 7, NOW)
    assert answered["id"] == 7
    assert cast("dict[str, str]", answered["error"])["code"] == "PARSE_ERROR"
