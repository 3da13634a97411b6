"""Tables nobody has written: those of the cases with less about them, a column fewer, or columns too many.

What is right of a stripped table is known from the case: with less about its columns the same criteria are
right and a question is no fault; without a column that every accepted answer needs, no answer is. So one case
gives several situations that no rule was written for; an answer at 0.9 or more that is not right is a silent
error there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from segmentry.criteria import check
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top
from segmentry.customers import inline
from segmentry.errors import JsonValue

from evals import tables
from evals.case_files import Case, Word

# What is left of every column, by kind of table.
LESS = ("names", "described", "valued", "sampled", "half")
KINDS = (*LESS, "removed", "wider")
_SIGN = "~"
_NO_ANSWER: tuple[Word, ...] = ("ambiguous", "invalid_field")
# Queries that another column of the table answers as well: without the one removed an answer is right.
_SAID_TWICE = frozenset(
    {
        ("ecommerce-b002", "Orders Last 30 Days"),  # the last order is older than 30 days
        ("agrisupply-w045", "complaints24m"),  # the last complaint is older than 24 months
        ("golf-x008", "membershipStatus"),  # a membership that has expired is lapsed
    }
)
_ROWS = 24
_MORE_COLUMNS = 8
_TYPES = {
    "string": "string",
    "enum": "string",
    "boolean": "boolean",
    "datetime": "datetime",
    "array": "array",
}


def cases(given: Iterable[Case], kinds: Sequence[str] = KINDS) -> Iterator[Case]:
    """The same queries over stripped tables, with what is right there; refinements are left out.

    A query that no answer of its own table fits is kept: a question or a refusal stays right on less.
    """
    for case in given:
        if case.current is not None:
            continue
        for kind in kinds:
            if kind == "removed":
                yield from _removed(case)
                continue
            changed = _on(case, kind)
            if changed is not None:
                yield changed


def fields_of(node: Node) -> frozenset[str]:
    """The columns that criteria name."""
    match node:
        case Leaf():
            return frozenset({node.field})
        case And() | Or():
            return frozenset[str]().union(*(fields_of(each) for each in node.items))
        case Not():
            return fields_of(node.item)
        case Top():
            return frozenset({node.field}) | fields_of(node.of)
        case Event() | Segment() | Everyone():
            return frozenset()


def _on(case: Case, kind: str) -> Case | None:
    """The case over a table with less or more; None when no accepted answer can be said there."""
    catalog = _wider(case.table) if kind == "wider" else _less(case.table, kind)
    fitting = tuple(each for each in case.expect if not check.check(each, catalog, case.clock).errors)
    if case.expect and not fitting:
        return None
    words: tuple[Word, ...] = case.words
    if case.expect:
        words = tuple(dict.fromkeys((*case.words, *_NO_ANSWER)))
    name = f"{case.id}{_SIGN}{kind}"
    return dataclasses.replace(case, id=name, expect=fitting, words=words, asks=(), over=catalog)


def _removed(case: Case) -> Iterator[Case]:
    """The case over its table less one column at a time that every accepted answer needs."""
    if not case.expect or case.words:
        return
    needed = set(fields_of(case.expect[0]))
    for each in case.expect:
        needed &= fields_of(each)
    for column in sorted(needed):
        if (case.id, column) in _SAID_TWICE:
            continue
        yield dataclasses.replace(
            case,
            id=f"{case.id}{_SIGN}removed{_SIGN}{column}",
            category="unknown_field",
            expect=(),
            words=_NO_ANSWER,
            asks=(),
            over=_without(case.table, column),
        )


@cache
def _without(table: str, column: str) -> Catalog:
    catalog = tables.load(table)
    return dataclasses.replace(catalog, fields=tuple(each for each in catalog.fields if each.name != column))


@cache
def _less(table: str, kind: str) -> Catalog:
    """The catalog as an inline schema gives it that holds only some of what is known.

    Text compares without case, because nothing in such a schema says how a value is written.
    """
    catalog = tables.load(table)
    schema: list[JsonValue] = [_column(each, kind) for each in catalog.visible]
    rows = _rows(catalog, kind) if kind in ("sampled", "half") else None
    found = inline.catalog(schema, rows)
    return dataclasses.replace(
        found,
        fields=tuple(
            dataclasses.replace(each, case_insensitive=True)
            if each.type == "string" and not each.values
            else each
            for each in found.fields
        ),
        time_zone=catalog.time_zone,
    )


def _column(field: Field, kind: str) -> JsonValue:
    listed = [each.value for each in field.values]
    type_name = _TYPES.get(field.type) or ("integer" if field.integer else "number")
    if field.type == "enum" and listed and not isinstance(listed[0], str):
        type_name = "integer"
    column: dict[str, JsonValue] = {"name": field.name, "type": type_name}
    # What a number is kept in cannot be told from anything else: a schema without it has other right answers.
    if field.unit:
        column["unit"] = field.unit
    if field.type == "number" and field.minimum is not None and field.maximum is not None:
        column["range"] = [field.minimum, field.maximum]
    if kind == "described" and field.description:
        column["description"] = field.description
    if kind == "valued" and (listed or field.samples):
        column["values"] = [*listed] or [*field.samples]
    return column


def _rows(catalog: Catalog, kind: str) -> JsonValue:
    """Rows that hold the values of every text column in turn; of `half`, only every other value."""
    step = 2 if kind == "half" else 1
    rows: list[JsonValue] = []
    for at in range(_ROWS):
        row: dict[str, JsonValue] = {}
        for field in catalog.visible:
            known = ([each.value for each in field.values] or [*field.samples])[::step]
            if known and field.type in ("string", "enum"):
                row[field.name] = known[at % len(known)]
        rows.append(row)
    return rows


@cache
def _wider(table: str) -> Catalog:
    """The catalog with columns of the next table whose names it does not have."""
    names = tables.names()
    catalog, other = tables.load(table), tables.load(names[(names.index(table) + 1) % len(names)])
    more = [each for each in other.visible if each.name not in catalog.by_name and not each.role]
    return dataclasses.replace(catalog, fields=(*catalog.fields, *more[:_MORE_COLUMNS]))
