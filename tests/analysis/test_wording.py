"""What cards say: money, windows, nothing at all, and advice that fits."""

from __future__ import annotations

import numpy as np
import pytest
from segmentry.analysis import naming, profile, words
from segmentry.analysis.events import Characteristic
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.table import Numbers
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import run
from tests.analysis.tables import numbers, snapshot_of

FIELDS = [
    Field("lifetimeValue", "number", integer=True, unit="cents"),
    Field("activityCount90d", "number", integer=True, unit="count", window_days=90),
    Field("tenure", "number"),
]


def members(values: list[int], activities: list[int]) -> Snapshot:
    """Groups of 200 with those values in cents and activities."""
    rng = np.random.default_rng(4)
    group = np.arange(200 * len(values)) % len(values)
    value = np.array(values)[group] * rng.uniform(0.9, 1.1, len(group))
    activity = np.array(activities)[group] + rng.integers(0, 3, len(group))
    columns = {
        "lifetimeValue": value.round().tolist(),
        "activityCount90d": activity.tolist(),
        "tenure": rng.normal(10, 1, len(group)).tolist(),
    }
    return snapshot_of(FIELDS, columns)


def test_cents_are_told_as_currency_and_windows_in_words() -> None:
    result, _ = run(members([200_000, 900_000], [2, 40]), Parameters(max_clusters=2))
    texts = [f"{card.name} {card.headline} {card.description}" for card in result.segments]
    assert all("90d" not in text for text in texts)
    assert any("any activities in 90 days" in text for text in texts)
    rich = max(result.segments, key=lambda card: card.characteristics[0].segment_average or 0)
    (value,) = [each for each in rich.characteristics if each.feature == "lifetimeValue"]
    assert value.value.startswith(f"average {(value.segment_average or 0) / 100:,.2f} (vs ")
    assert "lifetime value 9,0" in rich.description


def test_members_without_value_are_said_to_have_none() -> None:
    result, _ = run(members([0, 500_000], [2, 40]), Parameters(max_clusters=2))
    assert any("no lifetime value" in card.name.casefold() for card in result.segments)
    assert any("no lifetime value vs 2,5" in card.description for card in result.segments)


def test_no_two_cards_advise_the_same_and_the_most_valuable_is_never_reactivated() -> None:
    result, _ = run(
        members([100_000, 120_000, 180_000], [80, 40, 2]), Parameters(min_clusters=3, max_clusters=5)
    )
    uses = [card.suggested_use for card in result.segments]
    assert len(set(uses)) == len(uses)

    def average(position: int) -> float:
        traits = result.segments[position].characteristics
        return next((each.segment_average or 0 for each in traits if each.feature == "lifetimeValue"), 0)

    best = max(range(len(uses)), key=average)
    assert "eactivation" not in uses[best]


def test_many_segments_of_one_kind_get_advice_of_their_own() -> None:
    rng = np.random.default_rng(5)
    group = np.arange(900) % 3
    columns = {f"f{index}": (9 * (group == index) + rng.normal(0, 1, 900)).tolist() for index in range(3)}
    result, _ = run(numbers(**columns), Parameters(max_clusters=3))
    assert len({card.suggested_use for card in result.segments}) == 3


def test_one_customer_is_one_customer() -> None:
    result, _ = run(numbers(a=[1.0]))
    assert all("1 customers" not in notice.message for notice in result.notices)
    assert result.segments[0].headline.startswith("1 customer (")


def test_labels_fall_back_to_the_name() -> None:
    assert words.label(Field("visitsLast30Days", "number", window_days=30)) == "visits in 30 days"
    assert words.label(Field("count", "number", window_days=7)) == "count in 7 days"


def told_of(values: list[float], n_members: int) -> tuple[str, Characteristic]:
    """What a card says of the first rows of a column against all of them."""
    labels = np.where(np.arange(len(values)) < n_members, 0, -1).astype(np.int32)
    column = Numbers(Field("spend", "number"), np.array(values))
    ((traits,),) = profile.traits({"spend": column}, labels, 1)
    return naming.comparison(traits), naming.characteristic(traits)


@pytest.mark.parametrize("extreme", [1e11, 1e306])
@pytest.mark.parametrize("rest", [39, 400])
def test_one_extreme_value_among_all_has_medians_told(extreme: float, rest: int) -> None:
    ordinary = [5.0, 6, 7, 8, 9] * 4
    said, shown = told_of([*ordinary, *([20.0, 21, 22] * rest)[:rest], extreme], len(ordinary))
    assert said.startswith("spend median 7 vs 2")
    assert shown.value.startswith("median 7 (vs 2")
    assert shown.segment_average == 7
    assert (shown.population_average or 0) > 1e8


def test_one_extreme_member_has_medians_told() -> None:
    said, shown = told_of([5.0, 6, 7, 8, 1e11, *([20.0, 21, 22] * 100)], 5)
    assert said == "spend median 7 vs 21"
    assert (shown.segment_average or 0) > 1e10


def test_skewed_values_keep_their_average() -> None:
    said, shown = told_of([1.0, 2, 4, 8, 16, *([1.0, 2, 4, 8, 16, 32, 64, 128] * 30)], 5)
    assert said.startswith("spend 6.2 vs 31")
    assert shown.value.startswith("average 6.2")


@pytest.mark.parametrize(("member", "said"), [(0.0, "no spend vs 10"), (0.0754, "almost no spend vs 10")])
def test_no_is_said_only_where_every_member_has_nothing(member: float, said: str) -> None:
    found, _ = told_of([member, 0.0] * 10 + [15.0, 25.0] * 10, 20)
    assert found.startswith(said)
