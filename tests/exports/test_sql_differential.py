"""SQL conditions against the reference matcher: random tables and trees on every engine that runs here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from segmentry.criteria import match
from segmentry.criteria.match import EventRow
from segmentry.criteria.nodes import Node, Not

from tests.customers.test_differential import AS_OF, CATALOG, EVENTS, FOLDED, ROWS, TREES
from tests.exports.sql_runners import ClickHouse, DuckDb, Server, SqlEngine, Sqlite

# `make differential` asks the exported form of the same engines thousands of questions.
EXAMPLES = 25

ENGINES: dict[str, Callable[[], SqlEngine]] = {
    "duckdb": lambda: SqlEngine(DuckDb),
    "sqlite": lambda: SqlEngine(Sqlite),
    "clickhouse": lambda: SqlEngine(ClickHouse),
    "postgresql": lambda: SqlEngine(Server.connected),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> SqlEngine:
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
    return ENGINES[request.param]()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("part", range(2))
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, events=EVENTS, trees=st.lists(TREES, min_size=2, max_size=5))
def test_sql_decides_every_row_as_the_reference(
    *,
    engine: SqlEngine,
    part: int,
    rows: list[dict[str, object]],
    events: list[tuple[int, datetime, int | None, str | None]],
    trees: list[Node],
) -> None:
    happened: list[list[EventRow]] = [[] for _ in rows]
    for owner, at, amount, shop in events:
        if owner < len(rows):
            happened[owner].append(
                {"name": "order", "ts": at, "properties": {"amount": amount, "shop": shop}}
            )
    # Cells are drawn as objects; the strategies draw what a row may hold.
    mappings: list[match.Row] = [dict(row) for row in rows]  # pyright: ignore[reportAssignmentType]
    for tree in trees:
        expected = match.select(tree, mappings, AS_OF, happened, folded=FOLDED)
        assert engine(CATALOG, mappings, happened, tree, AS_OF) == expected
        others = engine(CATALOG, mappings, happened, Not(tree), AS_OF)
        assert others == [not each for each in expected]
