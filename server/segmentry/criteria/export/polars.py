"""Criteria as a Polars expression: text for `frame.filter(...)`, with `pl`, `datetime` and `events` in scope.

Every leaf ends in true or false, never null, so that `~` is the complement. A float is read through
`is_finite`, because Polars says that NaN is greater than all numbers. `events` maps the name of an event to a
frame with the customer's key, the time and the properties; only criteria with `$event` need it. Column types:
String, Float64 or Int64, Boolean, Datetime("us", "UTC"), List(String); enums may be categorical.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from segmentry.criteria.catalog import EventType, Field
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.export.normal import opposite
from segmentry.criteria.export.remarks import Remarks, note_folded, plain, unresolved
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.operators import BY_OPERATOR

# No sum of 64-bit values gets there: an operand beyond is as good as this one.
_BEYOND = 2**94
_SYMBOLS = {
    Operator.EQ: "==",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.NEQ: "!=",
}
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")


def export(bound: Node, source: Source) -> Exported:
    """The expression as text, in one line.

    Raises: ExportUnsupported for an `$event` when neither the catalog nor the event names a key column, and
    for a `$top` that was not resolved.

    >>> from datetime import UTC
    >>> from segmentry.criteria.dates import Clock
    >>> from segmentry.criteria.catalog import Catalog
    >>> visits = Field("visits", "number", integer=True)
    >>> golf = Source(Catalog("golf", (visits,)), Clock.at(datetime.now(UTC)))
    >>> export(Not(Leaf("visits", Operator.GTE, 10)), golf).text
    '~(pl.col("visits") >= 10).fill_null(False)'
    """
    writer = _Writer(source)
    text = writer.node(bound, source.catalog.by_name)
    remarks = writer.remarks
    remarks.note("customers is your frame, or a lazy one; the text has pl and datetime (the module) in scope")
    statement = f"import datetime\n\nimport polars as pl\n\nsegment = customers.filter({text})"
    return Exported(text, (), None, remarks.exact, "run", tuple(remarks.notes), statement)


class _Writer:
    def __init__(self, source: Source) -> None:
        self.catalog = source.catalog
        self.as_of = source.clock.as_of
        self.remarks = Remarks("polars")

    def node(self, node: Node, fields: Mapping[str, Field]) -> str:
        match node:
            case Everyone():
                return "pl.lit(True)"
            case And(items):
                return f"({' & '.join(self.node(item, fields) for item in items)})"
            case Or(items):
                return f"({' | '.join(self.node(item, fields) for item in items)})"
            case Not(item):
                return f"~{self.node(item, fields)}"
            case Leaf():
                return self.leaf(node, fields[node.field].stored)
            case Event():
                return self.event(node)
            case Segment() | Top():
                raise unresolved(self.remarks, node)
            case _:
                assert_never(node)

    def leaf(self, leaf: Leaf, field: Field) -> str:
        operator, value = leaf.operator, leaf.value
        if operator is Operator.EXISTS or value is None:
            exists = value if operator is Operator.EXISTS else operator is Operator.NEQ
            return f"{_read(field, field.column_name)}.is_{'not_' if exists else ''}null()"
        if operator in (Operator.NEQ, Operator.NIN):
            complement = BY_OPERATOR[operator].complement
            assert complement is not None
            return f"~{self.leaf(Leaf(leaf.field, complement, value, leaf.path), field)}"
        note_folded(self.remarks, field)
        read = _read(field, field.compared_column)
        if isinstance(value, tuple):
            return self.listed(field, read, value)
        literal = self.literal(value, field)
        match operator:
            case Operator.EQ | Operator.CONTAINS if field.type == "array":
                return f"{read}.list.contains({literal}).fill_null(False)"
            case Operator.CONTAINS:
                return f"{read}.str.contains({literal}, literal=True).fill_null(False)"
            case Operator.STARTS_WITH:
                return f"{read}.str.starts_with({literal}).fill_null(False)"
            case Operator.ENDS_WITH:
                return f"{read}.str.ends_with({literal}).fill_null(False)"
            case _:
                return f"({read} {_SYMBOLS[operator]} {literal}).fill_null(False)"

    def listed(self, field: Field, read: str, values: tuple[Scalar, ...]) -> str:
        present = [each for each in values if each is not None]
        literals = f"[{', '.join(self.literal(each, field) for each in present)}]"
        if not present:
            test = "pl.lit(False)"
        elif field.type == "array":
            test = f"{read}.list.eval(pl.element().is_in({literals})).list.any().fill_null(False)"
        else:
            test = f"{read}.is_in({literals}).fill_null(False)"
        if len(present) == len(values):
            return test
        return f"({_read(field, field.column_name)}.is_null() | {test})"

    def literal(self, value: Scalar, field: Field) -> str:
        """A value as a literal of the column's type, because Polars compares no text with a number."""
        if field.type == "enum" and not isinstance(value, str):
            self.remarks.inexact(f"{field.name} has values of several types: they are compared as texts")
            value = json.dumps(plain(value))
        elif field.type == "number" and not field.integer and isinstance(value, int):
            value = float(value)
        return printed(value)

    def event(self, event: Event) -> str:
        """A semi-join with the customers who have such events; those without any count as 0."""
        kind = self.catalog.event_by_name[event.name]
        key = self.catalog.key_column
        theirs = kind.key_column or key
        if not key:
            message = f"$event {event.name} needs the key column of the customers; name it in the catalog"
            raise self.remarks.refusal(event.path, message)
        self.remarks.note(
            f'events["{event.name}"] is a frame with {theirs} (as {key} of the customers), '
            f"{kind.time_column} and the properties that are asked for"
        )
        # Nobody without events is in a frame of events, so what 0 meets is asked the other way round.
        others = _meets_zero(event)
        asked = opposite(event) if others else event
        total = "n" if theirs != "n" else "n_"
        frame = f"events[{printed(event.name)}]"
        for test in self.events_met(event, kind):
            frame += f".filter({test})"
        number = max(-_BEYOND, min(asked.value, _BEYOND))
        found = (
            f"{frame}.group_by({printed(theirs)}).agg({self.total(event, kind)}.alias({printed(total)}))"
            f".filter(pl.col({printed(total)}) {_SYMBOLS[asked.operator]} {number})"
        )
        members = f"{column(key)}.is_in({found}.get_column({printed(theirs)}).implode()).fill_null(False)"
        return f"~{members}" if others else members

    def events_met(self, event: Event, kind: EventType) -> list[str]:
        time = Field("at", "datetime", column=kind.time_column)
        until = event.window_end or self.as_of
        tests = [self.leaf(Leaf("at", Operator.LT, until), time)]
        if event.window_start is not None:
            tests.insert(0, self.leaf(Leaf("at", Operator.GTE, event.window_start), time))
        if event.where is not None:
            tests.append(self.node(event.where, _properties(kind)))
        return tests

    def total(self, event: Event, kind: EventType) -> str:
        if event.of is None:
            return "pl.len().cast(pl.Int64)"
        read = _read(*_named(_properties(kind)[event.of]))
        if event.measure == "distinct":
            return f"{read}.drop_nulls().n_unique().cast(pl.Int64)"
        # 64 bits overflow without a word.
        return f"{read}.fill_null(0).cast(pl.Int128).sum()"


