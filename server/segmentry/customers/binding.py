"""A catalog bound to the real columns of a SQL store: which hold which field, and how they are read.

Statements see a table through subqueries named `customers`, `e0`, `e1` and so on. These have one column per
field, of exactly the field's type, for the rows of one tenant alone; databases inline them, so indexes stay
in use. The SQL writer is given a catalog of those names.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.export.sql import quoted, relation
from segmentry.customers.connections import Connection, KeyKind, NativeColumn, Reading, Session
from segmentry.errors import InvalidParameters, Unavailable, Violation

CUSTOMERS, KEY, TIME = "customers", "k", "at"
RETRY_AFTER_S = 30.0
log = logging.getLogger(__name__)
_SAFE_TYPE = re.compile(r"[a-z][a-z0-9_ ]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where customers are: a relation, and the rows of it that are the tenant's. No column: all of them."""

    relation: str
    tenant: str = ""
    tenant_column: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One relation as statements see it: `columns` maps aliases to expressions, `conditions` pick rows.

    `sought` has a test for odd values for aliases that are read without a guard; see `Reading.guard`.
    `tenant` is the column of tenants as text, empty where it holds text.
    """

    name: str
    source: str
    columns: Mapping[str, str]
    conditions: tuple[str, ...] = ()
    sought: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    tenant: str = ""

    def doubt(self, wanted: Sequence[str] | None = None) -> list[str]:
        """For each of those aliases a test for odd values that appeared since binding, where they may."""
        tests = [each for alias, each in self.sought.items() if wanted is None or alias in wanted]
        return [
            f"EXISTS (SELECT 1 FROM {self.source} WHERE {' AND '.join((*self.conditions, f'({each})'))})"  # noqa: S608 - quoted names
            for each in tests
        ]

    def text(self, wanted: Sequence[str] | None = None, conditions: Sequence[str] = ()) -> str:
        """The subquery as an entry of WITH, with the wanted aliases (None: all)."""
        names = [each for each in self.columns if wanted is None or each in wanted]
        listed = ", ".join(f'{self.columns[each]} AS "{each}"' for each in names) or "1 AS one"
        where = [*self.conditions, *conditions]
        rows = f" WHERE {' AND '.join(where)}" if where else ""
        return f'"{self.name}" AS NOT MATERIALIZED (SELECT {listed} FROM {self.source}{rows})'  # noqa: S608 - quoted names


@dataclass(frozen=True, slots=True)
class Binding:
    """What binding found. `catalog` names the views' columns; `parameters` stand first in every statement."""

    catalog: Catalog
    customers: View
    events: Mapping[str, View]
    key: KeyKind | None
    parameters: tuple[object, ...]

    def event(self, name: str) -> View:
        """The view of a kind of event. Raises: Unavailable if its table no longer fits."""
        if name not in self.events:
            raise unfit()
        return self.events[name]

    def need(self, columns: Iterable[str]) -> None:
        """Raises: Unavailable if one of these columns of the customers' view could not be bound."""
        if not all(each == KEY or each in self.customers.columns for each in columns):
            raise unfit()

    @property
    def first(self) -> int:
        """The number of the first placeholder that is free."""
        return len(self.parameters) + 1


def unfit() -> Unavailable:
    """What callers are told of a table that no longer fits its catalog; the log says what is wrong."""
    return Unavailable(
        "the customer table no longer fits its catalog; the operator finds in the log what is missing",
        retry_after_s=RETRY_AFTER_S * random.uniform(0.5, 1.5),
    )


async def bind(
    session: Session, connection: Connection, catalog: Catalog, place: Place, *, served: bool = False
) -> Binding:
    """Look the columns up, check every field against them, and look through the rows for odd values.

    One scan of each table. A table that is `served` already is bound without the fields and events that no
    longer fit, which are logged: criteria about others can still be counted.

    Raises: InvalidParameters with every field that has no fitting column; StoreBusy, Unavailable.
    """
    draft = await _Binder(connection, catalog, place).bound(session, served=served)
    found: dict[str, frozenset[str]] = {}
    for drafted in draft.drafts:
        found[drafted.name] = await _odd(session, drafted, draft.parameters)
    return draft.binding(found)


async def servable(
    session: Session, connection: Connection, catalog: Catalog, name: str
) -> tuple[Catalog, list[str]]:
    """An inferred catalog without the fields whose columns no statement can read, and notes on them."""
    columns = await session.columns(relation(name, connection.dialect)) or {}
    notes: list[str] = []
    kept: list[Field] = []
    for field in catalog.fields:
        column = columns.get(field.column_name)
        if column is None or connection.reading(column, field.stored) is not None:
            kept.append(field)
        else:
            notes.append(f"{field.name}: {column.type} cannot be counted in its database and is left out")
    return catalog.replace_fields(tuple(kept)), notes


