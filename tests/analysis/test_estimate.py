from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis import fields
from segmentry.analysis.estimate import estimate
from segmentry.analysis.events import AnalysisEstimate
from segmentry.analysis.features import feature_table
from segmentry.analysis.parameters import Parameters
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import InvalidParameters

from tests.analysis.tables import AS_OF, numbers


def of(rows: int, *, llm: bool = False, parameters: Parameters | None = None) -> AnalysisEstimate:
    values = np.random.default_rng(0).normal(0, 1, rows).tolist()
    return estimate(numbers(spend=values), parameters or Parameters(), AS_OF, llm_configured=llm)


@pytest.mark.parametrize(("rows", "confirm"), [(4_999, False), (5_000, True), (5_001, True)])
def test_confirmation_is_needed_from_5000_rows(rows: int, confirm: bool) -> None:
    found = of(rows)
    assert (found.rows, found.requires_confirmation) == (rows, confirm)
    assert bool(found.warning) is True
    assert ("looks at every row" in found.warning) is confirm


def test_every_tier_is_estimated_the_recommended_one_first() -> None:
    found = of(100)
    assert [tier.tier for tier in found.tiers] == ["ML_WORKER", "LLM", "HEURISTIC"]
    assert found.recommended_tier == "ML_WORKER"
    assert found.tiers[2].accuracy == "thirds of spend"
    assert all(tier.expected_s > 0 for tier in found.tiers)


@pytest.mark.parametrize(("llm", "reason"), [(False, "LLM_NOT_CONFIGURED"), (True, "NOT_IMPLEMENTED")])
def test_the_model_tier_says_why_it_is_unavailable(llm: bool, reason: str) -> None:
    model = of(100, llm=llm).tiers[1]
    assert (model.available, model.unavailable_reason) == (False, reason)
    assert model.prompt_tokens is not None
    assert model.prompt_tokens > 600
    assert model.cost_usd is None


def test_defaults_and_features_are_filled_in() -> None:
    assert of(100).effective_parameters == Parameters(included_features=("spend",))


def test_rows_are_those_inside_within() -> None:
    assert of(1_000, parameters=Parameters(within='{"spend":{"$gt":100}}')).rows == 0


def test_unsound_parameters_are_refused() -> None:
    with pytest.raises(InvalidParameters, match=r"parameters\.included_features\[0\]"):
        of(10, parameters=Parameters(included_features=("spnd",)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("telco_churn", {("customerID", "IDENTIFIER", False), ("Churn", "LEAKAGE", False)}),
        ("wholesale_customers", {("Channel", "CODE_LIKE", True), ("Region", "CODE_LIKE", True)}),
        (
            "bank_marketing",
            {
                ("y", "LEAKAGE", False),
                ("pdays", "SENTINEL", True),
                ("day", "CALENDAR_PART", False),
                ("month", "CALENDAR_PART", False),
            },
        ),
    ],
)
def test_the_shared_tables_get_the_known_advice(
    shared_table: Callable[[str], Snapshot], name: str, expected: set[tuple[str, str, bool]]
) -> None:
    found = estimate(shared_table(name), Parameters(), AS_OF)
    warned = {(note.field, note.reason, note.used) for note in found.fields}
    assert {each for each in warned if each[1] not in ("", "GOOD_QUANTITY", "BEHAVIOURAL")} == expected


@pytest.mark.parametrize("name", ["zip", "ZipCode", "postal_code", "PLZ", "home area code", "mobilePhone"])
def test_numbers_that_name_a_place_or_a_line_are_no_features(name: str) -> None:
    codes = [10_000.0 + 7919 * row % 89_999 for row in range(400)]
    table = numbers(**{name: codes, "unzipped": codes})
    advice = fields.advise(feature_table(table))
    assert advice[name].excluded
    assert [reason for reason, _ in advice[name].notes] == ["HIGH_CARDINALITY"]
    assert not advice["unzipped"].excluded
