"""The statements over a bound table: what several criteria share is looked at once."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.export.dialects import DUCKDB
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or
from segmentry.customers.binding import CUSTOMERS, Binding, View
from segmentry.customers.statements import Asked

CATALOG = Catalog(
    "c",
    (Field("tier", "string", column="c0"), Field("n", "number", column="c1")),
    (EventType("order", table="e0", key_column="k", time_column="at"),),
    key="k",
)
BINDING = Binding(
    CATALOG,
    View(
        CUSTOMERS, "(FROM range(100) t(i))", {"k": "i", "c0": "nullif('gold', 'g' || i)", "c1": "i::DOUBLE"}
    ),
    {"order": View("e0", "(FROM range(30) t(i))", {"k": "i % 10", "at": "TIMESTAMP '2025-12-01'"})},
    "integer",
    (),
)
ASKED = Asked(BINDING, DUCKDB, datetime(2025, 12, 16, 10, tzinfo=UTC))
BOUGHT = Event("order", operator=Operator.GTE, value=2)
SMALL = Leaf("n", Operator.LT, 5.0)


def _counts(nodes: list[Node]) -> list[int]:
    found: list[int] = []
    with duckdb.connect() as database:
        for size, statement in ASKED.counts(nodes):
            (row,) = database.execute(statement.text, statement.parameters).fetchall()
            assert row[0] == 100
            found += row[1 : size + 1]
    return found


def test_a_leaf_of_several_criteria_stands_once_in_their_statement() -> None:
    nodes: list[Node] = [BOUGHT, And((BOUGHT, SMALL)), Not(Or((SMALL, BOUGHT))), And((SMALL,)), Everyone()]
    ((size, statement),) = ASKED.counts(nodes)
    ((_, alone),) = ASKED.counts([BOUGHT])
    assert size == len(nodes)
    assert statement.text.count('"e0"') == alone.text.count('"e0"')
    assert len(statement.parameters) == len(alone.parameters) + 1
    assert _counts(nodes) == [10, 5, 90, 5, 100]


def test_more_leaves_than_fit_are_counted_in_further_scans() -> None:
    wide: list[Node] = [
        Or(tuple(Leaf("n", Operator.EQ, float(each)) for each in range(start, start + 300)))
        for start in (0, 50)
    ]
    nodes: list[Node] = [*wide, Or(tuple(Leaf("n", Operator.EQ, float(each)) for each in range(400, 1000)))]
    assert len(list(ASKED.counts(nodes))) == 2
    assert _counts(nodes) == [100, 50, 0]
