"""Tables, events and criteria drawn at random, as the text that people write: `segmentry match` lines.

Few values that collide often, and every one of them has fooled an engine somewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from segmentry.criteria import dates, linetable
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import EventRow, Row
from segmentry.errors import JsonValue

from tests.differential.conditions import criteria
from tests.differential.moments import MOMENTS, PLACEHOLDERS, ZONES
from tests.differential.words import INTEGERS, NAMES, NUMBERS, TEXTS

Drawn = st.SearchStrategy[JsonValue]
OPERATORS = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "nin", "contains", "startsWith", "endsWith"]
STEPS = [timedelta(0), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(hours=-1)]


@dataclass(frozen=True)
class Sheet:
    """One table with its events and several criteria over it, read by the real readers."""

    catalog: Catalog
    rows: list[Row]
    events: list[list[EventRow]]
    clock: Clock
    criteria: list[str]
    line: dict[str, JsonValue]
    """The table as a line of `segmentry match`, to run a disagreement again."""


@st.composite
def sheets(draw: st.DrawFn, trees: int = 10) -> Sheet:
    """A table of 1 to 12 rows and up to `trees` criteria, all of which pass every check."""
    fields = draw(st.lists(_fields(), min_size=1, max_size=6, unique_by=lambda each: each[0].casefold()))
    properties = draw(
        st.lists(_properties(), min_size=1, max_size=4, unique_by=lambda each: each[0].casefold())
    )
    as_of = draw(st.sampled_from(MOMENTS)).replace(microsecond=0)
    clock = Clock.at(as_of, draw(st.sampled_from(ZONES)))
    kinds: dict[str, JsonValue] = {"order": dict(properties), "e mail's": {}}
    cells = {name: _cell(_spec(kind), clock) for name, kind in fields}
    values = {name: _cell(_spec(kind), clock) for name, kind in properties}
    n_rows = draw(st.integers(1, 12))
    rows: list[JsonValue] = [
        {"_id": number, **draw(st.fixed_dictionaries({}, optional=cells))} for number in range(n_rows)
    ]
    events: list[JsonValue] = [
        {
            "_id": draw(st.integers(0, n_rows - 1)),
            "name": draw(st.sampled_from(["order", "order", "order", "e mail's"])),
            "ts": draw(_instants(clock)),
            "properties": draw(st.fixed_dictionaries({}, optional=values)),
        }
        for _ in range(draw(st.integers(0, 20)))
    ]
    line: dict[str, JsonValue] = {
        "now": dates.iso(clock.as_of),
        "tz": clock.zone.key,
        "fields": dict(fields),
        "eventTypes": kinds,
        "rows": rows,
        "events": events,
    }
    catalog = linetable.catalog(line["fields"], linetable.event_types(kinds, events))
    ids, read = linetable.rows(rows, catalog, clock)
    theirs = linetable.events(events, ids, catalog, clock)
    asked = st.lists(criteria(catalog), min_size=max(1, trees // 2), max_size=trees).map(
        lambda some: [json.dumps(each, ensure_ascii=False) for each in some]
    )
    return Sheet(catalog, read, theirs, clock, draw(asked), line)


def _spec(kind: JsonValue) -> dict[str, JsonValue]:
    return dict(kind) if isinstance(kind, dict) else {"type": kind}


@st.composite
def _fields(draw: st.DrawFn) -> tuple[str, JsonValue]:
    kind = draw(
        st.sampled_from(["string", "string", "enum", "number", "integer", "boolean", "datetime", "array"])
    )
    spec: dict[str, JsonValue] = {"type": kind}
    if kind in ("string", "enum", "array") and draw(st.integers(0, 3)) == 0:
        spec["case_insensitive"] = True
    if kind == "string" and draw(st.booleans()):
        spec["operators"] = [*OPERATORS]
    if kind == "enum" and "case_insensitive" not in spec and draw(st.booleans()):
        spec["values"] = ["a", "A", "a b", "x'y", "or"]
    return draw(st.sampled_from(NAMES)), spec


@st.composite
def _properties(draw: st.DrawFn) -> tuple[str, JsonValue]:
    kinds: list[JsonValue] = ["string", "number", "integer", "integer", "boolean", "datetime", "array"]
    return draw(st.sampled_from(NAMES)), draw(st.sampled_from(kinds))


def _cell(spec: dict[str, JsonValue], clock: Clock) -> Drawn:
    set_values: Drawn
    match spec["type"]:
        case "number":
            set_values = NUMBERS
        case "integer":
            set_values = INTEGERS
        case "boolean":
            set_values = st.booleans()
        case "datetime":
            set_values = _instants(clock)
        case "array":
            set_values = st.lists(st.one_of(TEXTS, TEXTS, TEXTS, st.none()), max_size=3)
        case _:
            set_values = TEXTS
    return st.one_of(set_values, set_values, set_values, st.none())


@st.composite
def _instants(draw: st.DrawFn, clock: Clock) -> str:
    """An instant at, just before or just after a day's edge, a month's end or a clock change."""
    moment = draw(st.sampled_from(MOMENTS))
    if draw(st.booleans()):
        moment = dates.resolve(draw(PLACEHOLDERS), clock)
    elif draw(st.booleans()):
        moment = clock.as_of
    step = draw(st.sampled_from(STEPS))
    try:
        return dates.iso(moment + step)
    except OverflowError:
        return dates.iso(datetime(2024, 2, 29, tzinfo=UTC))
