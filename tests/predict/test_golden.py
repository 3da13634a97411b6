"""Whole schemas with their rows, and what queries about them are read into."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from segmentry.errors import JsonValue
from segmentry.predict.line import Predictor, Wanted
from segmentry.predict.tables import Given

GOLDEN = Path(__file__).parent / "golden"
NOW = "2025-12-16T09:00:00Z"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any socket is a fault."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("predict opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)


@dataclass(frozen=True, slots=True)
class Case:
    query: str
    outcome: JsonValue
    criteria: JsonValue


def _answer(predictor: Predictor, line: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return json.loads(predictor.answer(json.dumps(line).encode(), 1, 1 << 20))


def _file(path: Path) -> tuple[dict[str, JsonValue], list[Case]]:
    """The keys that every line of a file shares, and its cases."""
    table = cast("dict[str, JsonValue]", json.loads(path.read_text(encoding="utf-8")))
    cases = cast("list[dict[str, JsonValue]]", table.pop("cases"))
    return table, [Case(str(each["query"]), each["outcome"], each["criteria"]) for each in cases]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_queries_about_a_schema_are_read_as_written_down(path: Path) -> None:
    table, cases = _file(path)
    predictor = Predictor(Wanted(Given(NOW)))
    found: list[Case] = []
    for case in cases:
        answer = _answer(predictor, {"query": case.query, **table})
        found.append(Case(case.query, answer["outcome"], answer["criteria"]))
    assert found == cases


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        ("gold members with a handicap under 10", [{"membershipTier": "GOLD"}, {"handicap": {"$lt": 10}}]),
        ("active members we can email", [{"status": "ACTIVE"}, {"emailOptIn": True}]),
    ],
)
def test_golf_catalog_is_known_by_its_name(query: str, criteria: JsonValue) -> None:
    answer = _answer(Predictor(Wanted(Given(NOW))), {"query": query, "catalog": "golf"})
    assert answer["criteria"] == {"$and": criteria}


def test_column_is_found_among_200() -> None:
    schema: dict[str, JsonValue] = {
        f"sensor_{number:03d}_reading": "double precision" for number in range(198)
    }
    schema |= {"town": "text", "battery level": "int"}
    answer = _answer(
        Predictor(Wanted(Given(NOW))),
        {
            "query": "battery level under 20 in Utrecht and sensor_107_reading above 3",
            "schema": schema,
            "rows": [{"town": "Utrecht"}],
        },
    )
    assert answer["criteria"] == {
        "$and": [{"battery level": {"$lt": 20}}, {"town": "Utrecht"}, {"sensor_107_reading": {"$gt": 3}}]
    }


def test_schema_of_texts_alone_compares_texts() -> None:
    schema: JsonValue = {"zip": "string", "newsletter": "string", "joined": "string", "tier": "string"}
    rows: JsonValue = [
        {"zip": "01067", "newsletter": "N", "joined": "2024-03-01", "tier": "3"},
        {"zip": "80331", "newsletter": "Y", "joined": "2025-03-01", "tier": "1"},
    ]
    predictor = Predictor(Wanted(Given(NOW)))
    found = {
        query: _answer(predictor, {"query": query, "schema": schema, "rows": rows})["criteria"]
        for query in ("zip 01067", "tier 3", "no newsletter", "joined since 2024")
    }
    assert found == {
        "zip 01067": {"zip": "01067"},
        "tier 3": {"tier": "3"},
        "no newsletter": {"newsletter": "N"},
        "joined since 2024": {"joined": {"$gte": "2024-01-01"}},
    }


def test_text_column_that_is_compared_like_a_number_is_named() -> None:
    line: dict[str, JsonValue] = {"query": "absences over 5", "schema": {"absences": "string"}}
    answer = _answer(Predictor(Wanted(Given(NOW))), {**line, "rows": [{"absences": "3"}, {"absences": "12"}]})
    assert answer["outcome"] == "invalid_field"
    assert answer["explanation"] == "absences holds text, so it is not compared as a number is"
    assert answer["suggestions"] == ["absences"]


def test_same_lines_give_the_same_bytes() -> None:
    lines = [
        json.dumps({"query": case.query, **table}).encode()
        for path in sorted(GOLDEN.glob("*.json"))
        for table, cases in [_file(path)]
        for case in cases[:3]
    ]
    first, second = (
        [predictor.answer(line, number, 1 << 20) for number, line in enumerate(lines)]
        for predictor in (Predictor(Wanted(Given(NOW))), Predictor(Wanted(Given(NOW))))
    )
    assert first == second
