"""What a prompt says of a condition: no value of a field that keeps them, unless the request says it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.agents.telling import Teller
from segmentry.criteria.catalog import Catalog, Disclosure, Field, FieldType
from segmentry.criteria.nodes import Leaf, Operator, Scalar

DAY = datetime(2025, 3, 1, tzinfo=UTC)


def told(field: Field, value: Scalar, said: str = "rich people") -> str:
    catalog = Catalog("people", (field,))
    return Teller(catalog, said).leaf(Leaf(field.name, Operator.GTE, value)).text


@pytest.mark.parametrize("llm", ["name", "hidden"])
@pytest.mark.parametrize(("kind", "value"), [("number", 77_411), ("datetime", DAY)], ids=["number", "date"])
def test_a_bound_of_a_field_that_keeps_its_values_is_not_told(
    llm: Disclosure, kind: FieldType, value: Scalar
) -> None:
    text = told(Field("income", kind, llm=llm), value)
    assert "77411" not in text
    assert "2025" not in text


def test_a_bound_of_another_field_is_told() -> None:
    assert told(Field("income", "number"), 77_411) == "income is at least 77411"


def test_a_bound_that_the_request_says_is_repeated() -> None:
    text = told(Field("income", "number", llm="name"), 500, said="income from 500")
    assert text == "income is at least 500"
