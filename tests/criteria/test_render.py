"""Seed form and sentences, as people read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from segmentry.criteria import parse, render, walk
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.limits import MAX_DEPTH

CLOCK = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
CATALOG = Catalog(
    "golf",
    (
        Field("status", "enum"),
        Field("membershipTier", "string"),
        Field("lastBookingAt", "datetime"),
        Field("memberSince", "datetime"),
        Field("lifetimeValue", "number", integer=True, unit="cents"),
        Field("engagementScore", "number", unit="points"),
        Field("activityCount30d", "number", integer=True),
        Field("tenure", "number", integer=True, unit="months"),
        Field("emailOptIn", "boolean"),
        Field("email", "string"),
        Field("tags", "array"),
        Field("Total / month", "number"),
        Field("home_club", "string"),
        Field("homeClub", "string"),
        Field("is or not", "string"),
    ),
    (
        EventType("order", (EventProperty("amount", "number", integer=True, unit="cents"),)),
        EventType("delivery"),
    ),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "everyone"),
        (
            '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
            "status is ACTIVE and last booking is before 17 Oct 2025 (60 days ago)",
        ),
        ('{"membershipTier":{"$neq":"GOLD"}}', "membership tier is not GOLD (or unset)"),
        (
            '{"$event":{"name":"order","count":{"$gte":3},"within":"{{30_DAYS_AGO}}"}}',
            "had at least 3 orders since 16 Nov 2025 (30 days ago)",
        ),
        (
            '{"$event":{"name":"delivery","count":0,"within":{"from":"2025-01-01","to":"2025-02-01T08:30:00Z"}}}',
            "had no deliveries from 1 Jan 2025 until 1 Feb 2025 08:30 UTC",
        ),
        (
            '{"$event":{"name":"order","sum":{"of":"amount","$gt":50000},"where":{"amount":{"$lt":100}}}}',
            "had orders with a total amount of more than 500.00 where (amount is less than 1.00)",
        ),
        (
            '{"$event":{"name":"order","distinct":{"of":"amount","$gte":1000},"within":"{{30_DAYS_AGO}}"}}',
            "had orders with at least 1,000 different values of amount since 16 Nov 2025 (30 days ago)",
        ),
        ('{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}', "membership tier is PLATINUM or DIAMOND"),
        ('{"membershipTier":{"$in":["A","B","C"]}}', "membership tier is one of A, B, C"),
        ('{"membershipTier":{"$in":["A",null]}}', "membership tier is A or unset"),
        ('{"membershipTier":{"$nin":["A","B"]}}', "membership tier is none of A, B (or unset)"),
        ('{"membershipTier":{"$nin":["A",null]}}', "membership tier is set and is none of A"),
        ('{"membershipTier":{"$in":[]}}', "membership tier is one of nothing"),
        ('{"membershipTier":{"$nin":[]}}', "membership tier is none of nothing (or unset)"),
        ('{"membershipTier":null}', "membership tier is unset"),
        ('{"$not":{"membershipTier":null}}', "membership tier is set"),
        ('{"membershipTier":"gold and silver"}', 'membership tier is "gold and silver"'),
        ('{"membershipTier":"Electronic check"}', "membership tier is Electronic check"),
        ('{"membershipTier":"unset"}', 'membership tier is "unset"'),
        ('{"membershipTier":"70"}', 'membership tier is "70"'),
        ('{"lifetimeValue":{"$gte":100000}}', "lifetime value is at least 1,000.00"),
        ('{"engagementScore":{"$gte":70.0}}', "engagement score is at least 70"),
        ('{"$not":{"engagementScore":{"$lt":70}}}', "engagement score is not less than 70 (or unset)"),
        ('{"activityCount30d":{"$gt":3}}', "activity count 30d is more than 3"),
        ('{"tenure":{"$lte":12}}', "tenure is at most 12 months"),
        ('{"emailOptIn":true}', "email opt in is true"),
        ('{"email":{"$endsWith":".co.za"}}', 'email ends with ".co.za"'),
        ('{"$not":{"email":{"$contains":"@x"}}}', 'email does not contain "@x" (or unset)'),
        ('{"tags":"vip"}', "tags includes vip"),
        ('{"tags":{"$nin":["a","b"]}}', "tags includes none of a, b (or unset)"),
        ('{"Total / month":{"$gt":5}}', "total month is more than 5"),
        ('{"homeClub":"A"}', '"homeClub" is A'),
        ('{"is or not":"A"}', '"is or not" is A'),
        ('{"nowhere":1}', '"nowhere" is 1'),
        (
            '{"memberSince":{"$gte":"{{START_OF_YEAR}}"}}',
            "member since is on or after 1 Jan 2025 (start of this year)",
        ),
        ('{"memberSince":{"$gt":"2025-01-01"}}', "member since is after 1 Jan 2025"),
        ('{"memberSince":"2025-01-01T00:00:00.5Z"}', "member since is exactly 1 Jan 2025 00:00:00.5 UTC"),
        (
            '{"$or":[{"status":"A"},{"$and":[{"emailOptIn":true},{"tenure":{"$gt":1}}]}]}',
            "status is A or (email opt in is true and tenure is more than 1 month)",
        ),
        (
            '{"$and":[{"status":"A"},{"$or":[{"emailOptIn":true},{"tenure":1}]},{"$and":[{"email":"x"}]}]}',
            "status is A and (email opt in is true or tenure is 1 month) and email is x",
        ),
        ('{"$not":{"$or":[{"status":"A"},{"status":"B"}]}}', "not (status is A or status is B)"),
        ('{"$segment":{"id":"seg_7","version":3}}', "in segment seg_7 (version 3)"),
        (
            '{"$top":{"field":"lifetimeValue","percent":10,"order":"lowest","of":{"status":"ACTIVE"}}}',
            "in the bottom 10% by lifetime value among (status is ACTIVE)",
        ),
    ],
)
def test_the_sentence_for_criteria(text: str, said: str) -> None:
    assert render.english(parse.loads(text), CATALOG, CLOCK) == said


def test_dates_are_said_in_the_zone_of_the_request() -> None:
    clock = Clock.at(datetime(2025, 12, 16, 22, 30, tzinfo=UTC), "Africa/Johannesburg")
    said = render.english(parse.loads('{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'), CATALOG, clock)
    assert said == "last booking is before 18 Oct 2025 (60 days ago)"


def test_the_seed_form_keeps_bare_values_and_the_order_of_the_words() -> None:
    text = '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}},{"a":null}]}'
    assert json.dumps(render.to_json(parse.loads(text)), separators=(",", ":")) == text


def test_the_seed_form_of_one_criterion_is_bare() -> None:
    assert render.to_json(parse.loads('{"a":{"$eq":1}}')) == {"a": 1}


def test_what_was_read_at_a_limit_is_printed_within_it() -> None:
    deep = '{"$not":' * (MAX_DEPTH - 1) + '{"a":{"$gt":1,"$lt":5},"b":2}' + "}" * (MAX_DEPTH - 1)
    wide = json.dumps({f"f{i}": {"$gte": 1, "$lte": 2} for i in range(128)})
    for text in (deep, wide):
        node = parse.loads(text)
        assert parse.loads(json.dumps(render.to_json(node))) == node


def test_paths_are_those_of_the_seed_form() -> None:
    node = parse.loads('{"status":{"$eq":"A"},"handicap":{"$gte":0,"$lte":10},"$not":{"x y":{"$neq":1}}}')
    assert [leaf.path for leaf in walk.leaves(render.with_paths(node))] == [
        "$and[0].status",
        "$and[1].handicap.$gte",
        "$and[1].handicap.$lte",
        '$and[2].$not["x y"].$neq',
    ]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ('{"a":{"$gte":0,"$lte":10}}', '{"a":{"$gte":0,"$lte":10}}'),
        (
            '{"$and":[{"a":{"$gte":0}},{"a":{"$lte":10}},{"b":1}]}',
            '{"$and":[{"a":{"$gte":0,"$lte":10}},{"b":1}]}',
        ),
        ('{"$or":[{"a":{"$gt":1,"$lt":2}},{"b":1}]}', '{"$or":[{"a":{"$gt":1,"$lt":2}},{"b":1}]}'),
        (
            '{"$and":[{"$and":[{"a":{"$gt":1}},{"a":{"$lt":2}}]},{"b":1}]}',
            '{"$and":[{"$and":[{"a":{"$gt":1,"$lt":2}}]},{"b":1}]}',
        ),
        ('{"$and":[{"a":{"$gt":1}},{"a":{"$gt":2}}]}', None),
        ('{"$and":[{"a":1},{"a":{"$gt":0}}]}', None),
        ('{"$and":[{"a":{"$gt":1}},{"b":1},{"a":{"$lt":2}}]}', None),
    ],
)
def test_neighbouring_bounds_of_one_field_share_an_object(text: str, printed: str | None) -> None:
    node = parse.loads(text)
    assert json.dumps(render.to_json(node), separators=(",", ":")) == (printed or text)
    assert parse.from_json(render.to_json(node)) == node
