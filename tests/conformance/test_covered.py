"""No operator on any type is without cases: one it meets, one it misses, and one without a value."""

from __future__ import annotations

from typing import get_args

import pytest
from segmentry.criteria import linetable, parse
from segmentry.criteria.catalog import Catalog, Field, FieldType
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.criteria.operators import ROWS

from tests.conformance.cases import CASES, TABLES, Case

TYPES: tuple[FieldType, ...] = get_args(FieldType)
POSSIBLE = [(row.operator, each) for row in ROWS for each in TYPES if row.possible(each)]
REFUSED = [(row.operator, each) for row in ROWS for each in TYPES if not row.possible(each)]
KINDS = {each: linetable.catalog(table["fields"], ()) for each, table in TABLES.items()}


def _leaf(case: Case) -> tuple[Leaf, Field] | None:
    """The one leaf that is the whole of a case's criteria, with its field."""
    catalog: Catalog = KINDS[case["rows"]]
    try:
        node = parse.loads(str(case["criteria"]))
    except Exception:  # noqa: BLE001 - what is no tree is a case of something else
        return None
    if not isinstance(node, Leaf) or catalog.get(node.field) is None:
        return None
    return node, catalog.by_name[node.field]


LEAVES = [(case, *found) for case in CASES if (found := _leaf(case)) is not None]


def _is_set(value: object) -> bool:
    return value is not None and value not in (float("inf"), float("-inf")) and value == value  # noqa: PLR0124


@pytest.mark.parametrize(("operator", "kind"), POSSIBLE)
def test_an_operator_is_met_missed_and_asked_about_unset_rows(operator: Operator, kind: FieldType) -> None:
    seen: set[str] = set()
    for case, leaf, field in LEAVES:
        if leaf.operator is not operator or field.type != kind or "expect" not in case:
            continue
        for row in TABLES[case["rows"]]["rows"]:
            met = row["_id"] in case["expect"]
            has = "set" if _is_set(row.get(field.name)) else "unset"
            seen.add(f"{has} {'met' if met else 'missed'}")
    if operator is Operator.EXISTS:
        assert seen == {"set met", "set missed", "unset met", "unset missed"}
    else:
        assert {"set met", "set missed"} <= seen
        assert seen & {"unset met", "unset missed"}


@pytest.mark.parametrize(("operator", "kind"), REFUSED)
def test_an_operator_that_no_field_of_a_type_takes_is_refused(operator: Operator, kind: FieldType) -> None:
    found = {
        case.get("error") for case, leaf, field in LEAVES if leaf.operator is operator and field.type == kind
    }
    assert found == {"INVALID_OPERATOR"}


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_has_cases_with_null_alone_in_a_list_and_in_no_list(kind: FieldType) -> None:
    values = [leaf.value for _, leaf, field in LEAVES if field.type == kind]
    assert None in values
    if any(row.operator is Operator.IN and kind in row.types for row in ROWS):
        lists = [each for each in values if isinstance(each, tuple)]
        assert any(None in each and len(each) > 1 for each in lists)
        assert () in lists
        assert (None,) in lists
