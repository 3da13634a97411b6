"""Criteria as a SQL condition: a boolean expression over the columns of one table, in any of the dialects.

SQL has a third truth value. UNKNOWN may stand for false here, never for true. AND and OR keep that, so
negations are pushed down to the leaves, and only a negated leaf asks for NULL as well.
Values stand in the parameters alone, unless a view is written that we never run (`in_place`); identifiers
come from the catalog alone and are quoted.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from segmentry.criteria.bind import INT64
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.export.dialects import moving
from segmentry.criteria.export.dialects.dialect import ABSENT, COMPARISONS, Dialect, Form, Kind, unchanged
from segmentry.criteria.export.origin import Origin, Readings
from segmentry.criteria.nodes import (
    And,
    Event,
    Everyone,
    Leaf,
    Node,
    Not,
    Operator,
    Or,
    Scalar,
    Segment,
    Top,
    Value,
)
from segmentry.errors import ExportUnsupported

# The name of the events' table inside its subquery, so that a column it lacks is never taken from outside.
_ALIAS = "e"
_NOW = "{{NOW}}"
# No count and no sum of 64-bit values gets there: an operand beyond is as good as this one.
_BEYOND: Mapping[Kind, int] = {"integer": 2**62, "total": 2**94}
_ENUM_KINDS: Mapping[type, Kind] = {str: "string", bool: "boolean", int: "integer", float: "float"}
_COMPLEMENTS = {Operator.NEQ: Operator.EQ, Operator.NIN: Operator.IN}
_SYMBOLS = {Operator.NEQ: "<>", **{each: symbols[0] for each, symbols in COMPARISONS.items()}}
_TESTS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: python.eq,
    Operator.NEQ: python.ne,
    Operator.GT: python.gt,
    Operator.GTE: python.ge,
    Operator.LT: python.lt,
    Operator.LTE: python.le,
}
_OPPOSITES = {
    Operator.EQ: Operator.NEQ,
    Operator.NEQ: Operator.EQ,
    Operator.GT: Operator.LTE,
    Operator.LTE: Operator.GT,
    Operator.GTE: Operator.LT,
    Operator.LT: Operator.GTE,
}
# What every count of at least one meets, up to that number.
_ANY_EVENT = {Operator.GTE: 1, Operator.GT: 0, Operator.NEQ: 0}


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean expression to stand after WHERE or inside FILTER (WHERE ...), and its parameters in order."""

    text: str
    parameters: tuple[Value, ...]


def condition(
    bound: Node,
    catalog: Catalog,
    dialect: Dialect,
    as_of: datetime,
    *,
    first: int = 1,
    nan_columns: frozenset[str] = frozenset(),
    zone: str = "",
    filtered: bool = False,
    origin: Origin | None = None,
    in_place: bool = False,
) -> Condition:
    """The SQL condition that is true for exactly the customers that a bound tree matches.

    It is UNKNOWN or false for the others. `first` is the number of the first placeholder. `nan_columns` are
    float columns that may hold NaN or infinities, which count as unset. `$segment` must have been expanded
    and `$top` resolved. With a `zone` the tree may hold placeholders, which follow the engine's clock there,
    as the present end of a window without one does; the dialect must have `moving`. `filtered` conditions
    stand inside FILTER (WHERE ...), where no join can replace a set of keys. An `origin` adds that the rows,
    and those of every event, are the tenant's, and how its columns are read. With `in_place` values stand in
    the text itself and there are no parameters, for a dialect that has `literal`.

    Raises: ExportUnsupported for `$event` where the catalog names no key column.

    >>> from datetime import UTC
    >>> from segmentry.criteria.export.dialects import POSTGRESQL
    >>> catalog = Catalog("t", (Field("age", "number", integer=True),))
    >>> condition(Not(Leaf("age", Operator.LT, 10)), catalog, POSTGRESQL, datetime.now(UTC)).text
    '("age" IS NULL OR "age" >= $1::bigint)'
    """
    absent = ABSENT if filtered else dialect.absent
    origin = (origin or Origin()).read_by(dialect)
    writer = _Writer(
        catalog, dialect, as_of, first, zone=zone, absent=absent, origin=origin, in_place=in_place
    )
    owned = writer.tenant(origin.customers, "")
    text = writer.node(bound, _Columns(catalog.by_name, "", nan_columns, origin.customers), negated=False)
    return Condition(f"({owned} AND {text})" if owned else text, tuple(writer.parameters))


