"""Counts of experts: whose they are, when, and what is written of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from segmentry.agents import counters as module
from segmentry.agents import latencies
from segmentry.agents.counters import Counters
from segmentry.llm.model import Usage

START = datetime(2025, 12, 16, 9, 41, tzinfo=UTC)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def test_counts_of_two_tenants_and_of_two_times_stay_apart() -> None:
    clock = Hands()
    counters = Counters(clock)
    counters.of("logic", "v1", "a").asked += 1
    counters.of("logic", "v1", "b").asked += 2
    clock.at += timedelta(minutes=10)
    counters.of("logic", "v1", "a").asked += 4
    found = {(each.slot.tenant, each.slot.period.minute): each.text for each in counters.unwritten()}
    assert found == {("a", 40): '{"asked": 1}', ("b", 40): '{"asked": 2}', ("a", 50): '{"asked": 4}'}
    assert counters.totals() == {("logic", "v1"): {"asked": 7}}


def test_what_was_written_is_written_again_only_when_it_changed_and_then_as_a_whole() -> None:
    counters = Counters(Hands())
    counters.of("logic", "v1").asked += 1
    kept = counters.unwritten()
    counters.written(kept)
    assert counters.unwritten() == []
    counters.of("logic", "v1").asked += 1
    assert [each.text for each in counters.unwritten()] == ['{"asked": 2}']


def test_a_subtask_that_ends_after_its_ten_minutes_still_counts() -> None:
    clock = Hands()
    counters = Counters(clock)
    tally = counters.of("logic", "v1")
    tally.asked += 1
    counters.written(counters.unwritten())
    clock.at += timedelta(minutes=10)
    counters.written(counters.unwritten())
    tally.calls += 1
    assert [json.loads(each.text) for each in counters.unwritten()] == [{"asked": 1, "calls": 1}]


def test_counts_that_are_kept_and_over_are_forgotten_and_others_are_not() -> None:
    clock = Hands()
    counters = Counters(clock)
    counters.of("kept", "v1").asked += 1
    counters.written(counters.unwritten())
    counters.of("open", "v1").asked += 1
    clock.at += timedelta(hours=1)
    counters.written([])
    assert list(counters.totals()) == [("open", "v1")]


def test_without_a_store_the_oldest_counts_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    counters = Counters(Hands())
    for number in range(5):
        counters.of("logic", f"v{number}").asked += 1
    assert list(counters.totals()) == [("logic", "v2"), ("logic", "v3"), ("logic", "v4")]


def test_an_unknown_price_is_counted_as_unpriced_and_never_as_nothing() -> None:
    tally = Counters().of("logic", "v1")
    tally.spent(Usage(10, 1, calls=1, cost_usd=0.25))
    tally.spent(Usage(10, 1, calls=2, cost_usd=None))
    counts = tally.counts()
    assert (counts["cost_usd"], counts["unpriced"], counts["calls"]) == (0.25, 2, 3)


def test_every_length_lies_at_or_below_the_upper_end_of_its_class_and_not_far_below() -> None:
    lengths = [0.0011 * 1.07**power for power in range(150)]
    for seconds in lengths:
        end = latencies.percentile_s({latencies.class_of(seconds): 1}, 0.5)
        assert end is not None
        assert seconds <= end * (1 + 1e-9) < seconds * 1.1893 or seconds > 262
    assert all(latencies.class_of(one) <= latencies.class_of(other) for one, other in pairwise(lengths))
