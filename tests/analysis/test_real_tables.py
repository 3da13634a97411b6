"""Real customer tables: the grouping that is worth having, and cards that can be believed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis import fields
from segmentry.analysis.features import feature_table
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.prepare import prepare
from segmentry.analysis.silhouette import silhouettes
from segmentry.analysis.stability import adjusted_rand
from segmentry.analysis.sweep import sweep
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import run

SPEND = ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")


def test_spending_on_a_log_scale_finds_the_sales_channel_where_plain_scaling_finds_whales(
    shared_table: Callable[[str], Snapshot],
) -> None:
    snapshot = shared_table("wholesale_customers")
    channel = snapshot.numeric("Channel").astype(np.int32)
    table = feature_table(snapshot)
    roles: dict[str, fields.Role] = {name: each.role for name, each in fields.advise(table).items()}
    logged = prepare(table, SPEND, roles, 0.0).X
    raw = np.column_stack([snapshot.numeric(name) for name in SPEND])
    plain = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    found, score = {}, {}
    for name, X in (("logged", logged), ("plain", plain)):
        (clustering,) = sweep(X, [2], seed=0)
        found[name] = adjusted_rand(clustering.labels.astype(np.int32), channel)
        score[name] = silhouettes(X, [clustering.labels], np.random.default_rng(0))[0].value
    assert found["logged"] >= 0.5
    assert found["plain"] <= 0.3
    # The lesson: the worse grouping has the higher silhouette.
    assert (score["plain"] or 0) > (score["logged"] or 0) + 0.1


@pytest.mark.parametrize("name", ["telco_churn", "wholesale_customers", "bank_marketing"])
def test_every_card_is_large_enough_and_says_how_well_its_rule_fits(
    shared_table: Callable[[str], Snapshot], name: str
) -> None:
    result, _ = run(shared_table(name), Parameters(max_clusters=8))
    assert result.tier == "ML_WORKER"
    assert len(result.segments) >= 2
    for card in result.segments:
        assert card.percentage >= 3.0
        precision, recall = card.fidelity.precision, card.fidelity.recall
        assert precision is not None
        assert recall is not None
        assert 0 < precision <= 1
        assert 0 < recall <= 1
        assert card.fidelity.measured_on
