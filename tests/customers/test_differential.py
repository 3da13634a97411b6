"""The engine against the reference matcher: random tables and trees, and the golf club by brute force."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from segmentry.criteria import check, match, parse
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Top
from segmentry.customers import columns, compact, scan
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)

CATALOG = Catalog(
    "random",
    (
        Field("Total / month", "number"),
        Field("a.b", "number", integer=True),
        Field("name", "string"),
        Field("folded", "string", case_insensitive=True),
        Field("kind", "enum"),
        Field("flag", "boolean"),
        Field("at", "datetime"),
        Field("tags", "array"),
        Field("foldedTags", "array", case_insensitive=True),
    ),
    (EventType("order", (EventProperty("amount", "number", integer=True), EventProperty("shop", "string"))),),
)
FOLDED = ("folded", "foldedTags")
DTYPES: dict[str, pl.DataType] = {
    "Total / month": pl.Float64(),
    "a.b": pl.Int64(),
    "name": pl.String(),
    "folded": pl.String(),
    "kind": pl.String(),
    "flag": pl.Boolean(),
    "at": columns.MICROSECONDS,
    "tags": pl.List(pl.String()),
    "foldedTags": pl.List(pl.String()),
}

# Few values that collide often, and every one of them has fooled an engine somewhere.
TEXTS = st.sampled_from(
    ["a", "A", "ab", "a%b", "a_b", "axb", "a*b", "a.b", "a\\b", "a?b", "a\nb", "a\n", "\na",
     "ß", "ss", "SS", "é", "e\u0301", "😀", "\U0001f600x", "\uffff", " ", "NULL", "İ", "null", "'", '"', "$a"]
)  # fmt: skip
INTEGERS = st.sampled_from([0, 1, -1, 2, 10, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
FLOATS = st.sampled_from([0.0, -0.0, 0.1, 0.5, 1.0, -1.5, 9.5, 1e15, 1e308, 5e-324, float(2**53)])
ODD_FLOATS = st.sampled_from([float("nan"), float("inf"), float("-inf")])
INSTANTS = st.sampled_from(
    [datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), AS_OF,
     datetime(2025, 12, 16, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC),
     datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)]
)  # fmt: skip
CELLS: dict[str, st.SearchStrategy[object]] = {
    "Total / month": st.one_of(st.none(), FLOATS, ODD_FLOATS),
    "a.b": st.one_of(st.none(), INTEGERS),
    "name": st.one_of(st.none(), TEXTS),
    "folded": st.one_of(st.none(), TEXTS),
    "kind": st.one_of(st.none(), TEXTS),
    "flag": st.one_of(st.none(), st.booleans()),
    "at": st.one_of(st.none(), INSTANTS),
    "tags": st.one_of(st.none(), st.lists(TEXTS, max_size=3)),
    "foldedTags": st.one_of(st.none(), st.lists(st.one_of(st.none(), TEXTS), max_size=3)),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12)
EVENTS = st.lists(
    st.tuples(st.integers(0, 11), INSTANTS, st.one_of(st.none(), INTEGERS), st.one_of(st.none(), TEXTS)),
    max_size=25,
)

COMPARED = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
SEARCHED = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH)


def _leaf(
    field: str, operands: st.SearchStrategy[Scalar], operators: Sequence[Operator]
) -> st.SearchStrategy[Node]:
    one = st.builds(Leaf, st.just(field), st.sampled_from(operators), operands)
    unset = st.builds(Leaf, st.just(field), st.sampled_from([Operator.EQ, Operator.NEQ]), st.none())
    several = st.builds(
        Leaf,
        st.just(field),
        st.sampled_from([Operator.IN, Operator.NIN]),
        st.lists(st.one_of(st.none(), operands), max_size=4).map(tuple),
    )
    exists = st.builds(Leaf, st.just(field), st.just(Operator.EXISTS), st.booleans())
    return st.one_of(one, unset, several, exists)


EQUAL = (Operator.EQ, Operator.NEQ)
LOWER = TEXTS.map(str.casefold)
WHOLE_OPERANDS = st.one_of(INTEGERS, st.sampled_from([2**64, -(2**70)]))
LEAVES = st.one_of(
    _leaf("Total / month", FLOATS, EQUAL + COMPARED),
    _leaf("a.b", WHOLE_OPERANDS, EQUAL + COMPARED),
    _leaf("name", TEXTS, EQUAL + COMPARED + SEARCHED),
    _leaf("folded", LOWER, EQUAL + COMPARED + SEARCHED),
    _leaf("kind", TEXTS, EQUAL),
    _leaf("flag", st.booleans(), EQUAL),
    _leaf("at", INSTANTS, EQUAL + COMPARED),
    _leaf("tags", TEXTS, (*EQUAL, Operator.CONTAINS)),
    _leaf("foldedTags", LOWER, (*EQUAL, Operator.CONTAINS)),
)


def _combined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(And, items), st.builds(Or, items), st.builds(Not, inner))


PROPERTIES = st.one_of(
    _leaf("amount", WHOLE_OPERANDS, EQUAL + COMPARED), _leaf("shop", TEXTS, EQUAL + COMPARED + SEARCHED)
)
TIMES = st.one_of(st.none(), INSTANTS)
WHERE = st.one_of(st.none(), st.just(Everyone()), st.recursive(PROPERTIES, _combined, max_leaves=3))
BEHAVIOUR = st.one_of(
    st.builds(
        Event, st.just("order"), WHERE, st.just("count"), st.none(), st.sampled_from(EQUAL + COMPARED),
        st.integers(0, 3), TIMES, TIMES,
    ),
    st.builds(
        Event, st.just("order"), WHERE, st.just("sum"), st.just("amount"), st.sampled_from(EQUAL + COMPARED),
        st.one_of(INTEGERS, st.just(2**64 - 2)), TIMES, TIMES,
    ),
    st.builds(
        Event, st.just("order"), WHERE, st.just("distinct"), st.sampled_from(["amount", "shop"]),
        st.sampled_from(EQUAL + COMPARED), st.integers(0, 3), TIMES, TIMES,
    ),
)  # fmt: skip
TOPS = st.builds(
    Top,
    st.sampled_from(["Total / month", "a.b", "at"]),
    st.sampled_from([1, 0.1, 33.3, 50, 50.0, 99.9]),
    st.sampled_from(["highest", "lowest"]),
    st.one_of(st.just(Everyone()), LEAVES),
)
TREES = st.recursive(st.one_of(LEAVES, LEAVES, LEAVES, BEHAVIOUR, TOPS), _combined, max_leaves=6)


def table(
    rows: Sequence[dict[str, object]], events: Sequence[tuple[int, datetime, int | None, str | None]]
) -> Snapshot:
    frame = pl.DataFrame(
        {name: pl.Series(name, [row[name] for row in rows], dtype=DTYPES[name]) for name in DTYPES}
    )
    orders = pl.DataFrame(
        [event for event in events if event[0] < len(rows)],
        schema={"owner": pl.Int32(), "at": columns.MICROSECONDS, "amount": pl.Int64(), "shop": pl.String()},
        orient="row",
    )
    return Snapshot.from_frame(frame, CATALOG, {"order": orders})


# In parts, so that each stays far below the time a test may take.
@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("form", ["wide", "coded", "seconds", "ranked"])
@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, events=EVENTS, trees=st.lists(TREES, min_size=1, max_size=4))
def test_every_row_is_decided_as_by_the_reference(
    *,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    part: int,
    rows: list[dict[str, object]],
    events: list[tuple[int, datetime, int | None, str | None]],
    trees: list[Node],
) -> None:
    monkeypatch.setattr(columns, "CODED_LIMIT", columns.CODED_LIMIT if form == "coded" else 0)
    monkeypatch.setattr(compact, "MAX_LEVELS", -1 if form == "seconds" else compact.MAX_LEVELS)
    snapshot = table(rows, events)
    if form == "wide":
        snapshot = dataclasses.replace(snapshot, forms={})
    mappings, happened = snapshot.rows_as_mappings(), snapshot.events_as_mappings()
    for tree in trees:
        expected = match.select(tree, mappings, AS_OF, happened, folded=FOLDED)
        assert snapshot.mask(tree, AS_OF).tolist() == expected
        assert snapshot.count(Not(tree), AS_OF) == len(rows) - sum(expected)
    # What was asked before changes nothing: all at once, and again from the cache.
    counts = [sum(match.select(tree, mappings, AS_OF, happened, folded=FOLDED)) for tree in trees]
    assert snapshot.count_many([And(tuple(trees)), *trees], AS_OF)[1:] == counts


# A word holds 64 rows, and here a slice does too: the first and the last row of each, and an empty table.
@pytest.mark.parametrize("n_rows", [0, 1, 63, 64, 65, 130])
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(few=ROWS, events=EVENTS, trees=st.lists(TREES, min_size=1, max_size=4))
def test_no_row_is_lost_at_the_edge_of_a_word_or_a_slice(
    *,
    monkeypatch: pytest.MonkeyPatch,
    n_rows: int,
    few: list[dict[str, object]],
    events: list[tuple[int, datetime, int | None, str | None]],
    trees: list[Node],
) -> None:
    monkeypatch.setattr(columns, "CODED_LIMIT", 0)
    monkeypatch.setattr(scan, "SLICE_ROWS", 64)
    monkeypatch.setattr(scan, "TEXT_SLICE_ROWS", 64)
    monkeypatch.setattr(scan, "BLOCKS_SLICE_ROWS", 64)
    rows = [few[index % len(few)] for index in range(n_rows)]
    snapshot = table(
        rows,
        [(owner * 11 % max(n_rows, 1), at, amount, shop) for owner, at, amount, shop in events if n_rows],
    )
    mappings, happened = snapshot.rows_as_mappings(), snapshot.events_as_mappings()
    expected = [match.select(tree, mappings, AS_OF, happened, folded=FOLDED) for tree in trees]
    counts = snapshot.count_many([*trees, *map(Not, trees)], AS_OF)
    assert counts == [sum(each) for each in expected] + [n_rows - sum(each) for each in expected]
    assert [snapshot.mask(tree, AS_OF).tolist() for tree in trees] == expected


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_rows_come_back_as_they_went_in(rows: list[dict[str, object]]) -> None:
    for before, after in zip(rows, table(rows, []).rows_as_mappings(), strict=True):
        for name, value in before.items():
            expected = value
            if isinstance(value, float) and not np.isfinite(value):
                expected = None
            if isinstance(value, list):
                expected = [each for each in value if each is not None]  # pyright: ignore[reportUnknownVariableType]
            assert after[name] == expected


GOLF = [
    '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}',
    '{"handicap":{"$lt":10}}',
    '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
    '{"$and":[{"engagementScore":{"$gte":70}},{"churnRiskScore":{"$lte":30}}]}',
    '{"$and":[{"emailOptIn":true},{"country":"ZA"}]}',
    '{"memberSince":{"$gte":"{{START_OF_YEAR}}"}}',
    '{"$and":[{"status":"INACTIVE"},{"lifetimeValue":{"$gte":500000}}]}',
    '{"$and":[{"lifetimeValue":{"$gte":100000}},{"churnRiskScore":{"$gte":70}}]}',
    '{"email":{"$endsWith":".co.za"}}',
    '{"firstName":{"$startsWith":"Jo"}}',
    '{"status":{"$nin":["MERGED","DELETED"]}}',
    '{"$not":{"$or":[{"lastBookingAt":{"$gte":"{{60_DAYS_AGO}}"}},{"tags":{"$contains":"vip"}}]}}',
    '{"membershipExpiry":{"$gte":"{{NOW}}","$lt":"{{30_DAYS_FROM_NOW}}"}}',
    '{"handicap":{"$exists":false}}',
    '{"emailOptIn":{"$neq":true}}',
    '{"tags":{"$nin":["vip","golf",null]}}',
    '{"$event":{"name":"booking","count":{"$gte":3},"within":"{{90_DAYS_AGO}}"}}',
    '{"$event":{"name":"booking","sum":{"of":"amount","$gte":20000},"within":"{{1_YEARS_AGO}}"}}',
    '{"$event":{"name":"booking_return","count":0}}',
    '{"$event":{"name":"email_open","where":{"campaignId":{"$in":["campaign-01","campaign-02"]}},"count":{"$lt":2}}}',
    '{"$top":{"field":"lifetimeValue","percent":10,"of":{"status":"ACTIVE"}}}',
    '{"$not":{"$top":{"field":"lastActivityAt","percent":25,"order":"lowest"}}}',
]


@pytest.fixture(scope="module")
def club() -> Snapshot:
    return golf_snapshot(3000, as_of=AS_OF)


@pytest.mark.parametrize("criteria", GOLF)
def test_counts_on_the_golf_club_equal_brute_force(club: Snapshot, criteria: str) -> None:
    checked = check.require(parse.loads(criteria), club.catalog, Clock.at(AS_OF))
    expected = match.select(checked.bound, club.rows_as_mappings(), AS_OF, club.events_as_mappings())
    assert club.mask(checked.bound, AS_OF).tolist() == expected
    assert 0 < sum(expected) < club.rows


def test_the_window_of_an_event_is_half_open() -> None:
    orders = [(0, AS_OF - timedelta(days=1), 1, None), (0, AS_OF, 1, None)]
    empty: dict[str, object] = {name: None for name in DTYPES}  # noqa: C420 - fromkeys loses the value type
    snapshot = table([empty], [(owner, at, amount, shop) for owner, at, amount, shop in orders])
    assert snapshot.count(Event("order", operator=Operator.EQ, value=1), AS_OF) == 1
    later = Event("order", operator=Operator.EQ, value=2, window_start=AS_OF - timedelta(days=1))
    assert snapshot.count(later, AS_OF + timedelta(microseconds=1)) == 1


def test_whole_numbers_beyond_64_bits_are_exact() -> None:
    catalog = Catalog("t", (Field("n", "number", integer=True),))
    frame = pl.DataFrame({"n": pl.Series([2**70, 2**70 + 1, None, -1], dtype=pl.Int128)})
    snapshot = Snapshot.from_frame(frame, catalog)
    mappings = snapshot.rows_as_mappings()
    assert [row["n"] for row in mappings] == [2**70, 2**70 + 1, None, -1]
    for operator in (*EQUAL, *COMPARED):
        leaf = Leaf("n", operator, 2**70)
        assert snapshot.mask(leaf, AS_OF).tolist() == match.select(leaf, mappings, AS_OF)
    several = Leaf("n", Operator.IN, (2**70 + 1, None, -1))
    assert snapshot.mask(several, AS_OF).tolist() == [False, True, True, True]


FULL: dict[str, object] = {
    "Total / month": 1.5,
    "a.b": 2,
    "name": "a",
    "folded": "A",
    "kind": "k",
    "flag": True,
    "at": AS_OF,
    "tags": ["x"],
    "foldedTags": ["X"],
}


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("group", [And, Or])
def test_a_leaf_that_leads_a_group_leaves_its_column_as_it_was(name: str, group: type[And | Or]) -> None:
    empty: dict[str, object] = {each: None for each in DTYPES}  # noqa: C420 - fromkeys loses the value type
    is_set = Leaf(name, Operator.EXISTS, value=True)
    for leaf in (is_set, Leaf(name, Operator.EXISTS, value=False), Leaf(name, Operator.NIN, (None,))):
        snapshot = table([FULL, empty, FULL], [])
        snapshot.count(group((leaf, Not(leaf), Not(is_set))), AS_OF)
        assert [row[name] is None for row in snapshot.rows_as_mappings()] == [False, True, False]
        assert snapshot.mask(is_set, AS_OF).tolist() == [True, False, True]
        fresh = Leaf(name, Operator.IN, (None,))
        assert snapshot.mask(fresh, AS_OF).tolist() == [False, True, False]
