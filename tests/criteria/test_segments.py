"""Saved segments inside criteria."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, check, limits, parse, render, segments
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved

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


def test_a_fault_inside_a_segment_is_told_at_the_place_of_use() -> None:
    saved = {"outer": '{"$and":[{"score":1},{"$segment":"inner"}]}', "inner": '{"$not":{"statu":"A"}}'}
    (error,) = checked('{"$and":[{"score":1},{"$segment":"outer"}]}', saved).errors
    assert (error.code, error.path, error.field) == ("INVALID_FIELD", "$and[1].$segment", "statu")
    assert error.message == (
        "in segment outer > inner at $not.statu: Unknown field: statu (did you mean status?)"
    )
    assert error.suggestions == ()
    assert dict(error.details) == {"segmentId": "inner", "segmentPath": "$not.statu"}


def test_a_warning_inside_a_segment_is_told_at_the_place_of_use() -> None:
    (warning,) = checked('{"$not":{"$segment":"s"}}', {"s": '{"status":{"$in":[]}}'}).warnings
    assert (warning.code, warning.path) == ("EMPTY_LIST", "$not.$segment")
    assert warning.message == "in segment s at status.$in: status: $in [] matches nobody"


def test_every_segment_that_is_not_there_is_reported_at_once_with_the_other_faults() -> None:
    text = '{"$and":[{"$segment":"gone"},{"scor":1},{"$or":[{"$segment":"lost"},{"$segment":"s"}]}]}'
    errors = checked(text, {"s": '{"$segment":"away"}'}).errors
    assert [(each.code, each.path) for each in errors] == [
        ("UNKNOWN_SEGMENT", "$and[0].$segment"),
        ("INVALID_FIELD", "$and[1].scor"),
        ("UNKNOWN_SEGMENT", "$and[2].$or[0].$segment"),
        ("UNKNOWN_SEGMENT", "$and[2].$or[1].$segment"),
    ]
    assert errors[3].message == "Unknown segment: away, named by segment s"


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_cycle_is_reported_at_the_place_of_use(length: int) -> None:
    saved = {f"s{i}": f'{{"$segment":"s{(i + 1) % length}"}}' for i in range(length)}
    (error,) = checked('{"$not":{"$segment":"s0"}}', saved).errors
    assert (error.code, error.path) == ("SEGMENT_CYCLE", "$not.$segment")
    assert error.message.endswith(": " + " > ".join([*saved, "s0"]))


def test_a_tree_beyond_the_expanded_limit_is_still_checked_where_it_stands() -> None:
    big = '{"$or":[' + ",".join(f'{{"score":{i}}}' for i in range(200)) + "]}"
    text = '{"$and":[{"scor":1},' + ",".join(['{"$segment":"big"}'] * 6) + "]}"
    codes = [each.code for each in checked(text, {"big": big}).errors]
    assert sorted(codes) == ["CRITERIA_TOO_COMPLEX", "INVALID_FIELD"]


def test_a_name_is_for_sentences_and_never_part_of_the_criteria() -> None:
    tree = parse.loads(
        '{"$and":[{"$segment":"seg_7"},{"$top":{"field":"score","percent":10,"of":{"$segment":"x"}}}]}'
    )
    said = segments.named(tree, {"seg_7": "Golf VIPs", "x": "Old"})
    assert said == tree
    assert render.to_json(said) == render.to_json(tree)
    assert render.english(said, CATALOG, CLOCK) == (
        'in segment "Golf VIPs" (seg_7) and in the top 10% by score among (in segment "Old" (x))'
    )
    assert render.english(tree, CATALOG, CLOCK).startswith("in segment seg_7 and")


def test_saved_segments_travel_as_json() -> None:
    saved = Saved({("a", None): parse.loads('{"score":9007199254740993}'), ("a", 2): parse.loads("{}")})
    assert Saved.of_json(json.loads(json.dumps(saved.to_json()))) == saved
