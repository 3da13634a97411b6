"""Segments keep their names from run to run, and it is known who moved."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from segmentry.analysis.continuity import Continuity
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult
from segmentry.analysis.identity import Customers, Named, Past, Remembered, migration, pair
from segmentry.analysis.parameters import Parameters
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import reasons
from tests.analysis.tables import AS_OF, snapshot_of

SECRET = b"0" * 32
CENTRES = np.array([[0, 0], [9, 9], [0, 18]])


def club(rows: range, seed: int = 1, shift: float = 0.0) -> Snapshot:
    """Three groups; customer n is in group n % 3 and has the same values in every table."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (3_000, 2))
    X = np.array([CENTRES[n % 3] + noise[n] + shift for n in rows])
    return snapshot_of(
        [Field("card", "string", role="id"), Field("spend", "number"), Field("visits", "number")],
        {"card": [f"c{n}" for n in rows], "spend": X[:, 0].tolist(), "visits": X[:, 1].tolist()},
    )


def after(
    snapshot: Snapshot, *earlier: Past, parameters: Parameters | None = None
) -> tuple[AnalysisResult, Past]:
    """A run after those, newest first."""
    runs = tuple(
        Remembered(f"run_{at}", past.learnt, past.customers) for at, past in enumerate(earlier) if past.learnt
    )
    past = Past(runs, SECRET)
    parameters = parameters or Parameters(max_clusters=5)
    return discover(snapshot, parameters, AS_OF, lambda _: None, past=past), past


def told(result: AnalysisResult) -> Continuity:
    assert result.continuity is not None
    return result.continuity


def named(result: AnalysisResult) -> dict[str, str]:
    return {card.card_id: card.name for card in result.segments}


def test_a_first_run_continues_nothing_and_warns_of_nothing() -> None:
    result, past = after(club(range(600)))
    assert result.continuity is None
    assert "IDENTITY_RESET" not in reasons(result)
    assert past.learnt is not None
    assert [each.size for each in past.learnt.segments] == [card.size for card in result.segments]


@pytest.mark.parametrize(
    "rows",
    [range(600), range(599, -1, -1), range(660), range(60, 600)],
    ids=["the same rows", "in another order", "10 % new", "10 % gone"],
)
def test_segments_keep_id_and_name_and_every_customer_is_accounted_for(rows: range) -> None:
    first, past = after(club(range(600)))
    second, _ = after(club(rows), past)
    assert named(second) == named(first)
    assert all(card.previous_card_id == card.card_id for card in second.segments)
    found = told(second)
    assert (found.previous_run_id, found.retired) == ("run_0", ())
    moved = found.migration
    assert moved is not None
    assert not moved.is_sample
    here, there = Counter[str](), Counter[str]()
    for flow in moved.flows:
        there[flow.from_card_id] += flow.customers
        here[flow.to_card_id] += flow.customers
    there.update({each.card_id: each.customers for each in moved.left})
    here.update({each.card_id: each.customers for each in moved.joined})
    assert there == {card.card_id: card.size for card in first.segments}
    assert here == {card.card_id: card.size for card in second.segments}
    assert moved.compared == len({*rows} & {*range(600)})
    assert moved.moved == 0


def test_who_changes_group_is_counted_as_moved() -> None:
    _, past = after(club(range(600)))
    table = club(range(600))
    spend = table.numeric("spend").astype(float).tolist()
    visits = table.numeric("visits").astype(float).tolist()
    for n in range(0, 60, 3):  # 20 of the first group go where the second one is
        spend[n], visits[n] = 9.0, 9.0
    changed = snapshot_of(
        list(table.catalog.fields), {"card": [f"c{n}" for n in range(600)], "spend": spend, "visits": visits}
    )
    result, _ = after(changed, past)
    moved = told(result).migration
    assert moved is not None
    assert (moved.compared, moved.moved) == (600, 20)


def test_other_fields_begin_anew_and_say_so() -> None:
    _, past = after(club(range(600)))
    result, _ = after(club(range(600)), past, parameters=Parameters(included_features=("spend",)))
    assert result.continuity is None
    assert "IDENTITY_RESET" in reasons(result)