async def _odd(session: Session, drafted: _Draft, parameters: Sequence[object]) -> frozenset[str]:
    """The aliases whose columns hold values that count as unset.

    Raises: InvalidParameters when a row has no key.
    """
    tests = {
        alias: each.test
        for alias, each in drafted.columns.items()
        if each.test and each.reading.guard != "always"
    }
    if drafted.key_column and drafted.name == CUSTOMERS:
        tests[KEY] = f"{drafted.key_column} IS NULL"
    if not tests:
        return frozenset()
    listed = ", ".join(f"bool_or({test})" for test in tests.values())
    where = f" WHERE {' AND '.join(drafted.conditions)}" if drafted.conditions else ""
    ((*flags,),) = await session.fetch(f"SELECT {listed} FROM {drafted.source}{where}", parameters)  # noqa: S608 - quoted names
    odd = frozenset(alias for alias, flag in zip(tests, flags, strict=True) if flag)
    if KEY in odd:
        raise InvalidParameters(f"{drafted.source} has rows without a key in {drafted.key_column}")
    return odd - {KEY}


@dataclass(frozen=True, slots=True)
class _Bound:
    """One column of a view: its name in the database, quoted, and how it is read."""

    column: str
    reading: Reading

    @property
    def test(self) -> str:
        return self.reading.odd.replace("{}", self.column)

    def expression(self, *, odd: bool) -> str:
        text = self.reading.expression.replace("{}", self.column)
        guarded = self.test and (odd or self.reading.guard == "always")
        return f"CASE WHEN NOT ({self.test}) THEN {text} END" if guarded else text


@dataclass(frozen=True, slots=True)
class _Draft:
    """A view before odd values are known."""

    name: str
    source: str
    columns: Mapping[str, _Bound]
    key_column: str
    key: str
    conditions: tuple[str, ...]
    tenant: str

    def view(self, odd: frozenset[str]) -> View:
        columns = {alias: each.expression(odd=alias in odd) for alias, each in self.columns.items()}
        if self.key:
            columns[KEY] = self.key
        sought = {
            alias: each.test
            for alias, each in self.columns.items()
            if each.test and each.reading.guard == "sought" and alias not in odd
        }
        return View(self.name, self.source, columns, self.conditions, sought, self.tenant)


@dataclass(frozen=True, slots=True)
class _Drafts:
    catalog: Catalog
    customers: _Draft
    events: Mapping[str, _Draft]
    key: KeyKind | None
    parameters: tuple[object, ...]

    @property
    def drafts(self) -> Iterator[_Draft]:
        yield self.customers
        yield from self.events.values()

    def binding(self, odd: Mapping[str, frozenset[str]]) -> Binding:
        events = {name: draft.view(odd[draft.name]) for name, draft in self.events.items()}
        return Binding(self.catalog, self.customers.view(odd[CUSTOMERS]), events, self.key, self.parameters)


