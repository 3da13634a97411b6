"""Inputs that real tables bring and clustering libraries choke on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from segmentry.analysis import codec, events
from segmentry.analysis.parameters import Parameters
from segmentry.criteria import parse
from segmentry.criteria.catalog import Field
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import EmptyDataset, InvalidCriteria, InvalidParameters, NoUsableFields

from tests.analysis.discovering import adds_up, counted, reasons, run
from tests.analysis.tables import AS_OF, numbers, snapshot_of


def test_no_rows_is_an_error_that_names_the_schema() -> None:
    with pytest.raises(EmptyDataset) as caught:
        run(numbers(a=[]))
    assert caught.value.metadata == {"schemaId": "customers"}


def test_within_that_matches_nobody_is_an_empty_dataset() -> None:
    with pytest.raises(EmptyDataset, match="within"):
        run(numbers(a=[1.0, 2.0]), Parameters(within='{"a":{"$gt":5}}'))


def test_unsound_within_is_refused() -> None:
    with pytest.raises(InvalidCriteria):
        run(numbers(a=[1.0, 2.0]), Parameters(within='{"b":5}'))


def test_unsound_parameters_are_refused() -> None:
    with pytest.raises(InvalidParameters):
        run(numbers(a=[1.0, 2.0]), Parameters(min_clusters=9))


@pytest.mark.parametrize("rows", [1, 40], ids=["one row", "equal rows"])
def test_no_variation_gives_one_card_of_everyone(rows: int) -> None:
    result, _ = run(numbers(a=[3.0] * rows, b=[1.0] * rows))
    (card,) = result.segments
    assert (card.name, card.size, card.percentage) == ("All Customers", rows, 100)
    assert (card.filter_rules, card.criteria) == ((), "{}")
    assert card.fidelity.matched_count == rows
    assert result.tier == "HEURISTIC"
    assert "NO_VARIATION" in reasons(result)
    assert result.scores == ()


@pytest.mark.parametrize("rows", [2, 3, 4, 8])
def test_few_rows_cap_k_below_their_number(rows: int) -> None:
    result, _ = run(numbers(a=[float(each) for each in range(rows)]))
    assert {"K_CAPPED", "TINY_DATASET"} <= reasons(result)
    assert all(score.k < rows for score in result.scores)
    assert adds_up(result)


def test_two_distinct_points_are_two_segments_with_silhouette_one() -> None:
    result, _ = run(numbers(a=[0.0, 5.0] * 50, b=[1.0, 9.0] * 50), Parameters(min_clusters=3))
    assert result.chosen_k == 2
    assert result.scores[0].value == pytest.approx(1.0)
    assert {"K_CAPPED", "DUPLICATES"} <= reasons(result)


def test_constant_and_empty_columns_are_dropped_with_a_reason() -> None:
    rng = np.random.default_rng(9)
    snapshot = numbers(a=rng.normal(0, 1, 60).tolist(), same=[2.0] * 60, none=[None] * 60)
    result, _ = run(snapshot)
    notes = {note.field: note.reason for note in result.fields if not note.used}
    assert notes == {"same": "CONSTANT", "none": "ALL_NULL"}
    explicit, _ = run(snapshot, Parameters(included_features=("a", "same", "none")))
    dropped = {note.field for note in explicit.fields if note.reason == "FIELD_DROPPED"}
    assert dropped == {"same", "none"}
    assert explicit.parameters.included_features == ("a",)


def text_only() -> Snapshot:
    return snapshot_of([Field("city", "string")], {"city": ["Rome", "Oslo"] * 30})


def test_no_numeric_field_gives_one_card_and_asks_for_numbers() -> None:
    result, _ = run(text_only())
    assert [card.name for card in result.segments] == ["All Customers"]
    assert "NO_USABLE_FIELDS" in reasons(result)
    assert [each.reason for each in result.fallbacks] == ["NO_USABLE_FIELDS"]
    assert "numeric attributes" in result.message


def test_no_usable_field_is_an_error_when_the_worker_was_asked_for() -> None:
    with pytest.raises(NoUsableFields):
        run(text_only(), Parameters(preferred_tier="ML_WORKER"))


def test_text_that_is_named_is_used_as_categories() -> None:
    result, _ = run(text_only(), Parameters(included_features=("city",)))
    assert sorted(str(card.filter_rules[0].value) for card in result.segments) == ["Oslo", "Rome"]
    assert result.scores[0].value == pytest.approx(1.0)


def test_endless_text_that_is_named_is_dropped() -> None:
    snapshot = snapshot_of(
        [Field("note", "string"), Field("a", "number")],
        {"note": [f"remark {each % 90}" for each in range(300)], "a": [float(each) for each in range(300)]},
    )
    result, _ = run(snapshot, Parameters(included_features=("note", "a")))
    assert any(note.field == "note" and note.reason == "FIELD_DROPPED" for note in result.fields)
    assert result.parameters.included_features == ("a",)


def test_strange_text_crashes_nothing_and_is_cut() -> None:
    cells = ["🎉" * 200, "a\x00b\nc", "x" * 1_000_000, "plain"]
    snapshot = snapshot_of([Field("mood", "string")], {"mood": [cells[each % 4] for each in range(80)]})
    result, said = run(snapshot, Parameters(included_features=("mood",)))
    assert adds_up(result)
    shown = [
        share.value for each in said if isinstance(each, events.FieldProfile) for share in each.top_values
    ]
    assert max(len(value) for value in shown) <= 40
    assert not any("\x00" in value for value in shown)
    assert all(len(card.name) <= 60 and "\x00" not in card.name for card in result.segments)


def test_duplicates_are_reported_and_change_nothing_else() -> None:
    rng = np.random.default_rng(10)
    spend = np.repeat(rng.normal(0, 1, 60), 10).tolist()
    result, _ = run(numbers(spend=spend, visits=spend[::-1]))
    assert "DUPLICATES" in reasons(result)
    assert adds_up(result)


def test_huge_numbers_reach_no_reply_as_infinity() -> None:
    values = [*np.random.default_rng(11).normal(0, 1, 100).tolist(), 1e308, 1e308, -1e308, 1e308]
    result, _ = run(numbers(a=values))
    assert "VALUES_CLIPPED" in reasons(result)
    assert adds_up(result)


def test_huge_numbers_of_both_signs_bring_no_warning_of_a_library() -> None:
    rng = np.random.default_rng(13)
    huge = rng.choice([1e308, -1e308, 1.5, 2.5e307], 400).tolist()
    result, _ = run(numbers(huge=huge, a=rng.normal(0, 1, 400).tolist()))
    assert adds_up(result)


def test_numbers_too_small_to_be_cubed_have_a_skew() -> None:
    result, _ = run(numbers(a=[0.0] * 20 + [1.1e-119] * 10, b=[0.0, 9.0, 1.0] * 10))
    assert adds_up(result)


def test_one_negative_value_beside_a_huge_negative_one_is_not_unset() -> None:
    values = [-1e308, *[-2.0] * 20, *[float(each) for each in range(40)]]
    result, _ = run(numbers(a=values, b=[float(each % 7) for each in range(61)]))
    assert adds_up(result)
    assert not any(note.reason == "SENTINEL" for note in result.fields)


def test_personal_and_outcome_fields_are_neither_used_nor_shown() -> None:
    rng = np.random.default_rng(12)
    rows = 200
    snapshot = snapshot_of(
        [
            Field("mail", "string"),
            Field("customer_id", "number"),
            Field("churned", "number"),
            Field("a", "number"),
        ],
        {
            "mail": [f"canary{each % 15}@example.org" for each in range(rows)],
            "customer_id": [float(each) for each in range(rows)],
            "churned": [float(each % 2) for each in range(rows)],
            "a": rng.normal(0, 1, rows).tolist(),
        },
    )
    result, said = run(snapshot)
    assert result.parameters.included_features == ("a",)
    unused = {(note.field, note.reason) for note in result.fields if not note.used}
    assert unused == {("mail", "PERSONAL_DATA"), ("customer_id", "IDENTIFIER"), ("churned", "LEAKAGE")}
    assert "canary" not in json.dumps([codec.encode(each) for each in (*said, result)])


# --- the golf club --------------------------------------------------------------------------------


def test_the_golf_club_has_distinct_sensible_cards() -> None:
    snapshot = golf_snapshot(4_000, as_of=AS_OF)
    result, _ = run(snapshot)
    assert result.tier == "ML_WORKER"
    assert not result.no_clear_segments
    assert len(result.segments) >= 2
    assert adds_up(result)
    personal = {field.name for field in snapshot.catalog.fields if field.pii}
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria)) > 0
        assert card.filter_rules
        assert card.notices == ()
        assert not personal & {each.feature for each in card.characteristics}
        assert "OptIn" in card.suggested_use
