"""Each error planted in an export or in the canonical form fails a case, as an outside judge reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import pytest
from segmentry.criteria import canonical, linetable, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import mongodb
from segmentry.criteria.export.exported import Source
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.matchline import answer
from segmentry.criteria.nodes import Leaf, Node, Operator

from tests.conformance.cases import LATER, TABLES, Case, line
from tests.conformance.exports import JSON_LOGIC_JS, MINGO
from tests.judges import node
from tests.mutants.export_errors import CANONICAL, END_IS_A_DOLLAR, JSON_LOGIC, MONGODB, REFUSED
from tests.mutants.failing import ANSWERED, asked_of, first_wrong

PLAIN = [case for case in ANSWERED if "$event" not in str(case) and "segments" not in case]
ENDS = [case for case in PLAIN if "$endsWith" in str(case["criteria"])]


@pytest.fixture(autouse=True)
def _judges() -> None:
    node.need()


@pytest.mark.parametrize("error", MONGODB)
def test_an_error_in_the_mongodb_filter_fails_a_case(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MONGODB[error](monkeypatch)
    assert first_wrong(MINGO, PLAIN, refusals=error in REFUSED), error


@pytest.mark.parametrize("error", JSON_LOGIC)
def test_an_error_in_the_jsonlogic_rule_fails_a_case(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    JSON_LOGIC[error](monkeypatch)
    assert first_wrong(JSON_LOGIC_JS, PLAIN), error


def _by_re(
    catalog: Catalog,
    rows: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    bound: Node,
    as_of: datetime,
) -> list[bool]:
    """An `$endsWith` as its regular expression in Python's re, which reads `$` as PCRE does."""
    del events
    assert isinstance(bound, Leaf)
    assert bound.operator is Operator.ENDS_WITH
    field = catalog.by_name[bound.field]
    filters: Any = mongodb.export(bound, Source(catalog, Clock.at(as_of))).json
    pattern = re.compile(filters[field.compared_column]["$regex"])
    texts = (row.get(bound.field) for row in rows)
    folded = field.case_insensitive
    return [
        isinstance(each, str) and bool(pattern.search(each.casefold() if folded else each)) for each in texts
    ]


def _bare(case: Case) -> bool:
    return isinstance(parse.loads(str(case["criteria"])), Leaf)


def test_the_end_of_a_text_is_the_end_where_a_dollar_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [{key: each for key, each in case.items() if key != "complement"} for case in ENDS if _bare(case)]
    assert not first_wrong(_by_re, cases, refusals=True)
    END_IS_A_DOLLAR(monkeypatch)
    assert first_wrong(_by_re, cases)


def _catalog(case: Case) -> Catalog:
    table = TABLES[case["rows"]]
    types = linetable.event_types(table.get("eventTypes"), table.get("events") or [])
    return linetable.catalog(table["fields"], types)


def _first_wrong_in_canonical_form() -> str:
    for case in ANSWERED:
        for criteria, expected in asked_of(case):
            text = canonical.text(parse.loads(criteria), _catalog(case))
            found = cast("Case", answer(line(case, text), 1, LATER))
            if found.get("ids") != expected:
                return f"{case['id']}: {text}: {found}"
    return ""


def test_the_canonical_form_of_every_case_selects_the_same_customers() -> None:
    assert not _first_wrong_in_canonical_form()


@pytest.mark.parametrize("error", CANONICAL)
def test_an_error_in_the_canonical_form_fails_a_case(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    CANONICAL[error](monkeypatch)
    assert _first_wrong_in_canonical_form(), error
