"""One meaning: every case, through every engine, gives the ids that were worked out by hand."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import pytest
from segmentry.criteria import dates
from segmentry.criteria.dates import Clock
from segmentry.criteria.matchline import answer
from segmentry.errors import InvalidPlaceholder

from tests.conformance.cases import CASES, INSTANTS, LATER, TABLES, Case, line
from tests.conformance.engines import ENGINES
from tests.conformance.exports import excused


def test_every_case_has_its_own_id() -> None:
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))
    assert len(ids) > 250


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_an_engine_selects_the_customers_worked_out_by_hand(case: Case, engine: str) -> None:
    found = answer(line(case, case["criteria"]), 1, LATER, ENGINES[engine])
    if "error" in case:
        error = cast("Case", found["error"])
        assert error["code"] == case["error"], error
        assert error["message"]
        assert error["path"] == case.get("path", error["path"])
    elif not excused(engine, case, found):
        assert found == {"id": case["id"], "ids": case["expect"]}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "case", [case for case in CASES if "complement" in case], ids=lambda case: case["id"]
)
def test_not_selects_exactly_the_others(case: Case, engine: str) -> None:
    everyone = [row["_id"] for row in TABLES[case["rows"]]["rows"]]
    others = [each for each in everyone if each not in case["expect"]]
    found = answer(line(case, f'{{"$not":{case["criteria"]}}}'), 1, LATER, ENGINES[engine])
    assert excused(engine, case, found) or found == {"id": case["id"], "ids": others}


@pytest.mark.parametrize("depth", range(1, 18))
@pytest.mark.parametrize("engine", ENGINES)
def test_a_chain_of_nots_counts_by_parity(depth: int, engine: str) -> None:
    case: Case = {"id": f"nots-{depth}", "rows": "five-golfers"}
    chain = '{"$not":' * depth + '{"handicap":{"$lt":10}}' + "}" * depth
    found = answer(line(case, chain), 1, LATER, ENGINES[engine])
    assert found["ids"] == ([2, 3, 4] if depth % 2 else [1, 5])


@pytest.mark.parametrize(
    "case", INSTANTS, ids=lambda case: f"{case['placeholder']}@{case['as_of']}/{case['zone']}"
)
def test_a_placeholder_is_the_instant_worked_out_by_hand(case: Case) -> None:
    clock = Clock.at(datetime.fromisoformat(case["as_of"]), case["zone"])
    if "error" in case:
        with pytest.raises(InvalidPlaceholder) as caught:
            dates.resolve(case["placeholder"], clock)
        assert caught.value.reason == case["error"]
    else:
        assert dates.iso(dates.resolve(case["placeholder"], clock)) == case["instant"]