def _named(field: Field) -> tuple[Field, str]:
    return field, field.column_name


def _properties(kind: EventType) -> Mapping[str, Field]:
    return {
        each.name: Field(each.name, each.type, each.integer, column=each.column) for each in kind.properties
    }


def _meets_zero(event: Event) -> bool:
    test = BY_OPERATOR[Operator.EQ if event.operator is Operator.NEQ else event.operator].test
    assert test is not None
    return test(0, event.value) is (event.operator is not Operator.NEQ)


def column(name: str) -> str:
    r"""An expression for the column of exactly that name: Polars takes `*` and `^...$` for patterns.

    >>> column("city"), column("*")
    ('pl.col("city")', 'pl.col("^\\\\*$")')
    """
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        escaped = _SPECIAL.sub(r"\\\g<0>", name)
        name = f"^{escaped}$"
    return f"pl.col({printed(name)})"


def _read(field: Field, name: str) -> str:
    found = column(name)
    if field.type == "number" and not field.integer:
        return f"pl.when({found}.is_finite()).then({found})"
    # A categorical column refuses words that are none of its own.
    return f"{found}.cast(pl.String)" if field.type == "enum" else found


def printed(value: Scalar) -> str:
    r"""A value as a Python literal that cannot end early; texts in double quotes.

    >>> printed('a"b\n'), printed(True), printed(2**53)
    ('"a\\"b\\n"', 'True', '9007199254740992')
    """
    match value:
        case datetime():
            parts = [value.year, value.month, value.day, value.hour, value.minute, value.second]
            if value.microsecond:
                parts.append(value.microsecond)
            return f"datetime.datetime({', '.join(map(str, parts))}, tzinfo=datetime.timezone.utc)"
        case str():
            # The escapes of JSON are all Python's too; what cannot be seen is escaped as well.
            quoted = json.dumps(value, ensure_ascii=False)
            return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
        case _:
            return repr(value)
