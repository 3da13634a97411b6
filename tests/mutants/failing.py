"""The first case that an engine answers wrongly, while an error is planted in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.matchline import Engine, answer
from segmentry.criteria.nodes import Node
from segmentry.customers import rows as tables
from segmentry.customers.snapshot import Snapshot

from tests.conformance.cases import CASES, LATER, TABLES, Case, line
from tests.exports.sql_runners import Runner, SqlEngine, exported

# By table, because an engine keeps a table while it stays the same; those that find most come first.
_FIRST = ("letters", "callers", "hostile-text", "visitors", "every-type", "ranked", "folds")
_TABLES = [*_FIRST, *(each for each in TABLES if each not in _FIRST)]
ANSWERED = sorted((case for case in CASES if "expect" in case), key=lambda case: _TABLES.index(case["rows"]))
_FAILED = "engine failed"


def first_wrong(engine: Engine, cases: Sequence[Case] = ANSWERED, *, refusals: bool = False) -> str:
    """The id of the first case with wrong customers, or "". Failing instead counts with `refusals` alone:
    an error that engines refuse is found by any case, and so says nothing about the cases."""
    said: list[Exception] = []

    def asked(
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> Sequence[bool]:
        try:
            return engine(catalog, rows, events, bound, as_of)
        except Exception as error:
            said.append(error)
            raise

    for case in cases:
        for criteria, expected in asked_of(case):
            said.clear()
            try:
                found = answer(line(case, criteria), 1, LATER, asked)
            except Exception:
                if not said:
                    raise
                found = {"error": _FAILED}
            wrong = "ids" in found and found["ids"] != expected
            if wrong or (refusals and "ids" not in found):
                return str(case["id"])
    return ""


def asked_of(case: Case) -> list[tuple[str, list[object]]]:
    """The criteria of a case and, where it says so, their complement, with the ids of each."""
    expected = cast("list[object]", case["expect"])
    asked = [(str(case["criteria"]), expected)]
    if "complement" in case:
        everyone = [row["_id"] for row in TABLES[case["rows"]]["rows"]]
        others = [each for each in everyone if each not in expected]
        asked.append((f'{{"$not":{case["criteria"]}}}', others))
    return asked


_KEPT: dict[tuple[str, str], SqlEngine] = {}


def sql_engine(name: str, make: Callable[[], Runner]) -> Engine:
    """A SQL engine with a database for each table, which stays loaded from one error to the next."""

    def select(
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> Sequence[bool]:
        kept = _KEPT.setdefault((name, repr((catalog, rows, events))), SqlEngine(make, exported))
        return kept(catalog, rows, events, bound, as_of)

    return select


class OneSnapshot:
    """The table engine, which keeps a table while it stays the same, and is asked for ids and the count."""

    def __init__(self) -> None:
        self._tables: dict[str, Snapshot] = {}

    def __call__(
        self,
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> list[bool]:
        content = repr((catalog, rows, events))
        table = self._tables.get(content)
        if table is None:
            table = self._tables[content] = tables.snapshot(catalog, rows, events)
        mask = [bool(hit) for hit in table.mask(bound, as_of)]
        if table.count(bound, as_of) != sum(mask):
            return [not hit for hit in mask]
        return mask
