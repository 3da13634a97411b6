"""One form, one hash."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Everyone, Leaf, Not, Operator, Or

CATALOG = Catalog("t", (Field("tags", "array"), Field("at", "datetime"), Field("name", "string")))
HASH = "c1:42ac2b732f95b2f3c0b8ca23dac53eea8dad8e0ec41183f2c9ec80b17d4d6823"


@pytest.mark.parametrize(
    "text",
    [
        '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
        '{"$and":[{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}},{"status":"ACTIVE"}]}',
        '{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"},"status":{"$eq":"ACTIVE"}}',
        '{"$and":[{"status":{"$in":["ACTIVE"]}},{"$and":[{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]},{"status":"ACTIVE"}]}',
    ],
)
def test_the_same_criteria_in_any_order_have_the_hash_of_the_definition(text: str) -> None:
    assert canonical.fingerprint(parse.loads(text)) == HASH


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ('{"$not":{"city":{"$in":["A","B"]}}}', '{"$not":{"city":{"$in":["A","B"]}}}'),
        ('{"$not":{"only":{"$in":["A"]}}}', '{"$not":{"only":{"$in":["A"]}}}'),
        ('{"only":{"$in":[null]}}', '{"only":{"$exists":false}}'),
        ('{"$not":{"tags":{"$contains":"A"}}}', '{"$not":{"tags":{"$contains":"A"}}}'),
    ],
)
def test_no_rule_writes_an_operator_that_the_field_does_not_take(criteria: str, expected: str) -> None:
    eq, neq, within, contains = Operator.EQ, Operator.NEQ, Operator.IN, Operator.CONTAINS
    catalog = Catalog(
        "golf",
        (
            Field("city", "string", operators=(eq, neq, within, contains)),
            Field("only", "string", operators=(within,)),
            Field("tags", "array", operators=(contains,)),
        ),
    )
    assert canonical.text(parse.loads(criteria), catalog) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":{"$ne":1}}', '{"a":{"$neq":1}}'),
        ('{"a":1}', '{"a":{"$eq":1}}'),
        ('{"a":70.0}', '{"a":{"$eq":70}}'),
        ('{"a":-0.0}', '{"a":{"$eq":0}}'),
        ('{"a":1.50}', '{"a":{"$eq":1.5}}'),
        ('{"a":1e300}', '{"a":{"$eq":1e+300}}'),
        ('{"a":9007199254740993}', '{"a":{"$eq":9007199254740993}}'),
        ('{"b":1,"a":2}', '{"$and":[{"a":{"$eq":2}},{"b":{"$eq":1}}]}'),
        ('{"a":{"$gt":1,"$lt":5}}', '{"$and":[{"a":{"$gt":1}},{"a":{"$lt":5}}]}'),
        ('{"$and":[{"a":1}]}', '{"a":{"$eq":1}}'),
        ('{"$or":[{"$or":[{"b":1},{"a":1}]},{"a":1}]}', '{"$or":[{"a":{"$eq":1}},{"b":{"$eq":1}}]}'),
        ('{"$not":{"$not":{"a":{"$lt":1}}}}', '{"a":{"$lt":1}}'),
        ('{"$not":{"a":1}}', '{"a":{"$neq":1}}'),
        ('{"$not":{"a":{"$neq":1}}}', '{"a":{"$eq":1}}'),
        ('{"$not":{"a":{"$in":[2,1]}}}', '{"a":{"$nin":[1,2]}}'),
        ('{"$not":{"a":{"$exists":true}}}', '{"a":{"$exists":false}}'),
        ('{"$not":{"a":{"$lt":1}}}', '{"$not":{"a":{"$lt":1}}}'),
        ('{"$not":{"a":null}}', '{"a":{"$exists":true}}'),
        ('{"$not":{"$and":[{"a":1}]}}', '{"a":{"$neq":1}}'),
        ('{"a":null}', '{"a":{"$exists":false}}'),
        ('{"a":{"$neq":null}}', '{"a":{"$exists":true}}'),
        ('{"a":{"$in":["x"]}}', '{"a":{"$eq":"x"}}'),
        ('{"a":{"$nin":["x","x"]}}', '{"a":{"$neq":"x"}}'),
        ('{"a":{"$in":[null]}}', '{"a":{"$exists":false}}'),
        ('{"a":{"$nin":[null]}}', '{"a":{"$exists":true}}'),
        ('{"a":{"$in":[]}}', '{"a":{"$in":[]}}'),
        ('{"a":{"$in":[null,"b","a","b"]}}', '{"a":{"$in":["a","b",null]}}'),
        ('{"a":{"$in":[10,9,70.0,70]}}', '{"a":{"$in":[10,70,9]}}'),
        ('{"a":{"$in":[1,true,"1"]}}', '{"a":{"$in":["1",1,true]}}'),
        ('{"é":"ü"}', '{"é":{"$eq":"ü"}}'),
        ("{}", "{}"),
        (
            '{"$event":{"name":"booking","within":"{{30_DAYS_AGO}}"}}',
            '{"$event":{"count":{"$gte":1},"name":"booking","within":{"from":"{{30_DAYS_AGO}}"}}}',
        ),
        (
            '{"$event":{"name":"booking","count":0,"where":{"b":1,"a":1}}}',
            '{"$event":{"count":{"$eq":0},"name":"booking","where":{"$and":[{"a":{"$eq":1}},{"b":{"$eq":1}}]}}}',
        ),
        ('{"$segment":"s"}', '{"$segment":{"id":"s"}}'),
        (
            '{"$top":{"field":"a","percent":10.0}}',
            '{"$top":{"field":"a","of":{},"order":"highest","percent":10}}',
        ),
    ],
)
def test_each_rule_of_the_canonical_form(text: str, expected: str) -> None:
    assert canonical.text(parse.loads(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"tags":{"$contains":"vip"}}', '{"tags":{"$eq":"vip"}}'),
        ('{"$not":{"tags":{"$contains":"vip"}}}', '{"tags":{"$neq":"vip"}}'),
        ('{"name":{"$contains":"vip"}}', '{"name":{"$contains":"vip"}}'),
        ('{"at":{"$lt":"2025-10-17T02:00:00+02:00"}}', '{"at":{"$lt":"2025-10-17T00:00:00Z"}}'),
        ('{"at":{"$lt":"2025-10-17T00:00"}}', '{"at":{"$lt":"2025-10-17T00:00:00Z"}}'),
        ('{"at":{"$lt":"2025-10-17T00:00:00.250000Z"}}', '{"at":{"$lt":"2025-10-17T00:00:00.25Z"}}'),
        ('{"at":{"$lt":"2025-10-17"}}', '{"at":{"$lt":"2025-10-17"}}'),
        ('{"name":"2025-10-17T00:00"}', '{"name":{"$eq":"2025-10-17T00:00"}}'),
    ],
)
def test_rules_that_need_the_type_work_with_a_catalog(text: str, expected: str) -> None:
    assert canonical.text(parse.loads(text), CATALOG) == expected


def test_a_resolved_instant_prints_as_utc() -> None:
    leaf = Leaf("at", Operator.LT, datetime(2025, 10, 17, tzinfo=UTC))
    assert canonical.text(leaf) == '{"at":{"$lt":"2025-10-17T00:00:00Z"}}'


def test_everyone_inside_a_group_is_absorbed() -> None:
    leaf = Leaf("a", Operator.EQ, 1)
    assert canonical.text(And((Everyone(), leaf))) == '{"a":{"$eq":1}}'
    assert canonical.text(Or((Everyone(), leaf))) == "{}"
    assert canonical.text(Not(Everyone())) == '{"$not":{}}'


def test_true_and_one_are_two_values() -> None:
    assert canonical.text(Leaf("a", Operator.EQ, True)) != canonical.text(Leaf("a", Operator.EQ, 1))
