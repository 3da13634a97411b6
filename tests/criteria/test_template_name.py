"""Names made of criteria: one short line, the same for the same criteria, and nothing hidden in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Or
from segmentry.criteria.template_name import LONGEST, template_name

SHOP = Catalog(
    "shop",
    (
        Field("city", "string"),
        Field("visits", "number"),
        Field("status", "string"),
        Field("x" * 80, "string"),
    ),
)
NOW = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
PAARL = Leaf("city", Operator.EQ, "Paarl")
OFTEN = Leaf("visits", Operator.GTE, 3)
LONG = Leaf("city", Operator.IN, tuple(f"Town number {each}" for each in range(20)))


@pytest.mark.parametrize(
    ("node", "name"),
    [
        (PAARL, "City is Paarl"),
        (And((PAARL, OFTEN)), "City is Paarl and visits is at least 3"),
        (Not(PAARL), "City is not Paarl (or unset)"),
        (Everyone(), "Everyone"),
        (And((PAARL, OFTEN, LONG)), "City is Paarl and visits is at least 3 and 1 more"),
        (Or((LONG, Leaf("visits", Operator.GT, 9))), "City, visits"),
    ],
)
def test_a_name_says_what_fits_and_how_much_more_there_is(node: Node, name: str) -> None:
    assert template_name(node, SHOP, NOW) == name


@pytest.mark.parametrize(
    "node",
    [
        LONG,
        And((LONG, LONG, LONG)),
        Leaf("x" * 80, Operator.EQ, "y" * 300),
        Leaf("city", Operator.EQ, 'a "quoted"\n\x1b[31m\u202e value'),
        Leaf("city", Operator.EQ, "z" * 500),
    ],
)
def test_a_name_is_one_short_line_without_quotes_or_invisible_characters(node: Node) -> None:
    name = template_name(node, SHOP, NOW)
    assert 0 < len(name) <= LONGEST
    assert name.isprintable()
    assert '"' not in name
