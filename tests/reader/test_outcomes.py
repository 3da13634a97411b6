"""What is refused, asked about or unknown, beside sentences that look alike and must be read."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import yaml
from segmentry.criteria.catalog import Catalog
from segmentry.reader.read import read

from evals import tables
from tests.reader import catalogs_asking, catalogs_outcomes, scoring

HERE = Path(__file__).parent
REFUSED = ("command", "smalltalk", "question", "injection", "language", "mash")
Row = tuple[str, str, str | list[str]]


def table(name: str) -> Catalog:
    if name in catalogs_outcomes.BARE:
        return catalogs_outcomes.BARE[name]
    if name in catalogs_asking.ASKING:
        return catalogs_asking.ASKING[name]
    if name in tables.names():
        return tables.load(name)
    found = scoring.load(name)
    assert found is not None
    return found


def rows() -> list[tuple[str, str, str, tuple[str, ...]]]:
    found: list[tuple[str, str, str, tuple[str, ...]]] = []
    for path in sorted((HERE / "outcomes").glob("*.yaml")):
        for query, category, expect in cast("list[Row]", yaml.safe_load(path.read_text(encoding="utf-8"))):
            expected = (expect,) if isinstance(expect, str) else tuple(expect)
            found.append((path.stem, query, category, expected))
    return found


@pytest.mark.parametrize(
    ("name", "query"), [(name, query) for name, query, category, _ in rows() if category in REFUSED]
)
def test_what_describes_no_customers_is_refused(name: str, query: str) -> None:
    draft = read(query, table(name), scoring.CLOCK)
    assert (draft.outcome, draft.node) == ("refuse", None)
    assert draft.message


@pytest.mark.parametrize(
    ("name", "query"),
    [(name, query) for name, query, _, expected in rows() if "refuse" not in expected],
)
def test_descriptions_that_sound_like_commands_are_not_refused(name: str, query: str) -> None:
    assert read(query, table(name), scoring.CLOCK).outcome != "refuse"


@pytest.mark.parametrize("category", ["vague", "counter", "ddmm", "around", "value"])
def test_what_only_a_person_can_settle_is_asked(category: str) -> None:
    wrong = [
        (name, query)
        for name, query, of, expected in rows()
        if of == category and read(query, table(name), scoring.CLOCK).outcome not in expected
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("golf", "golfers with a trolley"),
        ("golf", "golfers with their own buggy"),
        ("golf", "members whose favourite colour is green"),
        ("fintech", "users who have a mortgage"),
        ("school", "students who play the violin"),
        ("school", "students living in Springfield"),
        ("drivers", "blood type is O"),
    ],
)
def test_an_attribute_that_no_field_holds_is_said_to_be_unknown_with_ways_on(name: str, query: str) -> None:
    draft = read(query, table(name), scoring.CLOCK)
    assert draft.outcome == "invalid_field"
    assert draft.questions[0].span is not None
    assert len(draft.readings) >= 2


def test_an_adjective_that_nothing_explains_is_asked_and_not_dropped() -> None:
    draft = read("generous golfers in Durban", table("golf"), scoring.CLOCK)
    assert draft.outcome == "ambiguous"
    assert len(draft.questions[0].readings) >= 2
