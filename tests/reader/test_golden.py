"""The ten pairs of the source documents come out of the reader alone, exactly."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical, check, parse, render, walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.reader.read import read
from segmentry.reader.refine import refine

PAIRS = {
    "B56": ("Platinum and diamond members", '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}'),
    "B57": ("Golfers with handicap under 10", '{"handicap":{"$lt":10}}'),
    "B58": (
        "Active customers who haven't booked in 60 days",
        '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
    ),
    "B59": (
        "High engagement, low churn risk",
        '{"$and":[{"engagementScore":{"$gte":70}},{"churnRiskScore":{"$lte":30}}]}',
    ),
    "B60": ("Email subscribers in South Africa", '{"$and":[{"emailOptIn":true},{"country":"ZA"}]}'),
    "B61": ("New members this year", '{"memberSince":{"$gte":"{{START_OF_YEAR}}"}}'),
    "B62": (
        "Inactive members with high LTV",
        '{"$and":[{"status":"INACTIVE"},{"lifetimeValue":{"$gte":500000}}]}',
    ),
    "B63": (
        "High-value members at risk of churning",
        '{"$and":[{"lifetimeValue":{"$gte":100000}},{"churnRiskScore":{"$gte":70}}]}',
    ),
    "build": (
        "Find platinum members who haven't booked in 60 days",
        '{"$and":[{"membershipTier":"PLATINUM"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_a_source_example_gives_the_criteria_shown_in_the_order_of_the_words(
    pair: tuple[str, str], golf: Catalog, clock: Clock
) -> None:
    query, expected = pair
    draft = read(query, golf, clock)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert render.to_json(draft.node) == parse.decode(expected)
    assert canonical.text(draft.node) == canonical.text(parse.loads(expected))
    assert draft.confidence >= 0.9
    assert draft.unexplained == ()
    assert tuple(origin.leaf for origin in draft.origins) == walk.leaves(draft.node)
    assert check.check(draft.node, golf, clock).errors == ()
    for origin in draft.origins:
        for span in origin.spans:
            assert query[span.start : span.end] == span.text


def test_the_build_example_resolves_to_the_date_of_the_source(golf: Catalog, clock: Clock) -> None:
    draft = read(PAIRS["build"][0], golf, clock)
    assert draft.node is not None
    resolved = check.require(draft.node, golf, clock).bound
    assert render.to_json(resolved) == {
        "$and": [{"membershipTier": "PLATINUM"}, {"lastBookingAt": {"$lt": "2025-10-17T00:00:00Z"}}]
    }


def test_the_refine_example_wraps_old_and_new_in_and(golf: Catalog, clock: Clock) -> None:
    current = parse.loads('{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}')
    draft = refine("Also require email opt-in", current, golf, clock)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert render.to_json(draft.node) == {
        "$and": [{"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}, {"emailOptIn": True}]
    }
    assert [origin.source for origin in draft.origins] == ["kept", "said"]


def test_not_booked_offers_those_who_never_booked_as_a_second_reading(golf: Catalog, clock: Clock) -> None:
    draft = read("Active customers who haven't booked in 60 days", golf, clock)
    printed = [render.to_json(reading.node) for reading in draft.readings]
    assert printed == [
        {
            "$and": [
                {"status": "ACTIVE"},
                {
                    "$or": [
                        {"lastBookingAt": {"$lt": "{{60_DAYS_AGO}}"}},
                        {"lastBookingAt": {"$exists": False}},
                    ]
                },
            ]
        }
    ]
