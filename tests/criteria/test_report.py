"""How many findings a check shows, and how much it does for those that it does not show."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from segmentry.criteria import bind, check, countries, parse, report
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.errors import Diagnostic, JsonValue

CLOCK = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
CATALOG = Catalog(
    "golf",
    (
        Field("handicap", "number"),
        Field("membershipTier", "string", values=(FieldValue("PLATINUM"), FieldValue("GOLD"))),
        Field("country", "string", format="iso3166-alpha2"),
    ),
)


def found(text: str) -> tuple[Diagnostic, ...]:
    return check.check(parse.loads(text), CATALOG, CLOCK).diagnostics


def test_thousands_of_bad_values_are_searched_for_suggestions_only_where_they_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[str] = []

    def nearest(text: str) -> list[str]:
        searched.append(text)
        return ["ZA"]

    monkeypatch.setattr(countries, "nearest", nearest)
    lists: list[JsonValue] = [{"country": {"$in": [f"x{row}{n}" for n in range(1000)]}} for row in range(7)]
    shown = found(json.dumps({"$or": lists}))
    assert (len(shown), len(searched)) == (100, report.MOST_SUGGESTED)
    assert [bool(each.suggestions) for each in shown[:21]] == [True] * 20 + [False]
    assert [each.path for each in shown[:2]] == ["$or[0].country.$in[0]", "$or[0].country.$in[1]"]


def test_thousands_of_values_not_seen_are_searched_for_suggestions_only_where_they_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[object] = []

    def nearest(value: object, field: Field) -> tuple[str, ...]:
        searched.append(value)
        return (field.name,)

    monkeypatch.setattr(bind, "nearest_values", nearest)
    shown = found(json.dumps({"membershipTier": {"$in": [f"tier {n}" for n in range(1000)]}}))
    assert {each.code for each in shown} == {"VALUE_NOT_SEEN"}
    assert (len(shown), len(searched)) == (100, report.MOST_SUGGESTED)


def test_an_error_behind_a_hundred_warnings_is_still_found() -> None:
    text = json.dumps({"membershipTier": {"$in": [f"tier {n}" for n in range(150)]}, "handicp": 1})
    checked = check.check(parse.loads(text), CATALOG, CLOCK)
    assert [each.code for each in checked.errors] == ["INVALID_FIELD"]
    assert len(checked.diagnostics) == 100
