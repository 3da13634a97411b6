"""Every engine against the reference matcher, on tables and criteria drawn at random."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.differential.compared import Tally, compare
from tests.differential.drawn import Sheet, sheets
from tests.differential.engines import ASKED


@pytest.mark.timeout(120)
@pytest.mark.parametrize("engine", ASKED)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(sheet=sheets())
def test_an_engine_selects_the_customers_of_the_reference_matcher(sheet: Sheet, engine: str) -> None:
    tally = Tally()
    compare(sheet, {engine: ASKED[engine]}, tally)
    assert not tally.disagreements, "\n".join(tally.disagreements)
    assert tally.answered[engine] + tally.refused[engine] == tally.questions
