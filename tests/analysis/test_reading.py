"""Numbers that are no quantities: codes, values that stand for "unset", parts of a date."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis import events
from segmentry.analysis.parameters import Parameters
from segmentry.criteria import parse
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import adds_up, counted, of_rules, run
from tests.analysis.tables import numbers

ROWS = 900


def coded() -> Snapshot:
    """Three regions, each with a spend of its own; the middle code has the highest."""
    rng = np.random.default_rng(1)
    region = np.array([1, 2, 3])[np.arange(ROWS) % 3]
    spend = np.array([10, 90, 40])[region - 1] + rng.normal(0, 2, ROWS)
    return numbers(region=region.tolist(), spend=spend.tolist(), visits=rng.normal(5, 1, ROWS).tolist())


def with_sentinel() -> Snapshot:
    """Last contact -1 ("never") in half of the rows, 1-5 days or 200-300 days in the others."""
    rng = np.random.default_rng(2)
    kind = np.arange(ROWS) % 4
    gap = np.select([kind < 2, kind == 2], [-1, rng.integers(1, 6, ROWS)], rng.integers(200, 300, ROWS))
    spend = np.select([kind < 2, kind == 2], [10, 50], 90) + rng.normal(0, 1, ROWS)
    return numbers(gap=gap.tolist(), spend=spend.tolist(), other=rng.normal(0, 0.1, ROWS).tolist())


def traits_of(result: events.AnalysisResult, field: str) -> list[events.Characteristic]:
    return [each for card in result.segments for each in card.characteristics if each.feature == field]


def test_a_code_is_told_by_shares_and_never_called_low_or_high() -> None:
    result, said = run(coded(), Parameters(max_clusters=4))
    assert [note.used for note in result.fields if note.reason == "CODE_LIKE"] == [True]
    assert {each.value for each in traits_of(result, "region")} == {
        f"{code}: 100 % (33 % in all, 3x)" for code in (1, 2, 3)
    }
    assert all(each.segment_average is None for each in traits_of(result, "region"))
    texts = " ".join(f"{card.name} {card.headline}".casefold() for card in result.segments)
    assert "low region" not in texts
    assert "high region" not in texts
    (profile,) = [each for each in said if isinstance(each, events.FieldProfile) and each.field == "region"]
    assert (profile.kind, profile.minimum, profile.maximum) == ("numeric", 1, 3)
    assert profile.transform.startswith("0/1")


def test_rules_name_codes_as_numbers_and_are_counted() -> None:
    snapshot = coded()
    result, _ = run(snapshot, Parameters(included_features=("region", "visits"), max_clusters=3))
    rules = [rule for card in result.segments for rule in card.filter_rules if rule.field == "region"]
    assert rules
    assert {rule.operator for rule in rules} <= {"eq", "in"}
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria))
        assert card.fidelity.matched_count == counted(snapshot, of_rules(card))


def test_few_values_in_a_few_rows_are_still_quantities() -> None:
    result, _ = run(numbers(spend=[1, 2, 3, 50, 51, 52], visits=[5, 6, 7, 8, 9, 10]))
    assert "CODE_LIKE" not in {note.reason for note in result.fields}


def test_a_sentinel_is_read_as_unset_and_said_so() -> None:
    result, _ = run(with_sentinel(), Parameters(min_clusters=3, max_clusters=3))
    (note,) = [note for note in result.fields if note.reason == "SENTINEL"]
    assert note.used
    assert "-1 read as unset in 450 rows" in note.message
    averages = [each.segment_average for each in traits_of(result, "gap")]
    assert all(average is None or average >= 1 for average in averages)
    assert any("not set for 100 % (50 % in all)" in each.value for each in traits_of(result, "gap"))


@pytest.mark.parametrize("features", [("gap",), ("gap", "spend", "other")])
def test_no_rule_takes_a_sentinel_for_a_small_value(features: tuple[str, ...]) -> None:
    snapshot = with_sentinel()
    result, _ = run(snapshot, Parameters(included_features=features, max_clusters=4))
    assert adds_up(result)
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria))
        assert card.fidelity.matched_count == counted(snapshot, of_rules(card))
        bounds = {rule.operator for rule in card.filter_rules if rule.field == "gap"}
        assert bounds <= {"eq", "gte", "lt"}
        assert "lt" not in bounds or "gte" in bounds


def test_days_of_a_month_are_left_out_unless_they_are_named() -> None:
    rng = np.random.default_rng(3)
    snapshot = numbers(
        day=rng.integers(1, 32, 300).tolist(),
        spend=rng.normal(0, 1, 300).tolist(),
        visits=rng.normal(0, 1, 300).tolist(),
    )
    by_default, _ = run(snapshot, Parameters(max_clusters=3))
    assert by_default.parameters.included_features == ("spend", "visits")
    named, _ = run(snapshot, Parameters(included_features=("day", "spend"), max_clusters=3))
    assert named.parameters.included_features == ("day", "spend")
    assert ("day", "CALENDAR_PART", True) in {(note.field, note.reason, note.used) for note in named.fields}


def test_codes_and_sentinels_of_the_shared_tables(shared_table: Callable[[str], Snapshot]) -> None:
    wholesale, _ = run(shared_table("wholesale_customers"), Parameters(max_clusters=3))
    assert any(each.value.startswith("2: 7") for each in traits_of(wholesale, "Channel"))
    bank, _ = run(shared_table("bank_marketing"), Parameters(max_clusters=3))
    assert all((each.segment_average or 1) > 0 for each in traits_of(bank, "pdays"))
    assert "day" not in (bank.parameters.included_features or ())


def test_huge_numbers_of_both_signs_have_no_average() -> None:
    values = [1e308, 1e308, -1e308, -1e308] * 20
    with np.errstate(all="raise", under="ignore"):
        result, _ = run(numbers(a=values), Parameters(preferred_tier="HEURISTIC"))
    assert adds_up(result)
