"""The engines that must agree, asked several questions about one table at a time.

Those of `tests.conformance.engines`, each with a quicker way in where one question alone costs a start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.matchline import Engine, reference
from segmentry.criteria.nodes import Node
from segmentry.customers import rows as tables
from segmentry.customers.pushdown import PushdownTable
from segmentry.customers.sql_rows import SqlRows
from segmentry.errors import ExportUnsupported

from tests.conformance.engines import DUCKDB, ENGINES, POSTGRESQL
from tests.conformance.exports import Inexact

# One answer per question: for each row whether it matches; None where the engine says that it cannot say;
# a text where it failed.
Answers = list[list[bool] | str | None]
Asked = Callable[[Catalog, Sequence[Row], Sequence[Sequence[EventRow]], Sequence[Node], datetime], Answers]


def one_by_one(engine: Engine) -> Asked:
    """An engine that is asked one question at a time."""

    def asked(
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Sequence[Node],
        as_of: datetime,
    ) -> Answers:
        answers: Answers = []
        for each in bound:
            try:
                answers.append([bool(hit) for hit in engine(catalog, rows, events, each, as_of)])
            except (ExportUnsupported, Inexact):
                answers.append(None)
            except Exception as error:  # noqa: BLE001 - whatever an engine fails with is a disagreement
                answers.append(f"{type(error).__name__}: {error}")
        return answers

    return asked


def _snapshot(
    catalog: Catalog,
    rows: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    bound: Sequence[Node],
    as_of: datetime,
) -> Answers:
    table = tables.snapshot(catalog, rows, events)
    return [[bool(hit) for hit in table.mask(each, as_of)] for each in bound]


def _store(made: SqlRows) -> Asked:
    """A store that takes the table once, says who matches each question, and counts all in one scan."""

    def asked(
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Sequence[Node],
        as_of: datetime,
    ) -> Answers:
        async def ask(table: PushdownTable) -> Answers:
            answers: Answers = []
            for each in bound:
                try:
                    found = set(await table.keys(each, as_of))
                    answers.append([str(number) in found for number in range(len(rows))])
                except Exception as error:  # noqa: BLE001 - whatever an engine fails with is a disagreement
                    answers.append(f"{type(error).__name__}: {error}")
            counted = [each.matched for each in await table.count(bound, as_of)]
            return [_counting(each, count) for each, count in zip(answers, counted, strict=True)]

        return made.asked(catalog, rows, events, ask)

    return asked


def _counting(answer: list[bool] | str | None, count: int | None) -> list[bool] | str | None:
    """The answer, unless the store counts another number than it names."""
    if isinstance(answer, list) and sum(answer) != count:
        return f"names {sum(answer)} customers and counts {count}"
    return answer


REFERENCE = one_by_one(reference)
BATCHED: Mapping[str, Asked] = {
    "snapshot": _snapshot,
    "duckdb": _store(DUCKDB),
    "postgresql": _store(POSTGRESQL),
}
ASKED: Mapping[str, Asked] = {
    name: BATCHED.get(name, one_by_one(engine)) for name, engine in ENGINES.items() if name != "reference"
}
