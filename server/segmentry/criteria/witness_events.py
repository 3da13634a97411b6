"""The histories of one kind of event on which two criteria could differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product

from segmentry.criteria import match, walk, witness_values
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.match import Cell, EventRow
from segmentry.criteria.nodes import Event, Leaf

History = tuple[EventRow, ...]
_SECOND = timedelta(seconds=1)
# Beyond these a history would cost more than it shows; conditions that need more are rare and still compared.
_MOST_KINDS = 12
_MOST_PROPERTIES = 2_000
_MOST_COPIES = 400


@dataclass(frozen=True, slots=True)
class _Kind:
    """One event, standing for all that the same conditions count."""

    ts: datetime
    properties: Mapping[str, Cell]


def histories(leaves: Sequence[Event], catalog: Catalog, as_of: datetime) -> list[History]:
    """Histories of the event that all `leaves` are about: none, and each kind of event that they tell apart
    as often as puts a count or sum just below, at and just above a number named; pairs of kinds too.

    >>> from datetime import UTC
    >>> now = datetime(2025, 1, 1, tzinfo=UTC)
    >>> [len(each) for each in histories([Event("booking")], Catalog("c", ()), now)]
    [0, 1, 2]
    """
    kinds = _kinds(leaves, _property_rows(leaves, catalog, as_of), as_of)
    copies = sorted(
        {
            min(max(number, 1), _MOST_COPIES)
            for leaf in leaves
            for number in (leaf.value - 1, leaf.value, leaf.value + 1)
        }
    )
    found: list[History] = [()]
    runs = {(at, n): _run(kind, n, leaves) for at, kind in enumerate(kinds) for n in copies}
    found += runs.values()
    found += [
        (*runs[one, n], *runs[other, m])
        for one in range(len(kinds))
        for other in range(one + 1, len(kinds))
        for n, m in product(copies, copies)
    ]
    found += [history for kind in kinds for history in _sums(kind, leaves)]
    return found


def _kinds(leaves: Sequence[Event], rows: Sequence[Mapping[str, Cell]], as_of: datetime) -> list[_Kind]:
    """Events that differ in which conditions count them, one of each; those that none counts are left out."""
    found: dict[tuple[bool, ...], _Kind] = {}
    for ts, properties in product(_times(leaves, as_of), rows):
        event: EventRow = {"name": leaves[0].name, "ts": ts, "properties": properties}
        counted = tuple(_counts(leaf, event, as_of) for leaf in leaves)
        if any(counted):
            found.setdefault(counted, _Kind(ts, properties))
    return list(islice(found.values(), _MOST_KINDS))


def _counts(leaf: Event, event: EventRow, as_of: datetime) -> bool:
    plain = Event(
        leaf.name, leaf.where, window_start=leaf.window_start, window_end=leaf.window_end, path=leaf.path
    )
    return match.event_total(plain, as_of, (event,)) > 0


def _times(leaves: Sequence[Event], as_of: datetime) -> list[datetime]:
    edges = {as_of, as_of - timedelta(days=1)}
    for leaf in leaves:
        edges |= {each for each in (leaf.window_start, leaf.window_end) if isinstance(each, datetime)}
    found: set[datetime] = set(edges)
    for edge in edges:
        for step in (-timedelta(hours=36), -_SECOND, _SECOND, timedelta(hours=36)):
            try:
                found.add(edge + step)
            except OverflowError:
                continue  # the calendar ends here
    return sorted(found)


def _property_rows(leaves: Sequence[Event], catalog: Catalog, as_of: datetime) -> list[Mapping[str, Cell]]:
    """Rows of properties around the constants in the `where` of the conditions."""
    name = leaves[0].name
    known: tuple[Field, ...] = ()
    if name in catalog.event_by_name:
        known = catalog.properties_of(name).fields
    fields = {each.name: each for each in known}
    asked: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        for inner in () if leaf.where is None else walk.leaves(leaf.where):
            if isinstance(inner, Leaf):
                asked.setdefault(inner.field, []).append(inner)
    values = {
        field: witness_values.cells(
            fields.get(field) or Field(field, "string"), witness_values.constants(inner), as_of
        )
        for field, inner in asked.items()
    }
    for leaf in leaves:
        if leaf.of is not None and leaf.of not in values:
            values[leaf.of] = [_distinct(0, fields.get(leaf.of))]
    names = list(values)
    rows = (dict(zip(names, chosen, strict=True)) for chosen in product(*values.values()))
    return list(islice(rows, _MOST_PROPERTIES))


def _run(kind: _Kind, n: int, leaves: Sequence[Event]) -> History:
    """`n` events of a kind, different from one another in the properties whose values are told apart."""
    name = leaves[0].name
    told = [leaf.of for leaf in leaves if leaf.of is not None and leaf.measure == "distinct"]
    return tuple(
        {
            "name": name,
            "ts": kind.ts,
            "properties": {**kind.properties, **{of: _like(kind.properties.get(of), at) for of in told}},
        }
        for at in range(n)
    )


def _sums(kind: _Kind, leaves: Sequence[Event]) -> list[History]:
    found: list[History] = []
    for leaf in leaves:
        if leaf.of is None:
            continue
        if leaf.measure == "sum":
            amounts: list[Cell] = [leaf.value - 1, leaf.value, leaf.value + 1, None]
            for amount in amounts:
                properties = {**kind.properties, leaf.of: amount}
                found.append(({"name": leaf.name, "ts": kind.ts, "properties": properties},))
        else:
            # The same value again and again is one value: what tells "distinct" from "count".
            once: EventRow = {"name": leaf.name, "ts": kind.ts, "properties": kind.properties}
            found.append((once,) * min(leaf.value + 1, _MOST_COPIES))
    return found


def _like(value: Cell, at: int) -> Cell:
    match value:
        case bool() | None:
            return value
        case int() | float():
            return value + at
        case datetime():
            return value - timedelta(seconds=at)
        case str():
            return value if at == 0 else f"{value}{at}"
        case _:
            return value


def _distinct(at: int, field: Field | None) -> Cell:
    match None if field is None else field.type:
        case "number":
            return 1 + at
        case "boolean":
            return True
        case "datetime":
            return datetime(2000, 1, 1) + timedelta(days=at)  # noqa: DTZ001 - told apart only, never compared
        case _:
            return f"value {at}"
