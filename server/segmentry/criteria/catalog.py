"""The field catalog: which fields a table has, what they mean, and what may be asked of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from segmentry.criteria.nodes import Operator, Scalar

FieldType = Literal["string", "enum", "number", "boolean", "datetime", "array"]
Tense = Literal["past", "future", "any"]
Disclosure = Literal["values", "name", "hidden"]


@dataclass(frozen=True, slots=True)
class Band:
    """Words that stand for a threshold of the field, such as "high engagement" = `>= 70`."""

    phrases: tuple[str, ...]
    operator: Operator
    value: Scalar


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A known value of a field and the other words for it.

    `sampled`: nobody listed it, a row of the data has it. It is read and checked like any other, but does not
    leave for a model.
    """

    value: str | int | float | bool
    synonyms: tuple[str, ...] = ()
    sampled: bool = dataclasses.field(default=False, compare=False)


def value_key(value: Scalar) -> tuple[bool, Scalar]:
    """What tells values apart as JSON does: 1 is 1.0 and not true.

    >>> value_key(1) == value_key(1.0), value_key(1) == value_key(True)
    (True, False)
    """
    return isinstance(value, bool), value


@dataclass(frozen=True)
class Field:
    """One column as criteria see it. Only `name` and `type` are required.

    `values` is closed for `enum` (empty: any text) and open for the other types. `minimum`/`maximum` give
    the usual range: outside is a warning. `samples` are values seen in the data, never of personal fields.
    `tense` says whether a datetime holds the past, the future or both. `window_days` is the period that
    a counter counts over. `llm` says what may leave for a model. A `hidden` field answers callers as unknown.
    `folded_column` is the casefolded twin of a `case_insensitive` field's column, which SQL stores compare.
    """

    name: str
    type: FieldType
    integer: bool = False
    column: str = ""
    group: str = ""
    description: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[FieldValue, ...] = ()
    operators: tuple[Operator, ...] = ()
    synonyms: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()
    pii: bool = False
    llm: Disclosure = "values"
    case_insensitive: bool = False
    folded_column: str = ""
    nullable: bool = True
    tense: Tense | None = None
    window_days: int | None = None
    samples: tuple[str, ...] = ()
    format: Literal["", "iso3166-alpha2", "e164", "email"] = ""
    role: Literal["", "id"] = ""
    boolean_like: bool = False
    hidden: bool = False
    notes: tuple[str, ...] = ()

    @property
    def column_name(self) -> str:
        """The column that holds it: `column`, or the field's own name."""
        return self.column or self.name

    @property
    def compared_column(self) -> str:
        """The column that SQL compares: the casefolded twin where case does not count."""
        if not self.case_insensitive:
            return self.column_name
        return self.folded_column or f"{self.column_name}_folded"

    @cached_property
    def stored(self) -> Field:
        """The field as a typed column holds it: an enum of numbers or of truth values is one of those.

        >>> Field("stars", "enum", values=(FieldValue(1), FieldValue(2))).stored.type
        'number'
        """
        kinds = {type(each.value) for each in self.values}
        if self.type != "enum" or not kinds:
            return self
        if kinds == {bool}:
            return dataclasses.replace(self, type="boolean")
        if kinds <= {int, float}:
            return dataclasses.replace(self, type="number", integer=kinds == {int})
        return self

    @cached_property
    def value_by_key(self) -> Mapping[tuple[bool, Scalar], str | int | float | bool]:
        """The known values by `value_key`, so that a long list of operands is looked up, not searched."""
        return {value_key(each.value): each.value for each in reversed(self.values)}

    @cached_property
    def folded_values(self) -> frozenset[str]:
        """The known texts in the case that a field compares in."""
        texts = (str(each.value) for each in self.values)
        return frozenset(each.casefold() if self.case_insensitive else each for each in texts)


@dataclass(frozen=True, slots=True)
class EventProperty:
    name: str
    type: FieldType
    integer: bool = False
    unit: str = ""
    description: str = ""
    column: str = ""

    @property
    def column_name(self) -> str:
        """The column that holds it: `column`, or the property's own name."""
        return self.column or self.name


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of thing customers do; `synonyms` are the words a query uses for it.

    A SQL store keeps one table per kind: its name (`table`, with a schema where there is one: `crm.booking`),
    the column with the customer's key and the column with the time.
    """

    name: str
    properties: tuple[EventProperty, ...] = ()
    description: str = ""
    synonyms: tuple[str, ...] = ()
    table: str = ""
    key_column: str = ""
    time_column: str = "at"

    @property
    def table_name(self) -> str:
        """The table that holds them: `table`, or the event's own name."""
        return self.table or self.name


@dataclass(frozen=True)
class Catalog:
    """All fields and events of one table, in the order they are listed to people.

    `key` is the column that tells customers apart; it need not be a field.
    """

    schema: str
    fields: tuple[Field, ...]
    events: tuple[EventType, ...] = ()
    display_name: str = ""
    time_zone: str = "UTC"
    locale: str = "en"
    entity_nouns: tuple[str, ...] = ()
    version: int = 1
    key: str = ""

    @property
    def key_column(self) -> str:
        """The column that tells customers apart: `key`, else that of the first field with the role `id`.

        Empty: the table has none, and a customer is told by the number of the row, from 1.
        """
        return self.key or next((field.column_name for field in self.fields if field.role == "id"), "")

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def event_by_name(self) -> Mapping[str, EventType]:
        return {event.name: event for event in self.events}

    def get(self, name: str) -> Field | None:
        """The field of that exact name that a caller may see, or None. Hidden fields answer as unknown."""
        field = self.by_name.get(name)
        return None if field is None or field.hidden else field

    @cached_property
    def visible(self) -> tuple[Field, ...]:
        """The fields that callers may see."""
        return tuple(field for field in self.fields if not field.hidden)

    def replace_fields(self, fields: tuple[Field, ...]) -> Catalog:
        """The same catalog with other fields."""
        return dataclasses.replace(self, fields=fields)

    def properties_of(self, event: str) -> Catalog:
        """The properties of a known event as a catalog of fields, for the criteria in its `where`."""
        properties = self.event_by_name[event].properties
        fields = tuple(
            Field(each.name, each.type, each.integer, unit=each.unit, description=each.description)
            for each in properties
        )
        return Catalog(event, fields, time_zone=self.time_zone, locale=self.locale)
