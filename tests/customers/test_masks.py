"""The cache of sets: bounded by bytes over all snapshots, each set computed once, one key per meaning."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or, Top
from segmentry.customers import bitmaps, leaves
from segmentry.customers.bitmaps import Words
from segmentry.customers.columns import Column
from segmentry.customers.compact import Compact
from segmentry.customers.masks import MaskCache
from segmentry.customers.scan import Cancel, Cancelled
from segmentry.customers.snapshot import Snapshot

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog(
    "t",
    (
        Field("name", "string", case_insensitive=True),
        Field("n", "number", integer=True),
        Field("x", "number"),
        Field("at", "datetime"),
        Field("tags", "array"),
    ),
    (EventType("order", (EventProperty("amount", "number", integer=True),)),),
)


def kept(cache: MaskCache, *trees: Node, as_of: datetime = AS_OF) -> int:
    """How many sets the trees leave in the cache of a small table."""
    frame = pl.DataFrame(
        {
            "name": ["Ann", "bob", None],
            "n": [1, 70, None],
            "x": [1.0, 70.0, None],
            "at": [AS_OF, None, AS_OF],
            "tags": [["vip"], [], None],
        }
    )
    snapshot = replace(Snapshot.from_frame(frame, CATALOG), cache=cache)
    for tree in trees:
        snapshot.count(tree, as_of)
    return cache.nbytes // 8


def leaf(name: str, operator: Operator, value: object) -> Leaf:
    return Leaf(name, operator, value)  # pyright: ignore[reportArgumentType] - tables of odd values


SAST = timezone(timedelta(hours=2))
SAME = {
    "complements": [
        leaf("n", Operator.EQ, 1), leaf("n", Operator.NEQ, 1), Not(leaf("n", Operator.EQ, 1)),
        leaf("n", Operator.IN, (1,)), leaf("n", Operator.NIN, (1, 1)),
    ],
    "numbers": [leaf("x", Operator.GTE, 70), leaf("x", Operator.GTE, 70.0)],
    "lists": [
        leaf("n", Operator.IN, (1, 70)), leaf("n", Operator.IN, (70, 1.0, 70)),
        leaf("n", Operator.NIN, (70, 1)),
    ],
    "unset": [
        leaf("n", Operator.EXISTS, True), leaf("n", Operator.EXISTS, False), leaf("n", Operator.EQ, None),
        leaf("n", Operator.NEQ, None), leaf("n", Operator.IN, (None,)),
    ],
    "instants": [leaf("at", Operator.LT, AS_OF), leaf("at", Operator.LT, AS_OF.astimezone(SAST))],
    "folded text": [leaf("name", Operator.EQ, "ann"), leaf("name", Operator.EQ, "ANN")],
    "elements": [leaf("tags", Operator.EQ, "vip"), leaf("tags", Operator.CONTAINS, "vip")],
    "open windows": [Event("order"), Event("order", window_end=AS_OF), Event("order", path="$and[1]")],
}  # fmt: skip


@pytest.mark.parametrize("spellings", SAME.values(), ids=SAME)
def test_spellings_of_one_meaning_share_one_set(spellings: list[Node]) -> None:
    assert kept(MaskCache(), *spellings) == 1


def test_different_meanings_do_not_share_a_set() -> None:
    apart = [
        leaf("n", Operator.GT, 1), leaf("n", Operator.GTE, 1), leaf("x", Operator.GT, 1),
        leaf("n", Operator.GT, 2),
        Event("order"), Event("order", value=2), Event("order", window_start=AS_OF),
    ]  # fmt: skip
    assert kept(MaskCache(), *apart) == len(apart)


def test_top_is_kept_by_its_members_wherever_it_stands() -> None:
    members = Or((leaf("n", Operator.GT, 0), leaf("name", Operator.EQ, "bob")))
    top = Top("x", 50, of=members)
    elsewhere = And((leaf("n", Operator.GT, 0), Top("x", 50.0, of=members, path="$and[1]")))
    # Two leaves and the `$top`; with it in a group, the group.
    assert kept(MaskCache(), top) == 3
    assert kept(MaskCache(), top, elsewhere) == 4
    assert kept(MaskCache(), top, Top("x", 50, of=Not(members))) == 4


def test_only_what_depends_on_the_moment_is_kept_by_it() -> None:
    frame = pl.DataFrame({"n": [1, 2]})
    cache = MaskCache()
    snapshot = replace(Snapshot.from_frame(frame, CATALOG), cache=cache)
    closed = Event("order", window_end=AS_OF)
    for minute in range(3):
        snapshot.count(And((leaf("n", Operator.GT, 1), closed)), AS_OF + timedelta(minutes=minute))
    # The leaf, the event and both together.
    assert cache.nbytes // 8 == 3
    for minute in range(3):
        snapshot.count(Event("order", value=5), AS_OF + timedelta(minutes=minute))
    assert cache.nbytes // 8 == 6


def test_sets_are_kept_within_their_bytes() -> None:
    cache = MaskCache(max_bytes=16)
    owner = object()
    computed: list[str] = []

    def words(name: str) -> Words:
        def compute() -> Words:
            computed.append(name)
            return bitmaps.everyone(64)

        return cache.get(owner, name, compute, Cancel())

    for name in ("a", "b", "a", "c", "b"):
        words(name)
    # 8 bytes each: `b` was the least recently used when `c` came.
    assert computed == ["a", "b", "c", "b"]
    assert cache.nbytes == 16
    cache.get(owner, "wide", lambda: bitmaps.none(64 * 3), Cancel())
    assert cache.nbytes == 16


def test_the_bound_holds_over_all_snapshots_and_a_gone_one_makes_room() -> None:
    cache = MaskCache(max_bytes=24)
    frame = pl.DataFrame({"n": [1, 2]})
    first, second = (replace(Snapshot.from_frame(frame, CATALOG), cache=cache) for _ in range(2))
    for value in range(3):
        first.count(leaf("n", Operator.GT, value), AS_OF)
        second.count(leaf("n", Operator.GT, value), AS_OF)
    assert cache.nbytes == 24
    del first
    gc.collect()
    second.count(leaf("n", Operator.GT, 9), AS_OF)
    # Of six sets the last three were kept, one of them of the snapshot that is gone.
    assert cache.nbytes == 24


def test_what_one_snapshot_computed_is_not_shown_to_another() -> None:
    cache = MaskCache()
    low, high = (
        replace(Snapshot.from_frame(pl.DataFrame({"n": values}), CATALOG), cache=cache)
        for values in ([1, 2, 3], [7, 8, 9])
    )
    above = leaf("n", Operator.GT, 2)
    assert [low.count(above, AS_OF), high.count(above, AS_OF), low.count(above, AS_OF)] == [1, 3, 1]


def test_threads_that_ask_for_one_key_compute_it_once() -> None:
    cache = MaskCache()
    owner = object()
    computed: list[int] = []
    release, waiting = threading.Event(), threading.Barrier(5)

    def compute() -> Words:
        computed.append(1)
        release.wait(5)
        return bitmaps.everyone(10)

    def ask() -> Words:
        waiting.wait(5)
        return cache.get(owner, "leaf", compute, Cancel())

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask) for _ in range(4)]
        waiting.wait(5)
        release.set()
        answers = [each.result() for each in asked]
    assert len(computed) == 1
    assert all(answer is answers[0] for answer in answers)


def test_who_waits_takes_over_from_one_who_left_and_may_leave_too() -> None:
    cache = MaskCache()
    owner = object()
    inside, release = threading.Event(), threading.Event()

    def stopped() -> Words:
        inside.set()
        release.wait(5)
        raise Cancelled

    gone = Cancel()
    gone.set()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cache.get, owner, "leaf", stopped, Cancel())
        inside.wait(5)
        with pytest.raises(Cancelled):
            cache.get(owner, "leaf", stopped, gone)
        second = threads.submit(cache.get, owner, "leaf", lambda: bitmaps.everyone(3), Cancel())
        release.set()
        assert bitmaps.count(second.result()) == 3
        with pytest.raises(Cancelled):
            first.result()


def test_a_refinement_starts_from_the_segment_that_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    # Room for one set: what is kept is the whole, which came last.
    cache = MaskCache(max_bytes=8)
    snapshot = replace(Snapshot.from_frame(pl.DataFrame({"n": [1, 2, 3, None]}), CATALOG), cache=cache)
    two = (leaf("n", Operator.GT, 1), leaf("n", Operator.LTE, 3))
    assert snapshot.count(And(two), AS_OF) == 2
    asked: list[Operator] = []
    words = leaves.words

    def ask(column: Column, field: Field, each: Leaf, cancel: Cancel, form: Compact | None = None) -> Words:
        asked.append(each.operator)
        return words(column, field, each, cancel, form)

    monkeypatch.setattr(leaves, "words", ask)
    third = leaf("n", Operator.NEQ, 3)
    assert snapshot.count(And((*two, third)), AS_OF) == 1
    assert asked == [Operator.EQ]
