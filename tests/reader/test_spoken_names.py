"""Columns said as people speak of them; `sentences/marina.yaml` lists what is read of the same table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Leaf
from segmentry.reader.outcomes.evidence import ALONE
from segmentry.reader.read import read

from tests.reader.scoring import CLOCK, load


@pytest.fixture(scope="module")
def marina() -> Catalog:
    catalog = load("marina")
    assert catalog is not None
    return catalog


@pytest.mark.parametrize(
    "query",
    [
        "Dover or Ostend among their dreams",
        "haven't sailed for less than 45 days",
        "fuel price above 5 euros 30 boats",
    ],
)
def test_what_only_looks_like_it_is_not_answered_alone(query: str, marina: Catalog) -> None:
    draft = read(query, marina, CLOCK)
    assert draft.outcome != "ok" or draft.confidence < ALONE, draft


def test_nothing_of_two_columns_is_asked(marina: Catalog) -> None:
    both = replace(marina, fields=(*marina.fields, Field("overdue_eur", "number", unit="EUR")))
    draft = read("have nothing overdue", both, CLOCK)
    assert draft.outcome == "ambiguous"
    assert {each.node.field for each in draft.readings if isinstance(each.node, Leaf)} == {
        "invoices_overdue",
        "overdue_eur",
    }
