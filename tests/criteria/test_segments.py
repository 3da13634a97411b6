"""Saved segments inside criteria."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, check, limits, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node

CLOCK = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
CATALOG = Catalog("t", (Field("status", "string"), Field("score", "number")))


def checked(text: str, saved: dict[str, str]) -> check.Checked:
    def lookup(segment_id: str, version: int | None) -> Node | None:
        name = segment_id if version is None else f"{segment_id}@{version}"
        return parse.loads(saved[name]) if name in saved else None

    return check.check(parse.loads(text), CATALOG, CLOCK, lookup)


def test_a_segment_is_replaced_by_its_criteria_at_any_depth() -> None:
    saved = {"active": '{"status":"ACTIVE"}', "good": '{"$and":[{"$segment":"active"},{"score":{"$gt":5}}]}'}
    outcome = checked('{"$not":{"$segment":"good"}}', saved)
    assert outcome.diagnostics == ()
    expected = '{"$not":{"$and":[{"score":{"$gt":5}},{"status":{"$eq":"ACTIVE"}}]}}'
    assert canonical.text(outcome.bound) == expected
    assert canonical.text(outcome.node) == '{"$not":{"$segment":{"id":"good"}}}'


def test_a_pinned_version_is_not_the_latest() -> None:
    saved = {"s": '{"score":1}', "s@3": '{"score":3}'}
    assert (
        canonical.text(checked('{"$segment":{"id":"s","version":3}}', saved).bound) == '{"score":{"$eq":3}}'
    )
    assert canonical.text(checked('{"$segment":"s"}', saved).bound) == '{"score":{"$eq":1}}'


def test_a_cycle_names_its_way() -> None:
    saved = {"seg_7": '{"$not":{"$segment":"seg_9"}}', "seg_9": '{"$segment":"seg_7"}'}
    (error,) = checked('{"$and":[{"score":1},{"$segment":"seg_7"}]}', saved).errors
    assert error.code == "SEGMENT_CYCLE"
    assert error.message == "segment seg_7 refers back to itself: seg_7 > seg_9 > seg_7"


def test_a_segment_that_is_not_there_is_named_with_its_place() -> None:
    (error,) = checked('{"$and":[{"score":1},{"$segment":"gone"}]}', {}).errors
    assert (error.code, error.path) == ("UNKNOWN_SEGMENT", "$and[1].$segment")


@pytest.mark.parametrize(("hops", "codes"), [(8, []), (9, ["CRITERIA_TOO_COMPLEX"])])
def test_eight_hops_are_followed_and_nine_refused(hops: int, codes: list[str]) -> None:
    saved = {f"s{i}": f'{{"$segment":"s{i + 1}"}}' for i in range(1, hops)} | {f"s{hops}": '{"score":1}'}
    assert [each.code for each in checked('{"$segment":"s1"}', saved).errors] == codes


@pytest.mark.parametrize(("uses", "codes"), [(6, []), (7, ["CRITERIA_TOO_COMPLEX"])])
def test_1024_nodes_after_expansion_are_the_limit(uses: int, codes: list[str]) -> None:
    big = '{"$or":[' + ",".join(f'{{"score":{i}}}' for i in range(150)) + "]}"
    text = '{"$and":[' + ",".join(['{"$segment":"big"}'] * uses) + "]}"
    assert [each.code for each in checked(text, {"big": big}).errors] == codes
    assert limits.MAX_EXPANDED_NODES == 1024


def test_a_fault_inside_a_segment_is_a_fault_of_the_criteria() -> None:
    assert [each.code for each in checked('{"$segment":"s"}', {"s": '{"gone":1}'}).errors] == [
        "INVALID_FIELD"
    ]
