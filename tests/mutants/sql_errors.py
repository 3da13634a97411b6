"""Errors that somebody could make in the SQL writer or in a table of a dialect, for DuckDB and SQLite."""

# What is planted goes where the error would be made: into parts that are private, whatever they take.
# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnnecessaryTypeIgnoreComment=false

from __future__ import annotations

import dataclasses
import operator as python
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from segmentry.criteria.catalog import Field
from segmentry.criteria.export import sql
from segmentry.criteria.export.dialects import Dialect
from segmentry.criteria.export.dialects.dialect import Form, Forms, Kind
from segmentry.criteria.export.sql import _Writer
from segmentry.criteria.nodes import And, Event, Node, Operator, Or

from tests.exports.sql_runners import DuckDb, Sqlite

Plant = Callable[[pytest.MonkeyPatch], None]
RUNNERS = {"duckdb": DuckDb, "sqlite": Sqlite}
_MICROSECOND = timedelta(microseconds=1)


def _dialect(change: Callable[[Dialect], Dialect]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        for runner in RUNNERS.values():
            changed = dataclasses.replace(runner.storage, dialect=change(runner.storage.dialect))
            patch.setattr(runner, "storage", changed)

    return plant


def _forms(change: Callable[[tuple[Operator, Kind], Form, str], Form]) -> Plant:
    def changed(dialect: Dialect) -> Dialect:
        forms: Forms = {each: change(each, form, dialect.name) for each, form in dialect.forms.items()}
        return dataclasses.replace(dialect, forms=forms)

    return _dialect(changed)


def _one_form(operator: Operator, kind: Kind, holds: Mapping[str, str]) -> Plant:
    """Another test for one operator on one type, by dialect; its complement stays exact."""

    def change(row: tuple[Operator, Kind], form: Form, dialect: str) -> Form:
        if row != (operator, kind):
            return form
        return Form(holds[dialect], f"NOT ({holds[dialect]})", listed=form.listed)

    return _forms(change)


def _each(text: str) -> dict[str, str]:
    return dict.fromkeys(RUNNERS, text)


def _writer(name: str, change: Callable[..., Any]) -> Plant:
    """A method of the writer as another one, which gets the right one first."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(_Writer, name)
        patch.setattr(_Writer, name, lambda *args, **named: change(right, *args, **named))

    return plant


def _null_is_dropped(right: Any, *args: Any, unset: bool, negated: bool) -> str:
    del unset
    return right(*args, unset=False, negated=negated)


def _null_stays_in_a_complement(right: Any, *args: Any, unset: bool, negated: bool) -> str:
    return right(*args, unset=unset and not negated, negated=negated)


def _never_anti(right: Any, writer: _Writer, event: Event, *, negated: bool) -> str:
    """`count < 3` as a group with fewer than three: nobody without events has a group."""
    if negated:
        event = dataclasses.replace(event, operator=sql._OPPOSITES[event.operator])
    known = writer._catalog.event_by_name[event.name]
    mine = sql.quoted(writer._catalog.key_column or "", writer._dialect)
    theirs = f"e.{sql.quoted(known.key_column or '', writer._dialect)}"
    return f"{mine} IN ({writer._events(event, known, theirs, event.operator, anti=False)})"


def _nobodys_events_count(right: Any, *args: Any, anti: bool) -> str:
    """`NOT IN` over keys of which one is NULL is never true."""
    del anti
    return right(*args, anti=False)


def _window(start: timedelta, end: timedelta) -> Callable[..., str]:
    def changed(right: Any, writer: _Writer, event: Event, *rest: Any, **named: Any) -> str:
        first, last = event.window_start, event.window_end or writer._as_of
        assert isinstance(last, datetime)
        moved = first + start if isinstance(first, datetime) else first
        closed = dataclasses.replace(event, window_start=moved, window_end=last + end)
        return right(writer, closed, *rest, **named)

    return changed


def _no_end(right: Any, writer: _Writer, event: Event, *rest: Any, **named: Any) -> str:
    """Events that are yet to come count."""
    if event.window_end is None:
        event = dataclasses.replace(event, window_end=datetime.max.replace(tzinfo=writer._as_of.tzinfo))
    return right(writer, event, *rest, **named)


def _de_morgan_half(right: Any, writer: _Writer, node: Node, columns: Any, *, negated: bool) -> str:
    """`$not` of a group keeps its word."""
    if negated and isinstance(node, And | Or):
        node = Or(node.items) if isinstance(node, And) else And(node.items)
    return right(writer, node, columns, negated=negated)


def _not_not(right: Any, writer: _Writer, node: Node, columns: Any, *, negated: bool) -> str:
    """Two nots are one."""
    if isinstance(node, sql.Not) and negated:
        return writer.node(node.item, columns, negated=True)
    return right(writer, node, columns, negated=negated)


def _unfolded(right: Any, writer: _Writer, field: Field, columns: Any) -> str:
    return right(writer, dataclasses.replace(field, case_insensitive=False), columns)


def _where_is_lost(right: Any, writer: _Writer, event: Event, *rest: Any, **named: Any) -> str:
    return right(writer, dataclasses.replace(event, where=None), *rest, **named)


def _zero_is_at_least_zero(patch: pytest.MonkeyPatch) -> None:
    """`count >= 0` read as "has an event"."""
    tests = {**sql._TESTS, Operator.GTE: python.gt}
    patch.setattr(sql, "_TESTS", tests)


def _any_event_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sql, "_ANY_EVENT", dict.fromkeys(sql._ANY_EVENT, 2))


_SUBSTRING = {
    "duckdb": "contains(array_to_string({f}, ','), ({v})[1])",
    "sqlite": "instr({f}, {v}) > 0",
}
_ALL_OF = {
    "duckdb": "list_has_all({f}, {v})",
    "sqlite": "(SELECT count(DISTINCT element.value) FROM json_each({f}) AS element "
    "WHERE element.value IN ({v})) = (SELECT count(*) FROM json_each(json_array({v})))",
}
_SIZE = {"duckdb": "len({f})", "sqlite": "json_array_length({f})"}


def _like(before: str, after: str) -> dict[str, str]:
    """A pattern made of the text as it is."""
    return {
        "duckdb": f"{{f}} LIKE '{before}' || {{v}} || '{after}' ESCAPE '\\'",
        "sqlite": f"{{f}} GLOB '{before}' || {{v}} || '{after}'".replace("%", "*"),
    }


def _empty_is_unset(row: tuple[Operator, Kind], form: Form, dialect: str) -> Form:
    if row != (Operator.EXISTS, "array"):
        return form
    size = _SIZE[dialect]
    return Form(f"{size} > 0", f"({{f}} IS NULL OR {size} = 0)", f"({{f}} IS NULL OR {size} = 0)")


def _without_unset(_: tuple[Operator, Kind], form: Form, __: str) -> Form:
    return dataclasses.replace(form, lacks=form.fails)


def _only(*rows: tuple[Operator, Kind]) -> Callable[[tuple[Operator, Kind], Form, str], Form]:
    def change(row: tuple[Operator, Kind], form: Form, dialect: str) -> Form:
        return _without_unset(row, form, dialect) if row in rows else form

    return change


def _doubles(dialect: Dialect) -> Dialect:
    columns = {**dialect.columns, "integer": f"CAST({{f}} AS {dialect.types['float']})"}
    types = {**dialect.types, "integer": dialect.types["float"]}
    return dataclasses.replace(dialect, columns=columns, types=types)  # pyright: ignore[reportArgumentType]


def _wrong_distinct(dialect: Dialect) -> Dialect:
    return dataclasses.replace(dialect, distinct={"string": "lower({f})", "float": "{f} + 0.0"})


def _sum_of_nothing(dialect: Dialect) -> Dialect:
    """A sum of no values is NULL where nothing replaces it."""
    return dataclasses.replace(dialect, total=dialect.total.replace("coalesce(sum(", "coalesce(max("))


SQL: Mapping[str, Plant] = {
    "a negated leaf without IS NULL OR": _forms(_without_unset),
    "$not of a range without IS NULL OR": _forms(_only((Operator.LT, "float"), (Operator.GTE, "float"))),
    "$neq on text without IS NULL OR": _forms(_only((Operator.EQ, "string"))),
    "$nin on text without IS NULL OR": _forms(_only((Operator.IN, "string"))),
    "$neq on booleans without IS NULL OR": _forms(_only((Operator.EQ, "boolean"))),
    "$neq on whole numbers without IS NULL OR": _forms(_only((Operator.EQ, "integer"))),
    "$nin on numbers without IS NULL OR": _forms(_only((Operator.IN, "float"))),
    "$not on dates without IS NULL OR": _forms(_only((Operator.LT, "datetime"), (Operator.GTE, "datetime"))),
    "$not $contains without IS NULL OR": _forms(_only((Operator.CONTAINS, "string"))),
    "$not $endsWith without IS NULL OR": _forms(_only((Operator.ENDS_WITH, "string"))),
    "$neq on arrays without IS NULL OR": _forms(_only((Operator.IN, "array"))),
    "a null in a list is no term of its own": _writer("_among", _null_is_dropped),
    "a null in $nin keeps the unset": _writer("_among", _null_stays_in_a_complement),
    "$contains is an unescaped pattern": _one_form(Operator.CONTAINS, "string", _like("%", "%")),
    "$startsWith is an unescaped pattern": _one_form(Operator.STARTS_WITH, "string", _like("", "%")),
    "$endsWith is an unescaped pattern": _one_form(Operator.ENDS_WITH, "string", _like("%", "")),
    "case is folded in $contains": _one_form(
        Operator.CONTAINS, "string", _each("instr(lower({f}), lower({v})) > 0")
    ),
    "case is folded in $startsWith": _one_form(
        Operator.STARTS_WITH, "string", _each("instr(lower({f}), lower({v})) = 1")
    ),
    "case is folded in $eq": _one_form(Operator.EQ, "string", _each("lower({f}) = lower({v})")),
    "case is folded in order": _one_form(Operator.LT, "string", _each("lower({f}) < lower({v})")),
    "spaces at the end do not count": _one_form(Operator.EQ, "string", _each("rtrim({f}) = rtrim({v})")),
    "$gte is $gt on numbers": _one_form(Operator.GTE, "float", _each("{f} > {v}")),
    "$lte is $lt on dates": _one_form(Operator.LTE, "datetime", _each("{f} < {v}")),
    "whole numbers are doubles": _dialect(_doubles),
    "an array contains as text does": _one_form(Operator.IN, "array", _SUBSTRING),
    "$in on arrays needs all of them": _one_form(Operator.IN, "array", _ALL_OF),
    "[] is unset": _forms(_empty_is_unset),
    "case-insensitive fields read the column itself": _writer("_read", _unfolded),
    "people without events have no group": _writer("_event", _never_anti),
    "HAVING on zero": _zero_is_at_least_zero,
    "one event is enough for two": _any_event_is_enough,
    "an event of nobody empties NOT IN": _writer("_events", _nobodys_events_count),
    "the end of the window is closed": _writer("_events", _window(timedelta(0), _MICROSECOND)),
    "the start of the window is open": _writer("_events", _window(_MICROSECOND, timedelta(0))),
    "the future counts": _writer("_events", _no_end),
    "where is lost": _writer("_events", _where_is_lost),
    "the sum is the largest": _dialect(_sum_of_nothing),
    "distinct folds case": _dialect(_wrong_distinct),
    "$not of a group keeps its word": _writer("node", _de_morgan_half),
    "two nots are one": _writer("node", _not_not),
}