def quoted(identifier: str, dialect: Dialect) -> str:
    """An identifier in the quotes of a dialect.

    >>> from segmentry.criteria.export.dialects import POSTGRESQL
    >>> print(quoted('12" clubs', POSTGRESQL))
    "12"" clubs"
    """
    for each, escaped in dialect.escapes.items():
        identifier = identifier.replace(each, escaped)
    if dialect.quote not in dialect.escapes:
        identifier = identifier.replace(dialect.quote, dialect.quote * 2)
    return f"{dialect.quote}{identifier}{dialect.quote}"


def relation(name: str, dialect: Dialect) -> str:
    """A table, with the schema before a dot where there is one, quoted part by part.

    >>> from segmentry.criteria.export.dialects import SPARK
    >>> relation("crm.customers", SPARK)
    '`crm`.`customers`'
    """
    return ".".join(quoted(part, dialect) for part in name.split("."))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where leaves find their columns: the table itself, or an event's table under its alias."""

    fields: Mapping[str, Field]
    prefix: str
    nan: frozenset[str]
    readings: Readings


@dataclass(frozen=True, slots=True)
class _Column:
    """One column as an expression, and how its values are typed."""

    text: str
    kind: Kind


class _Writer:
    def __init__(
        self,
        catalog: Catalog,
        dialect: Dialect,
        as_of: datetime,
        first: int,
        *,
        zone: str,
        absent: str,
        origin: Origin,
        in_place: bool,
    ) -> None:
        self._absent = absent
        self._zone = zone
        self._origin = origin
        self._catalog = catalog
        self._dialect = dialect
        self._as_of = as_of
        self._next = first
        self._literal = dialect.literal if in_place else None
        self.parameters: list[Value] = []

    def node(self, node: Node, columns: _Columns, *, negated: bool) -> str:
        match node:
            case Everyone():
                return self._constant(met=not negated)
            case Not(item):
                return self.node(item, columns, negated=not negated)
            case And(items) | Or(items):
                every = isinstance(node, And) is not negated
                return self._group(items, columns, every=every, negated=negated)
            case Leaf():
                return self._leaf(node, columns, negated=negated)
            case Event():
                return self._event(node, negated=negated)
            case Segment() | Top():
                raise ValueError(f"{type(node).__name__} at {node.path or 'the root'} was not resolved")
            case _:
                assert_never(node)

    def tenant(self, readings: Readings, prefix: str) -> str:
        """The condition that a row is the tenant's; empty where all rows are."""
        if not self._origin.tenant_column:
            return ""
        read = readings.tenant or f"{prefix}{quoted(self._origin.tenant_column, self._dialect)}"
        return f"{read} = {self._bound('string', self._origin.tenant)}"

    def _group(self, items: Sequence[Node], columns: _Columns, *, every: bool, negated: bool) -> str:
        texts = [self.node(item, columns, negated=negated) for item in items]
        if len(texts) == 1:
            return texts[0]
        if not texts:
            return self._constant(met=every)
        return f"({(' AND ' if every else ' OR ').join(texts)})"

    def _constant(self, *, met: bool) -> str:
        return self._dialect.always if met else self._dialect.never

    # --- leaves

    def _leaf(self, leaf: Leaf, columns: _Columns, *, negated: bool) -> str:
        field, operator = columns.fields[leaf.field], leaf.operator
        if operator in _COMPLEMENTS:
            operator, negated = _COMPLEMENTS[operator], not negated
        operands = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        given = [each for each in operands if each is not None]
        column = _Column(self._read(field, columns), _kind(field, given))
        if operator is Operator.EXISTS:
            return self._exists(column, wanted=bool(leaf.value) is not negated)
        fitting = [each for each in given if each in INT64] if column.kind == "integer" else given
        if operator in (Operator.EQ, Operator.IN) or field.type == "array":
            return self._among(column, fitting, unset=len(given) < len(operands), negated=negated)
        if not fitting:
            # Beyond 64 bits: every number is on one side of it.
            if _TESTS[operator](0, given[0]):
                return self._exists(column, wanted=not negated)
            return self._constant(met=negated)
        form = self._dialect.forms[operator, column.kind]
        (value,) = fitting
        if form.encode is not None:
            assert isinstance(value, str)
            value = form.encode(value)
        operand = self._bound(column.kind, value)
        return self._filled(form.lacks if negated else form.holds, form, column, operand)

    def _exists(self, column: _Column, *, wanted: bool) -> str:
        form = self._dialect.forms[Operator.EXISTS, column.kind]
        return (form.holds if wanted else form.fails).format(f=column.text)

    def _among(self, column: _Column, values: Sequence[Scalar], *, unset: bool, negated: bool) -> str:
        """Membership in the values, and in the unset ones if `unset`."""
        if not values:
            if unset:
                return self._exists(column, wanted=negated)
            return self._constant(met=negated)
        forms, kind = self._dialect.forms, column.kind
        if len(values) == 1 and (Operator.EQ, kind) in forms:
            form, operand = forms[Operator.EQ, kind], self._bound(kind, values[0])
        else:
            form = forms[Operator.IN, kind]
            operand = (
                self._bound_list(kind, values)
                if form.listed == "parameter"
                else ", ".join(self._bound(kind, each) for each in values)
            )
        if negated:
            template = form.fails if unset else form.lacks
        else:
            template = f"({{unset}} OR {form.holds})" if unset else form.holds
        return self._filled(template, form, column, operand)

    def _filled(self, template: str, form: Form, column: _Column, operand: str) -> str:
        read = self._dialect.columns.get(column.kind, "{f}").format(f=column.text)
        if "{unset}" not in template:
            return template.format(f=read, v=operand)
        unset = self._exists(column, wanted=False)
        return template.replace("{fails}", form.fails).format(f=read, v=operand, unset=unset)

    def _read(self, field: Field, columns: _Columns) -> str:
        name = field.compared_column
        # Bare names in a reading are columns of the innermost table, which has them.
        text = columns.readings.fields.get(field.name) or f"{columns.prefix}{quoted(name, self._dialect)}"
        return self._dialect.finite.format(f=text) if name in columns.nan else text

    # --- parameters

    def _place(self, value: Value, sql_type: str) -> str:
        if self._literal is not None:
            return self._literal(value)
        place = self._dialect.placeholder.format(n=self._next, type=sql_type)
        self._next += 1
        self.parameters.append(value)
        return place

    def _bound(self, kind: Kind, value: Scalar) -> str:
        if kind == "datetime" and isinstance(value, str):
            return self._moving(value)
        sql_type = self._dialect.types[kind]
        encoded = self._dialect.encode.get(kind, unchanged)(value)
        cast = self._dialect.casts.get(kind, self._dialect.cast)
        places = [cast.format(p=self._place(each, sql_type), type=sql_type) for each in encoded]
        return places[0] if len(places) == 1 else f"({', '.join(places)})"

    def _moving(self, placeholder: str) -> str:
        templates = self._dialect.moving
        assert templates is not None, f"{self._dialect.name} has no moving dates"

        def place(value: str | int, sql_type: str) -> str:
            return self._dialect.cast.format(p=self._place(value, sql_type), type=sql_type)

        zone = "" if placeholder == _NOW else place(self._zone, self._dialect.types["string"])
        return moving.expression(placeholder, templates, zone, lambda count: place(count, "integer"))

    def _bound_list(self, kind: Kind, values: Sequence[Scalar]) -> str:
        sql_type = self._dialect.list_types[kind]
        return self._dialect.cast.format(p=self._place(tuple(values), sql_type), type=sql_type)

    # --- events

    def _event(self, event: Event, *, negated: bool) -> str:
        known = self._catalog.event_by_name[event.name]
        key = self._catalog.key_column
        if not key:
            message = f"{self._catalog.schema} names no key column, which SQL needs for $event"
            raise ExportUnsupported(f"{message} (at {event.path or 'the root'})", path=event.path)
        operator = _OPPOSITES[event.operator] if negated else event.operator
        # Customers without events have no group: where zero holds, those are left whose group fails.
        anti = _TESTS[operator](0, event.value)
        readings = self._origin.events.get(event.name) or Readings()
        theirs = readings.key or f"{_ALIAS}.{quoted(known.key_column or key, self._dialect)}"
        chosen = self._events(event, known, theirs, _OPPOSITES[operator] if anti else operator, anti=anti)
        mine = self._origin.customers.key or quoted(key, self._dialect)
        return self._absent.format(mine=mine, chosen=chosen) if anti else f"{mine} IN ({chosen})"

    def _events(self, event: Event, known: EventType, key: str, operator: Operator, *, anti: bool) -> str:
        """The keys of the customers whose events, at least one, compare with the number."""
        readings = self._origin.events.get(event.name) or Readings()
        columns = _event_columns(known, readings)
        conditions = [f"{key} IS NOT NULL"] if anti else []
        if owned := self.tenant(readings, f"{_ALIAS}."):
            conditions.append(owned)
        time = self._dialect.columns.get("datetime", "{f}").format(
            f=readings.time or f"{_ALIAS}.{quoted(known.time_column, self._dialect)}"
        )
        if event.window_start is not None:
            conditions.append(f"{time} >= {self._bound('datetime', event.window_start)}")
        present = _NOW if self._zone else self._as_of
        conditions.append(f"{time} < {self._bound('datetime', event.window_end or present)}")
        if event.where is not None and not isinstance(event.where, Everyone):
            conditions.append(self.node(event.where, columns, negated=False))
        table = relation(known.table_name, self._dialect)
        # Names are quoted, values are parameters.
        text = f"SELECT {key} FROM {table} AS {_ALIAS} WHERE {' AND '.join(conditions)}"  # noqa: S608
        if event.measure == "count":
            if event.value <= _ANY_EVENT.get(operator, -1):
                # Each key once: those that are left out have to fit into memory.
                return f"{text} GROUP BY {key}" if anti else text
            total, kind = "count(*)", "integer"
        else:
            field = columns.fields[event.of or ""]
            column = _Column(self._read(field, columns), _kind(field, ()))
            if event.measure == "sum":
                total, kind = self._dialect.total.format(f=column.text), "total"
            else:
                template = self._dialect.distinct.get(column.kind, "{f}")
                total, kind = f"count(DISTINCT {template.format(f=column.text)})", "integer"
        value = max(-_BEYOND[kind], min(event.value, _BEYOND[kind]))
        return f"{text} GROUP BY {key} HAVING {total} {_SYMBOLS[operator]} {self._bound(kind, value)}"


def _kind(field: Field, values: Sequence[Scalar]) -> Kind:
    """How a field's values are typed; those of an enum of several types are as their operands are."""
    stored = field.stored
    match stored.type:
        case "number":
            return "integer" if stored.integer else "float"
        case "enum":
            return _ENUM_KINDS[type(values[0])] if values else "string"
        case "string" | "boolean" | "datetime" | "array":
            return stored.type


def _event_columns(event: EventType, readings: Readings) -> _Columns:
    """An event's properties as columns; whether a float one holds NaN is not known, so each is read as if."""
    fields = {each.name: Field(each.name, each.type, each.integer, each.column) for each in event.properties}
    floats = (each.column_name for each in event.properties if each.type == "number" and not each.integer)
    return _Columns(fields, f"{_ALIAS}.", frozenset(floats), readings)
