from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis import fields
from segmentry.analysis.estimate import estimate
from segmentry.analysis.events import AnalysisEstimate
from segmentry.analysis.features import feature_table
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.terms import Terms
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import InvalidParameters

from tests.analysis.tables import AS_OF, numbers, snapshot_of


def of(rows: int, *, model: str = "", parameters: Parameters | None = None) -> AnalysisEstimate:
    values = np.random.default_rng(0).normal(0, 1, rows).tolist()
    return estimate(numbers(spend=values), parameters or Parameters(), AS_OF, terms=Terms(model))


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


def test_without_a_model_its_tier_says_why_it_is_unavailable_and_what_it_would_send() -> None:
    tier = of(100).tiers[1]
    assert (tier.available, tier.unavailable_reason, tier.model) == (False, "LLM_NOT_CONFIGURED", "")
    assert tier.prompt_tokens is not None
    assert tier.prompt_tokens > 600
    assert tier.cost_usd is None


@pytest.mark.parametrize(
    ("rows", "model", "recommended"),
    [
        (4_999, "", "ML_WORKER"),
        (4_999, "gpt-4o-mini", "LLM"),
        (5_000, "gpt-4o-mini", "ML_WORKER"),
        (5_000, "", "ML_WORKER"),
    ],
)
def test_auto_is_the_model_below_5000_rows_with_one_and_the_worker_otherwise(
    rows: int, model: str, recommended: str
) -> None:
    found = of(rows, model=model)
    assert found.recommended_tier == recommended == found.tiers[0].tier
    assert {tier.tier: tier.available for tier in found.tiers}["LLM"] is bool(model)


def test_a_known_price_comes_with_its_date_and_an_unknown_one_is_absent() -> None:
    priced = {tier.tier: tier for tier in of(100, model="gpt-4o-mini").tiers}
    model = priced["LLM"]
    assert model.cost_usd is not None
    assert model.prompt_tokens is not None
    assert model.completion_tokens is not None
    # As published: 0.15 and 0.60 dollars per million.
    assert model.cost_usd == pytest.approx((0.15 * model.prompt_tokens + 0.6 * model.completion_tokens) / 1e6)
    assert (model.model, model.prices_as_of) == ("gpt-4o-mini", "2025-10")
    assert (priced["HEURISTIC"].cost_usd, priced["HEURISTIC"].model) == (0.0, "")
    unknown = {tier.tier: tier for tier in of(100, model="llama3.2:3b").tiers}["LLM"]
    assert (unknown.available, unknown.cost_usd, unknown.prices_as_of) == (True, None, "")


def test_the_worker_costs_the_names_of_its_clusters_where_a_model_gives_them() -> None:
    alone, named = (of(6_000, model=model).tiers[0] for model in ("", "gpt-4o-mini"))
    assert (alone.tier, alone.prompt_tokens, alone.cost_usd) == ("ML_WORKER", 0, 0.0)
    assert named.prompt_tokens is not None
    assert named.prompt_tokens > 8 * 500
    assert named.completion_tokens == 8 * 15


def test_a_table_of_which_nothing_may_be_told_has_no_model_tier() -> None:
    table = snapshot_of(
        [Field("spend", "number", llm="name")], {"spend": [float(each) for each in range(60)]}
    )
    found = estimate(table, Parameters(), AS_OF, terms=Terms("gpt-4o-mini"))
    assert found.recommended_tier == "ML_WORKER"
    tier = {each.tier: each for each in found.tiers}["LLM"]
    assert (tier.available, tier.unavailable_reason) == (False, "NO_USABLE_FIELDS")


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
        (
            "telco_churn",
            {
                ("customerID", "IDENTIFIER", False),
                ("TotalCharges", "TEXT_READ_AS_NUMBER", True),
                ("Churn", "LEAKAGE", False),
            },
        ),
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