class _Binder:
    """One pass over a catalog that collects every fault before it complains."""

    def __init__(self, connection: Connection, catalog: Catalog, place: Place) -> None:
        self._connection = connection
        self._catalog = catalog
        self._place = place
        self._faults: list[Violation] = []

    async def bound(self, session: Session, *, served: bool) -> _Drafts:
        """Raises: InvalidParameters naming every fault."""
        place = self._place
        columns = await self._columns(session, place.relation, "table")
        theirs = {
            event.name: await self._columns(session, event.table_name, f"event.{event.name}")
            for event in self._catalog.events
        }
        key, key_kind = self._key(columns)
        aliases = {field.name: f"c{number}" for number, field in enumerate(self._catalog.fields)}
        customers = _Draft(
            CUSTOMERS,
            relation(place.relation, self._connection.dialect),
            {**self._fields(columns, aliases)},
            key,
            key,
            self._of_tenant(columns, "table"),
            self._tenant_text(columns),
        )
        events: dict[str, _Draft] = {}
        kind = key_kind
        for number, event in enumerate(self._catalog.events):
            events[event.name], comparable = self._event(event, theirs[event.name], f"e{number}", key_kind)
            kind = kind if comparable else "cast"
        if self._faults:
            listed = "; ".join(each.message for each in self._faults)
            message = f"the catalog {self._catalog.schema} does not fit the table: {listed}"
            of_parts = all(each.field.startswith(("field.", "event.")) for each in self._faults)
            if not served or not of_parts:
                raise InvalidParameters(message, violations=self._faults)
            log.error("%s of tenant %r: %s", place.relation, place.tenant, message)
            events = {
                name: each
                for name, each in events.items()
                if all(fault.field != f"event.{name}" for fault in self._faults)
            }
        if kind == "cast":
            customers = dataclasses.replace(customers, key=_as_text(key))
            events = {
                name: dataclasses.replace(each, key=_as_text(each.key)) for name, each in events.items()
            }
        parameters = (place.tenant,) if place.tenant_column else ()
        return _Drafts(self._named(aliases, key), customers, events, kind if key else None, parameters)

    def _fault(self, field: str, message: str) -> None:
        self._faults.append(Violation(field, "INVALID_PARAMETERS", message))

    async def _columns(self, session: Session, name: str, where: str) -> Mapping[str, NativeColumn]:
        columns = await session.columns(relation(name, self._connection.dialect))
        if columns is None:
            self._fault(where, f"there is no table {name} that can be read")
        return columns or {}

    def _quoted(self, name: str) -> str:
        return quoted(name, self._connection.dialect)

    def _key(self, columns: Mapping[str, NativeColumn]) -> tuple[str, KeyKind]:
        name = self._catalog.key_column
        if not name:
            if self._catalog.events:
                self._fault("catalog.key", "events need a key; name its column as `key` of the catalog")
            return "", "text"
        column = columns.get(name)
        if column is None:
            if columns:
                self._fault("catalog.key", f"key: there is no column {name}")
            return "", "text"
        return self._quoted(name), self._connection.key_kind(column)

    def _of_tenant(self, columns: Mapping[str, NativeColumn], where: str) -> tuple[str, ...]:
        name = self._place.tenant_column
        if not name or not columns:
            return ()
        column = columns.get(name)
        if column is None or not _SAFE_TYPE.fullmatch(column.type):
            self._fault(where, f"{where}: there is no column {name} that tells tenants apart")
            return ()
        return (f"{self._quoted(name)} = $1::text::{column.type}",)

    def _tenant_text(self, columns: Mapping[str, NativeColumn]) -> str:
        column = columns.get(self._place.tenant_column)
        if column is None or column.type in {"text", "varchar"}:
            return ""
        return f"{self._quoted(column.name)}::text"

    def _fields(self, columns: Mapping[str, NativeColumn], aliases: Mapping[str, str]) -> dict[str, _Bound]:
        bound: dict[str, _Bound] = {}
        for field in self._catalog.fields if columns else ():
            path = f"field.{field.name}"
            found = self._column(columns, field.column_name, field, path)
            if found is not None:
                bound[aliases[field.name]] = found
            if field.case_insensitive:
                twin = self._column(columns, field.compared_column, field, path)
                if twin is not None:
                    bound[_folded(aliases[field.name])] = twin
        return bound

    def _column(
        self, columns: Mapping[str, NativeColumn], name: str, field: Field | EventProperty, path: str
    ) -> _Bound | None:
        column = columns.get(name)
        if column is None:
            self._fault(path, f"{field.name}: there is no column {name}")
            return None
        if self._place.tenant_column in column.behind:
            # Every statement names one tenant.
            column = dataclasses.replace(column, indexed=True)
        reading = self._connection.reading(column, field.stored if isinstance(field, Field) else field)
        if reading is None:
            kind = "integer" if field.type == "number" and field.integer else field.type
            self._fault(path, f"{field.name}: {name} is {column.type}, which cannot hold {kind}")
            return None
        return _Bound(self._quoted(name), reading)

    def _event(
        self, event: EventType, columns: Mapping[str, NativeColumn], name: str, key_kind: KeyKind
    ) -> tuple[_Draft, bool]:
        path = f"event.{event.name}"
        bound: dict[str, _Bound] = {}
        key_name = event.key_column or self._catalog.key_column
        key = columns.get(key_name)
        if columns:
            if key is None:
                self._fault(path, f"event {event.name}: there is no key column {key_name}")
            times = EventProperty(event.time_column, "datetime")
            for alias, prop, column in (
                (TIME, times, event.time_column),
                *((f"p{number}", each, each.column_name) for number, each in enumerate(event.properties)),
            ):
                found = self._column(columns, column, prop, path)
                if found is not None:
                    bound[alias] = found
        quoted_key = self._quoted(key_name)
        conditions = (*self._of_tenant(columns, path), f"{quoted_key} IS NOT NULL")
        source = relation(event.table_name, self._connection.dialect)
        draft = _Draft(name, source, bound, quoted_key, quoted_key, conditions, self._tenant_text(columns))
        comparable = key is None or self._connection.key_kind(key) == key_kind
        return draft, comparable

    def _named(self, aliases: Mapping[str, str], key: str) -> Catalog:
        """The catalog with the names of the views in place of the database's."""
        fields = tuple(
            dataclasses.replace(field, column=aliases[field.name], folded_column=_folded(aliases[field.name]))
            for field in self._catalog.fields
        )
        events = tuple(
            dataclasses.replace(
                event,
                table=f"e{number}",
                key_column=KEY,
                time_column=TIME,
                properties=tuple(
                    dataclasses.replace(each, column=f"p{place}")
                    for place, each in enumerate(event.properties)
                ),
            )
            for number, event in enumerate(self._catalog.events)
        )
        return dataclasses.replace(self._catalog, fields=fields, events=events, key=KEY if key else "")


def _folded(alias: str) -> str:
    return f"{alias}f"


def _as_text(key: str) -> str:
    return f"{key}::text" if key else ""
