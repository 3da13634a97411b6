"""Each planted error makes a case of the conformance suite fail, so the suite would have found it."""

from __future__ import annotations

import pytest
from segmentry.criteria.matchline import answer

from tests.conformance.cases import CASES, LATER, Case, line
from tests.mutants.planted import REFERENCE


def _wrong(case: Case) -> bool:
    try:
        found = answer(line(case, case["criteria"]), 1, LATER)
    except Exception:  # noqa: BLE001 - whatever a planted error breaks is a failing case
        return True
    return found != {"id": case["id"], "ids": case["expect"]}


ANSWERED = [case for case in CASES if "expect" in case]


def test_without_an_error_every_case_passes() -> None:
    assert not [case["id"] for case in ANSWERED if _wrong(case)]


@pytest.mark.parametrize("error", REFERENCE)
def test_a_planted_error_fails_a_case(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    REFERENCE[error](monkeypatch)
    assert any(_wrong(case) for case in ANSWERED), error
