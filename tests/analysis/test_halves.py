"""Who rules are learnt from, and what the others say of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from segmentry.analysis.halves import by_key, by_row
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.rules import LEAST_ROWS_TO_HALVE
from segmentry.analysis.scope import Scope

from tests.analysis.discovering import blobs, reasons, run
from tests.analysis.tables import AS_OF
from tests.analysis.test_identity import club

KEYS = [f"C{number:06}" for number in range(20_000)]


def learnt(keys: list[str]) -> set[str]:
    places = by_key(keys)
    return {keys[each] for each in np.argsort(places)[: len(keys) // 2]}


def test_a_customer_stays_in_the_same_half_whoever_joins_and_in_whatever_order() -> None:
    before = learnt(KEYS)
    order: list[int] = np.random.default_rng(1).permutation(len(KEYS)).tolist()
    shuffled = [KEYS[each] for each in order]
    assert learnt(shuffled) == before
    # Of 5 % new customers, only those beside the middle change sides.
    after = learnt([*KEYS, *(f"N{number}" for number in range(1_000))])
    assert len(before - after) + len((after - before) & set(KEYS)) < 0.02 * len(KEYS)


def test_halves_have_nothing_to_do_with_how_keys_are_counted() -> None:
    places = by_key(KEYS)
    first = np.zeros(len(KEYS), dtype=np.bool_)
    first[np.argsort(places)[: len(KEYS) // 2]] = True
    for step in (2, 3, 5, 7, 8, 10, 16, 100):
        shares = [first[start::step].mean() for start in range(step)]
        assert np.ptp(shares) < 5 / np.sqrt(len(KEYS) / step), step


def test_rows_without_keys_are_halved_by_the_seed() -> None:
    assert (by_row(50, 1) == by_row(50, 1)).all()
    assert (by_row(50, 1) != by_row(50, 2)).any()
    assert sorted(by_row(50, 1).tolist()) == list(range(50))


def test_cards_say_how_their_rules_do_on_customers_they_were_not_learnt_from() -> None:
    snapshot = club(range(900))
    result, _ = run(snapshot, Parameters(max_clusters=4))
    scope = Scope.of(snapshot, "", AS_OF)
    keys = scope.keys()
    assert keys is not None
    for card in result.segments:
        told = card.fidelity
        assert told.held_out == 450
        assert told.held_out_precision is not None
        assert told.held_out_recall is not None
        assert told.precision is not None
        assert abs(told.held_out_precision - told.precision) < 0.1


@pytest.mark.parametrize("rows", [LEAST_ROWS_TO_HALVE - 40, LEAST_ROWS_TO_HALVE + 50])
def test_small_tables_hold_nobody_out(rows: int) -> None:
    result, _ = run(blobs(2, rows=rows))
    held = {card.fidelity.held_out for card in result.segments}
    assert held == ({None} if rows < LEAST_ROWS_TO_HALVE else {rows - rows // 2})
    if rows < LEAST_ROWS_TO_HALVE:
        assert {card.fidelity.held_out_precision for card in result.segments} == {None}
        assert {card.fidelity.measured_on for card in result.segments} == {f"all {rows} rows"}


def test_thirds_are_no_learnt_rules_and_hold_nobody_out() -> None:
    result, _ = run(blobs(2), Parameters(preferred_tier="HEURISTIC"))
    assert {card.fidelity.held_out for card in result.segments} == {None}


def test_fields_to_describe_by_are_on_the_cards_and_change_no_segment() -> None:
    snapshot = blobs(3)
    chosen = Parameters(included_features=("spend", "visits"), max_clusters=4)
    plain, _ = run(snapshot, chosen)
    described, _ = run(snapshot, replace(chosen, profile_fields=("tenure", "spend")))
    assert [card.size for card in plain.segments] == [card.size for card in described.segments]
    rules = [[card.filter_rules for card in result.segments] for result in (plain, described)]
    assert rules[0] == rules[1]
    for result, shown in ((plain, False), (described, True)):
        features = {each.feature for card in result.segments for each in card.characteristics}
        assert ("tenure" in features) is shown
    assert described.parameters.profile_fields == ("tenure", "spend")


def test_identifiers_describe_nobody_and_are_named() -> None:
    snapshot = club(range(300))
    key = "card"
    result, _ = run(snapshot, Parameters(profile_fields=(key,), max_clusters=3))
    assert "FIELD_DROPPED" in reasons(result)
    assert key in next(each.message for each in result.notices if each.reason == "FIELD_DROPPED")
    assert all(each.feature != key for card in result.segments for each in card.characteristics)
