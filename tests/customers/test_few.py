"""A few customers out of many: found by their keys, and judged without the others."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.customers import few
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.keys import ABSENT, KeyIndex, hashes, numbered
from segmentry.customers.scan import Cancel
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.suppressed import suppressed
from segmentry.errors import SmallCountsWithheld

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)


def test_an_index_finds_what_a_dictionary_finds() -> None:
    chosen = random.Random(5)
    keys = [f"c-{chosen.randrange(900)}" for _ in range(1000)]
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    wanted = [f"c-{number}" for number in range(1000)] + ["", "\N{GOLFER}", "c-1 "]
    found = KeyIndex.of(pl.Series(keys)).rows(wanted)
    assert found.tolist() == [first.get(key, ABSENT) for key in wanted]


def test_keys_of_one_hash_are_told_apart() -> None:
    keys = pl.Series(["a", "b", "c"])
    (same,) = hashes(pl.Series(["b"]))
    index = KeyIndex.by(keys, np.full(3, same, dtype=np.uint64))
    assert index.rows(["b", "a"]).tolist() == [1, ABSENT]


def test_an_index_of_nobody_finds_nobody() -> None:
    assert KeyIndex.of(pl.Series([], dtype=pl.String)).rows(["a"]).tolist() == [ABSENT]


@pytest.mark.parametrize(
    "text",
    [
        '{"$and":[{"membershipTier":{"$in":["GOLD","PLATINUM"]}},{"handicap":{"$lt":18}}]}',
        '{"$or":[{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}},{"lastBookingAt":{"$exists":false}}]}',
        '{"$not":{"city":{"$contains":"a"}}}',
        '{"$top":{"percent":10,"field":"lifetimeValue"}}',
        '{"$and":[{"$top":{"percent":50,"field":"lifetimeValue"}},{"emailOptIn":true}]}',
        "{}",
    ],
)
def test_a_few_are_judged_as_the_whole_table_is(text: str) -> None:
    club = golf_snapshot(2000, as_of=AS_OF)
    bound = check.require(parse.loads(text), club.catalog, Clock.at(AS_OF)).bound
    rows = random.Random(7).sample(range(club.rows), 200)
    found = few.holds(club, [bound], [str(row + 1) for row in rows], AS_OF, cancel=Cancel()).each()
    mask = club.mask(bound, AS_OF)
    assert [each[0] for each in found if each is not None] == mask[rows].tolist()


async def test_nobody_is_judged_where_small_counts_are_kept_back() -> None:
    store = SnapshotStore()
    store.put("demo", "golf", golf_snapshot(50, as_of=AS_OF))
    with pytest.raises(SmallCountsWithheld):
        await suppressed(store, 5).holds("demo", "golf", [parse.loads("{}")], ["1"], AS_OF)


def test_customers_of_many_conditions_are_told_apart() -> None:
    club = golf_snapshot(500, as_of=AS_OF)
    clock = Clock.at(AS_OF)
    bounds = [
        check.require(parse.loads(f'{{"lifetimeValue":{{"$lt":{value}}}}}'), club.catalog, clock).bound
        for value in range(0, 200_000, 2_000)
    ]
    keys = [str(row + 1) for row in range(500)] + ["501"]
    found = few.holds(club, bounds, keys, AS_OF, cancel=Cancel())
    assert len(set(found.ways)) == len(found.ways) < 500
    each = found.each()
    assert each.pop() is None
    masks = np.array([club.mask(bound, AS_OF) for bound in bounds])
    assert each == [tuple(column) for column in masks.T.tolist()]


def test_rows_without_keys_are_called_by_their_numbers() -> None:
    wanted = ["1", "9", "10", "0", "007", "-1", "1.0", "", " 1", "\u0661", "9" * 40]
    assert numbered(wanted, 9).tolist() == [0, 8, *[ABSENT] * 2, 6, *[ABSENT] * 6]
