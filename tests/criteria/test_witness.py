"""Two criteria are equal when no customer tells them apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from segmentry.criteria import check, match, parse, witness
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Node, Not, Or
from segmentry.errors import InvalidCriteria

from tests.criteria import strategies

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
CLUB = Catalog(
    "club",
    (
        Field("status", "enum", values=tuple(FieldValue(each) for each in ("ACTIVE", "PAUSED", "GONE"))),
        Field("stars", "enum", values=tuple(FieldValue(each) for each in (1, 2, 3))),
        Field("city", "string"),
        Field("plan", "string", case_insensitive=True),
        Field("score", "number", minimum=0, maximum=100),
        Field("weight", "number"),
        Field("visits", "number", integer=True, minimum=0),
        Field("optIn", "boolean"),
        Field("optOut", "boolean", nullable=False),
        Field("lastVisit", "datetime", tense="past"),
        Field("expiry", "datetime"),
        Field("tags", "array"),
        Field("spend", "number"),
    ),
    (
        EventType(
            "booking",
            (EventProperty("amount", "number", integer=True), EventProperty("club", "string")),
        ),
        EventType("login"),
    ),
)
SAME = [
    ('{"visits":{"$gt":9}}', '{"visits":{"$gte":10}}'),
    ('{"visits":0}', '{"visits":{"$lt":1}}'),
    ('{"status":{"$in":["GONE","ACTIVE"]}}', '{"$or":[{"status":"ACTIVE"},{"status":"GONE"}]}'),
    (
        '{"$not":{"$and":[{"optIn":true},{"city":"Paarl"}]}}',
        '{"$or":[{"optIn":{"$neq":true}},{"city":{"$neq":"Paarl"}}]}',
    ),
    ('{"score":{"$gte":70}}', '{"score":{"$gte":70,"$lte":100}}'),
    ('{"lastVisit":{"$gte":"{{30_DAYS_AGO}}"}}', '{"lastVisit":{"$gte":"{{30_DAYS_AGO}}","$lt":"{{NOW}}"}}'),
    ('{"expiry":{"$gte":"{{START_OF_YEAR}}"}}', '{"expiry":{"$gte":"2025-01-01"}}'),
    ('{"plan":"Gold"}', '{"plan":"GOLD"}'),
    ('{"optOut":true}', '{"optOut":{"$neq":false}}'),
    (
        '{"city":{"$startsWith":"Cape"}}',
        '{"$and":[{"city":{"$startsWith":"Cape"}},{"city":{"$exists":true}}]}',
    ),
    ('{"tags":{"$in":["vip"]}}', '{"tags":{"$contains":"vip"}}'),
    ('{"$event":{"name":"booking"}}', '{"$event":{"name":"booking","count":{"$gt":0}}}'),
    ('{"$event":{"name":"booking","count":0}}', '{"$not":{"$event":{"name":"booking"}}}'),
    ('{"$and":[{"status":"ACTIVE"},{"status":"GONE"}]}', '{"$and":[{"city":"Paarl"},{"city":"George"}]}'),
    (
        '{"$and":[{"status":"ACTIVE"},{"$top":{"field":"spend","percent":10,"of":{"status":"ACTIVE"}}}]}',
        '{"$top":{"field":"spend","percent":10,"of":{"status":"ACTIVE"}}}',
    ),
    (
        '{"$and":[{"spend":{"$exists":true}},{"$top":{"field":"spend","percent":10}}]}',
        '{"$top":{"field":"spend","percent":10}}',
    ),
    ('{"$segment":"seg_7"}', '{"$not":{"$not":{"$segment":"seg_7"}}}'),
    ("{}", '{"$or":[{"optIn":true},{"optIn":{"$neq":true}}]}'),
]
DIFFERENT = [
    ('{"visits":{"$gt":9}}', '{"visits":{"$gte":9}}'),
    ('{"weight":{"$gt":10}}', '{"weight":{"$gte":11}}'),
    ('{"weight":{"$lt":10}}', '{"weight":{"$lte":9}}'),
    ('{"optIn":true}', '{"optIn":{"$neq":false}}'),
    ('{"visits":{"$gte":10}}', '{"$not":{"visits":{"$lt":10}}}'),
    ('{"status":{"$in":["ACTIVE","PAUSED"]}}', '{"status":{"$neq":"GONE"}}'),
    ('{"stars":{"$in":[1,2]}}', '{"stars":{"$in":[1,3]}}'),
    ('{"city":"Paarl"}', '{"city":{"$startsWith":"Paarl"}}'),
    ('{"city":{"$contains":"a"}}', '{"city":{"$endsWith":"a"}}'),
    ('{"city":{"$startsWith":"a","$endsWith":"b"}}', '{"city":{"$startsWith":"a"}}'),
    ('{"city":"Paarl"}', '{"city":"paarl"}'),
    ('{"tags":{"$in":["a","b"]}}', '{"$and":[{"tags":"a"},{"tags":"b"}]}'),
    ('{"tags":{"$exists":false}}', '{"tags":{"$nin":["a"]}}'),
    ('{"expiry":{"$lt":"{{NOW}}"}}', '{"expiry":{"$lte":"{{NOW}}"}}'),
    ('{"expiry":{"$lt":"2025-01-01"}}', '{"expiry":{"$lt":"2025-01-02"}}'),
    ('{"expiry":{"$gte":"{{30_DAYS_AGO}}"}}', '{"expiry":{"$gte":"{{30_DAYS_AGO}}","$lt":"{{NOW}}"}}'),
    ('{"lastVisit":{"$lt":"2030-01-01"}}', '{"lastVisit":{"$lt":"2031-01-01"}}'),
    ('{"score":{"$gte":101}}', '{"score":{"$gte":102}}'),
    ('{"$event":{"name":"booking","count":{"$gte":3}}}', '{"$event":{"name":"booking","count":{"$gte":2}}}'),
    (
        '{"$event":{"name":"booking","within":"{{30_DAYS_AGO}}"}}',
        '{"$event":{"name":"booking","within":"{{31_DAYS_AGO}}"}}',
    ),
    (
        '{"$event":{"name":"booking","where":{"amount":{"$gt":5}}}}',
        '{"$event":{"name":"booking","where":{"amount":{"$gte":5}}}}',
    ),
    (
        '{"$event":{"name":"booking","sum":{"of":"amount","$gte":500}}}',
        '{"$event":{"name":"booking","sum":{"of":"amount","$gt":500}}}',
    ),
    (
        '{"$event":{"name":"booking","distinct":{"of":"club","$gte":2}}}',
        '{"$event":{"name":"booking","count":{"$gte":2}}}',
    ),
    ('{"$event":{"name":"booking"}}', '{"$event":{"name":"login"}}'),
    (
        '{"$and":[{"$event":{"name":"booking","where":{"club":"A"}}},{"$event":{"name":"booking","where":{"club":"B"}}}]}',
        '{"$event":{"name":"booking","where":{"club":{"$in":["A","B"]}}}}',
    ),
    ('{"$top":{"field":"spend","percent":10}}', '{"$top":{"field":"spend","percent":20}}'),
    ('{"$top":{"field":"spend","percent":10}}', '{"$top":{"field":"spend","percent":10,"order":"lowest"}}'),
    (
        '{"$not":{"$top":{"field":"spend","percent":10}}}',
        '{"$top":{"field":"spend","percent":90,"order":"lowest"}}',
    ),
    (
        '{"$and":[{"status":"ACTIVE"},{"$top":{"field":"spend","percent":10}}]}',
        '{"$top":{"field":"spend","percent":10,"of":{"status":"ACTIVE"}}}',
    ),
    ('{"$segment":"seg_7"}', '{"$segment":"seg_8"}'),
    ('{"$segment":{"id":"seg_7","version":1}}', '{"$segment":"seg_7"}'),
    ('{"$and":[{"optIn":true},{"city":"a"}]}', '{"$or":[{"optIn":true},{"city":"a"}]}'),
    ("{}", '{"city":{"$exists":true}}'),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_criteria_that_mean_the_same_are_equal(one: str, other: str) -> None:
    assert witness.difference(parse.loads(one), parse.loads(other), CLUB, CLOCK) is None
    assert witness.equal(parse.loads(one), parse.loads(other), CLUB, CLOCK)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_criteria_that_some_customer_tells_apart_are_not_equal(one: str, other: str) -> None:
    found = witness.difference(parse.loads(one), parse.loads(other), CLUB, CLOCK)
    assert found is not None
    assert not witness.equal(parse.loads(one), parse.loads(other), CLUB, CLOCK)
    if not found.places and not found.segments and "$segment" not in one:
        verdicts = [_met(parse.loads(each), found) for each in (one, other)]
        assert verdicts == [found.first, not found.first]


def _met(node: Node, found: witness.Witness) -> bool:
    bound = check.require(node, CLUB, CLOCK).bound
    return match.matches(bound, found.row, CLOCK.as_of, found.events, folded=["plan"])


def test_a_difference_names_the_row() -> None:
    found = witness.difference(
        parse.loads('{"optIn":true}'), parse.loads('{"optIn":{"$neq":false}}'), CLUB, CLOCK
    )
    assert found == witness.Witness({"optIn": None}, (), {}, (), first=False)


def test_criteria_that_the_check_refuses_are_refused() -> None:
    with pytest.raises(InvalidCriteria):
        witness.equal(parse.loads('{"shoes":9}'), Everyone(), CLUB, CLOCK)


@given(strategies.LEAF_TREES, strategies.LEAF_TREES)
def test_the_row_of_a_difference_is_told_apart_by_the_reference_matcher(one: Node, other: Node) -> None:
    catalog, clock = strategies.CATALOG, strategies.CLOCK
    found = witness.difference(one, other, catalog, clock)
    if found is not None:
        bound = [check.check(each, catalog, clock).bound for each in (one, other)]
        selected = [match.select(each, [found.row], clock.as_of, folded=["folded"]) for each in bound]
        assert selected == [[found.first], [not found.first]]


@given(strategies.NODES)
def test_rewritten_criteria_stay_equal(node: Node) -> None:
    catalog, clock = strategies.CATALOG, strategies.CLOCK
    for same in (Not(Not(node)), And((node, node)), Or((node, And((node, Everyone()))))):
        assert witness.equal(node, same, catalog, clock)


@given(strategies.NODES)
def test_nothing_equals_its_opposite(node: Node) -> None:
    assert not witness.equal(node, Not(node), strategies.CATALOG, strategies.CLOCK)


def test_wide_criteria_are_told_apart_by_one_item() -> None:
    catalog = Catalog("wide", tuple(Field(f"f{at}", "number", integer=True) for at in range(24)))
    items = [parse.loads(f'{{"f{at}":{{"$gte":{at}}}}}') for at in range(24)]
    whole = And(tuple(items))
    for at in range(24):
        lacking = And(tuple(items[:at] + items[at + 1 :]))
        assert not witness.equal(whole, lacking, catalog, CLOCK)
    assert witness.equal(whole, And(tuple(reversed(items))), catalog, CLOCK)
    either = Or((And(tuple(items[:12])), And(tuple(items[12:]))))
    assert not witness.equal(either, Or((And(tuple(items[:12])), And(tuple(items[13:])))), catalog, CLOCK)
