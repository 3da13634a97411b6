"""No answer holds a number that the caller could not send back."""

from __future__ import annotations

import pytest
from segmentry.builder import exact
from segmentry.builder.build import build
from segmentry.builder.events import Partial
from segmentry.builder.outcome import Outcome
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria import parse
from segmentry.customers.snapshots import SnapshotStore

from .conftest import Listener


async def built(query: str, place: Place, store: SnapshotStore) -> Outcome:
    return await build(query, place, Options(), store, build_id="b_1")


@pytest.mark.parametrize(
    "query",
    [
        "lifetime value over 99999999 million",
        "active members with lifetime value over 99999999 million",
        "lifetime value between 5 and 99999999 million",
        "lifetime value over 90071992547410",
    ],
)
async def test_a_number_beyond_what_json_carries_exactly_is_asked_about(
    query: str, place: Place, store: SnapshotStore, listener: Listener
) -> None:
    outcome = await build(query, place, Options(), store, build_id="b_1", emit=listener)
    asked = outcome.clarification
    assert outcome.result is None
    assert asked is not None
    assert (asked.reason, asked.partial) == ("INVALID_VALUE", None)
    assert all("in stored cents" in reading.label for reading in asked.readings)
    assert "is beyond 9007199254740991" in asked.message
    assert not [each for each in listener.heard if isinstance(each, Partial)]


async def test_the_largest_exact_number_is_answered(place: Place, store: SnapshotStore) -> None:
    # In cents: the last whole unit below 2^53.
    result = (await built("lifetime value over 90071992547409", place, store)).result
    assert result is not None
    assert result.canonical_json == '{"lifetimeValue":{"$gt":9007199254740900}}'


async def test_a_condition_kept_by_a_refinement_is_never_rounded(place: Place, store: SnapshotStore) -> None:
    current = parse.loads('{"lifetimeValue":{"$lt":9007199254740993}}')
    outcome = await refine("only active ones", current, place, Options(), store, build_id="b_1")
    assert outcome.clarification is not None
    assert "lifetimeValue $lt 9007199254740993 is beyond" in outcome.clarification.message


def test_numbers_are_found_wherever_criteria_hold_them() -> None:
    text = """{"$or": [{"a": {"$in": [1, 9007199254740992]}}, {"$not": {"b": -9007199254740992}},
        {"$event": {"name": "e", "where": {"c": 1e300}, "count": {"$gt": 9007199254740992}}}, {"d": true}]}"""
    assert [each.path for each in exact.faults(parse.loads(text))] == [
        "$or[0].a.$in",
        "$or[1].$not.b",
        "$or[2].$event",
        "$or[2].$event.where.c",
    ]
