"""Tables of a few customers: what is said of them is right, said once, and in good English."""

from __future__ import annotations

import pytest
from segmentry.analysis.estimate import estimate
from segmentry.analysis.events import Notice
from segmentry.analysis.parameters import Parameters
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import adds_up, run
from tests.analysis.tables import AS_OF, numbers, snapshot_of


@pytest.mark.parametrize("tier", ["AUTO", "HEURISTIC"])
def test_one_customer_is_not_told_to_add_fields(tier: str) -> None:
    assert tier in ("AUTO", "HEURISTIC")
    asked = Parameters(preferred_tier="HEURISTIC" if tier == "HEURISTIC" else "AUTO")
    result, _ = run(numbers(a=[3.0], b=[1.0]), asked)
    (card,) = result.segments
    assert result.message == "One segment: there is one customer, and nobody to compare it with."
    assert "numeric" not in card.suggested_use
    (said,) = result.notices
    assert (said.reason, f"One segment: {said.message}.") == ("NO_VARIATION", result.message)


@pytest.mark.parametrize(
    ("values", "why"),
    [([5.0] * 40, "all 40 customers are alike in every field"), ([None] * 40, "no field has a value")],
    ids=["constant", "empty"],
)
def test_customers_without_a_difference_are_one_segment_that_says_why(
    values: list[float | None], why: str
) -> None:
    result, _ = run(numbers(a=values, b=values))
    assert why in result.message
    assert [each.reason for each in result.notices] == ["NO_VARIATION"]
    assert [each.message for each in result.fallbacks] == [each.message for each in result.notices]


def test_text_alone_is_told_to_add_numbers() -> None:
    result, _ = run(snapshot_of([Field("city", "string")], {"city": ["Rome", "Oslo"] * 30}))
    (card,) = result.segments
    assert "add numeric attributes" in card.suggested_use
    assert "add numeric attributes" in result.message


def test_two_customers_are_told_apart_by_every_field_that_differs() -> None:
    result, _ = run(numbers(a=[1.0, 9.0], b=[2.0, 7.0]))
    assert [card.size for card in result.segments] == [1, 1]
    assert [each.importance for card in result.segments for each in card.characteristics] == [1.0, 1.0]
    assert adds_up(result)


def test_the_greatest_value_alone_tells_its_holders_apart() -> None:
    rows = [0.0] * 990 + [1.0] * 10
    result, _ = run(numbers(a=rows, b=rows), Parameters(min_segment_share=0.0))
    assert {each.importance for card in result.segments for each in card.characteristics} == {1.0}


def said_of(snapshot: Snapshot, parameters: Parameters | None = None) -> list[str]:
    """Every sentence of a run and of its estimate."""
    asked = parameters or Parameters()
    result, said = run(snapshot, asked)
    plan = estimate(snapshot, asked, AS_OF)
    notices = [each.message for each in said if isinstance(each, Notice)]
    fields = [each.message for each in result.fields]
    told = [each.transform for each in result.preparation.fields] if result.preparation else []
    return [
        result.message, plan.warning, *notices, *fields, *told, *(each.accuracy for each in plan.tiers),
        *(card.fidelity.measured_on for card in result.segments),
        *(card.description for card in result.segments),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "snapshot",
    [
        numbers(a=[3.0]),
        numbers(a=[1.0, 9.0]),
        numbers(a=[1.0, 9.0, None]),
        numbers(a=[*([float(each % 9) for each in range(60)]), 1e300, None]),
        snapshot_of(
            [Field("city", "string"), Field("a", "number")],
            {"city": ["Rome"] * 99 + ["Oslo"], "a": [float(each) for each in range(100)]},
        ),
    ],
    ids=["one row", "two rows", "one gap", "one beyond", "one level"],
)
@pytest.mark.parametrize("features", [None, "all"])
def test_one_of_a_kind_is_no_plural(snapshot: Snapshot, features: str | None) -> None:
    names = tuple(field.name for field in snapshot.catalog.fields) if features else None
    plurals = ("1 values", "1 rows", "1 fields", "1 field give ", "1 clusters", "1 customers", "1 segments")
    for text in said_of(snapshot, Parameters(included_features=names)):
        assert not any(f" {wrong}" in f" {text}" for wrong in plurals), text
        assert " 1 of" not in text or " rows have" not in text, text
