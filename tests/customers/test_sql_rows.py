"""Plain rows in the tables of a database: one fault stays with its question."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import matchline
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Leaf, Node, Operator
from segmentry.customers.postgres_rows import PostgresScratch
from segmentry.customers.pushdown import PushdownTable
from segmentry.customers.sql_rows import SqlRows
from segmentry.postgresql import driver

CATALOG = Catalog("t", (Field("age", "number", integer=True),))
ROWS = [{"age": 1}, {"age": 2}]
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
OLDER: Node = Leaf("age", Operator.GT, 1)


async def broken(_: PushdownTable) -> None:
    raise ZeroDivisionError("by the question itself")


def test_the_first_fault_is_told_and_the_next_question_is_answered(postgres_dsn: str) -> None:
    with SqlRows(lambda: PostgresScratch(postgres_dsn)) as tables:
        with pytest.raises(ZeroDivisionError):
            tables.asked(CATALOG, ROWS, [[], []], broken)
        assert tables.select(CATALOG, ROWS, [[], []], OLDER, AS_OF) == [False, True]


def test_many_statements_do_not_end_the_session_of_the_tables(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_MOST_QUERIES", 1)
    with SqlRows(lambda: PostgresScratch(postgres_dsn)) as tables:
        for _ in range(3):
            assert tables.select(CATALOG, ROWS, [[], []], OLDER, AS_OF) == [False, True]


def test_an_engine_that_fails_is_an_error_of_that_line() -> None:
    def failing(*_: object) -> list[bool]:
        raise ZeroDivisionError("inside the engine")

    line = '{"id": "a", "fields": {"age": "integer"}, "rows": [], "criteria": {"age": 1}}'
    answer = matchline.answer(line, 1, AS_OF, failing)
    message = "the engine failed: ZeroDivisionError: inside the engine"
    assert answer == {"id": "a", "error": {"code": "INTERNAL", "path": "", "message": message}}