def test_the_last_run_over_the_same_fields_is_continued_past_others() -> None:
    first, past = after(club(range(600)))
    other, between = after(club(range(600)), past, parameters=Parameters(included_features=("spend",)))
    assert other.continuity is None
    result, _ = after(club(range(600)), between, past)
    assert told(result).previous_run_id == "run_1"
    assert named(result) == named(first)


def test_a_group_that_is_gone_is_retired_and_its_id_is_nobodys() -> None:
    first, past = after(club(range(600)))
    rows = [n for n in range(900) if n % 3 != 2]
    rng = np.random.default_rng(4)
    X = np.array([CENTRES[n % 3] for n in rows]) + rng.normal(0, 1, (len(rows), 2))
    result, _ = after(
        snapshot_of(
            list(club(range(3)).catalog.fields),
            {"card": [f"c{n}" for n in rows], "spend": X[:, 0].tolist(), "visits": X[:, 1].tolist()},
        ),
        past,
    )
    found = told(result)
    assert len(found.retired) == 1
    assert found.retired[0].card_id not in named(result)
    assert {*named(result)} < {*named(first)}


def test_without_stored_customers_segments_continue_and_nobody_is_followed() -> None:
    parameters = Parameters(max_clusters=5, store_labels=False)
    first, past = after(club(range(600)), parameters=parameters)
    assert past.customers is None
    result, _ = after(club(range(600)), past)
    assert named(result) == named(first)
    assert told(result).migration is None


def test_dbscan_continues_by_the_customers_of_both() -> None:
    parameters = Parameters(algorithm="dbscan", eps=0.4, min_samples=5)
    first, past = after(club(range(600)), parameters=parameters)
    result, _ = after(club(range(660)), past, parameters=parameters)
    assert first.tier == "ML_WORKER"
    assert {*named(result)} & {*named(first)}
    assert told(result).migration is not None


def test_pairs_are_one_to_one_by_the_largest_sum() -> None:
    before = [Named("a", "A", 60), Named("b", "B", 40)]
    old = np.array([0] * 60 + [1] * 40, dtype=np.int32)
    new = np.array([0] * 50 + [1] * 50, dtype=np.int32)
    found = pair(before, old, new, 2)
    assert [each and (each[0].card_id, each[1]) for each in found.of_each] == [("a", 0.8333), ("b", 0.8)]
    split = pair(before[:1], np.zeros(100, dtype=np.int32), new, 3)
    assert [each and each[0].card_id for each in split.of_each].count("a") == 1
    apart = pair(before, np.zeros(99, dtype=np.int32), np.arange(99, dtype=np.int32) % 3, 3)
    assert apart.of_each == (None, None, None)
    assert len(apart.retired) == 2


def test_customers_survive_their_way_through_bytes_and_are_useless_without_the_secret() -> None:
    keys = ["ann@example.org", None, "bob", "bob"]
    labels = np.array([0, 0, 1, 1], dtype=np.int32)
    held = Customers.of(keys, labels, SECRET)
    read = Customers.from_bytes(held.to_bytes())
    assert read.hashes.tolist() == held.hashes.tolist()
    assert read.labels.tolist() == held.labels.tolist()
    assert len(held.hashes) == 2
    assert b"ann" not in held.to_bytes()
    assert not {*Customers.of(keys, labels, b"1" * 32).hashes.tolist()} & {*held.hashes.tolist()}


def test_a_large_table_is_compared_by_an_even_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentry.analysis.identity.MOST_STORED", 500)
    keys = [f"c{n}" for n in range(2_000)]
    labels = np.arange(2_000, dtype=np.int32) % 2
    then, now = (
        Customers.of(keys, labels, SECRET),
        Customers.of(keys[:1_800], labels[:1_800], SECRET),
    )
    found = migration([Named("a", "A", 0), Named("b", "B", 0)], then, ["a", "b"], now)
    assert found.is_sample
    assert found.moved == 0
    assert 400 <= found.compared <= 500
    assert 0.05 <= sum(each.customers for each in found.left) / found.compared <= 0.2
