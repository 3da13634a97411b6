"""The Klaviyo definition has the shape of the API, keeps every leaf, and means what the criteria mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from segmentry.criteria import check, match, parse
from segmentry.criteria.export import klaviyo, normal
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Node, Or
from segmentry.errors import ExportUnsupported, JsonValue

from tests.criteria.strategies import CATALOG, CLOCK, LEAF_TREES, ROWS

FOLDED = {field.name for field in CATALOG.fields if field.case_insensitive}
Json = Mapping[str, JsonValue]

# Our own words for the filters of revision 2026-07-15 that exports use: type, operators, the other keys.
_NUMBERS = {
    "equals",
    "not-equals",
    "greater-than",
    "greater-than-or-equal",
    "less-than",
    "less-than-or-equal",
}
_TEXTS = {"contains", "ends-with", "equals", "starts-with"}
SHAPES: list[tuple[str, set[str], dict[str, type | tuple[type, ...]]]] = [
    ("numeric", _NUMBERS, {"value": (int, float)}),
    ("string", _TEXTS | {f"not-{each}" for each in _TEXTS}, {"value": str}),
    ("string", {"in", "not-in"}, {"value": list}),
    ("boolean", {"equals"}, {"value": bool}),
    ("date", {"after", "before"}, {"date": str}),
    ("date", {"between-static"}, {"start": str, "end": str}),
    ("date", {"alltime"}, {}),
    ("list", {"contains", "not-contains"}, {"value": str}),
    ("list", {"contains-any"}, {"value": list}),
    ("existence", {"is-set", "not-set"}, {}),
]


def export(criteria: Node | str) -> Exported:
    node = parse.loads(criteria) if isinstance(criteria, str) else criteria
    return klaviyo.export(check.require(node, CATALOG, CLOCK).bound, Source(CATALOG, CLOCK))


def has_shape(found: Json) -> bool:
    return any(
        found["type"] == kind
        and found["operator"] in operators
        and set(found) == {"type", "operator", *keys}
        and all(isinstance(found[key], expected) for key, expected in keys.items())
        for kind, operators, keys in SHAPES
    )


def conditions(exported: Exported) -> list[list[Json]]:
    assert exported.json is not None
    assert set(exported.json) == {"condition_groups"}
    groups = cast("list[dict[str, list[Json]]]", exported.json["condition_groups"])
    return [group["conditions"] for group in groups]


@settings(max_examples=100)
@given(node=LEAF_TREES)
def test_every_condition_has_a_shape_of_the_api(node: Node) -> None:
    try:
        found = conditions(export(node))
    except ExportUnsupported:
        return
    assert 0 < len(found) <= klaviyo.MOST_GROUPS
    assert sum(map(len, found)) <= klaviyo.MOST_CONDITIONS
    for condition in (each for group in found for each in group):
        assert condition["type"] == "profile-property"
        assert has_shape(cast("Json", condition["filter"])), condition


@settings(max_examples=100)
@given(node=LEAF_TREES, rows=st.lists(ROWS, min_size=1, max_size=5))
def test_spreading_leaves_and_joining_them_keeps_the_members(
    node: Node, rows: list[Mapping[str, Cell]]
) -> None:
    bound = check.require(node, CATALOG, CLOCK).bound
    spread = klaviyo.spread(normal.negation(bound), CATALOG.by_name)
    try:
        clauses = normal.conjunctive(spread, 4096, 100_000)
    except normal.TooLarge:
        reject()
    joined = And(tuple(Or(clause) for clause in clauses))
    expected = match.select(bound, rows, CLOCK.as_of, folded=FOLDED)
    assert match.select(joined, rows, CLOCK.as_of, folded=FOLDED) == expected


def test_too_many_groups_are_refused_with_the_number_there_would_be() -> None:
    pairs = ",".join(f'{{"$and":[{{"visits":{n}}},{{"score":{n}}}]}}' for n in range(20))
    with pytest.raises(ExportUnsupported) as caught:
        export(f'{{"$or":[{pairs}]}}')
    assert caught.value.metadata["limit"] == "groups"
    assert "1,048,576 groups" in caught.value.message


def test_an_event_is_a_metric_condition_with_filters() -> None:
    exported = export(
        '{"$event":{"name":"booking","where":{"club":"A"},"count":{"$gte":3},"within":"{{30_DAYS_AGO}}"}}'
    )
    ((condition,),) = conditions(exported)
    assert condition["type"] == "profile-metric"
    assert condition["measurement_filter"] == {
        "type": "numeric",
        "operator": "greater-than-or-equal",
        "value": 3,
    }
    assert condition["metric_filters"] == [
        {"property": "club", "filter": {"type": "string", "operator": "equals", "value": "A"}}
    ]
    assert has_shape(cast("Json", condition["timeframe_filter"]))
    assert not exported.exact


@pytest.mark.parametrize(
    ("criteria", "path"),
    [
        ('{"$and":[{"visits":1},{"code":{"$gt":"a"}}]}', "$and[1].code.$gt"),
        ('{"$event":{"name":"booking","where":{"club":{"$neq":"A"}}}}', "$event.where.club.$neq"),
        ('{"$event":{"name":"booking","sum":{"of":"amount","$gte":1}}}', "$event"),
    ],
)
def test_what_klaviyo_cannot_say_is_refused_at_its_path(criteria: str, path: str) -> None:
    with pytest.raises(ExportUnsupported) as caught:
        export(criteria)
    assert caught.value.metadata["path"] == path
    assert caught.value.metadata["target"] == "klaviyo"


def test_everyone_and_nobody_are_said_by_a_property_that_is_set_or_not() -> None:
    assert [len(group) for group in conditions(export("{}"))] == [2]
    assert [len(group) for group in conditions(export('{"city":{"$in":[]}}'))] == [1, 1]
