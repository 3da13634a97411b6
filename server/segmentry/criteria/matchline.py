"""`segmentry match`, one line at a time: a table, criteria and a moment in; ids or an error out.

    in   {"id": "a", "fields": {"age": "integer"}, "rows": [{"_id": 1, "age": 30}], "criteria": {"age": 30},
          "now": "2025-12-16T10:00:00Z"}
    out  {"id": "a", "ids": [1]}      or      {"id": "a", "error": {"code": ..., "path": ..., "message": ...}}

Optional keys: `tz` (IANA zone, default UTC), `events` ([{"_id": 1, "name": "booking", "ts": "2025-12-01",
"properties": {"amount": 5}}], or flat: [{"_id": 1, "name": "booking", "ts": "2025-12-01", "amount": 5}]) and
`eventTypes` ({"booking": {"amount": "integer"}}; without it they are inferred from the events, and with
`"events": []` nobody ever did what the criteria ask about).
A field is a type, or an object with the keys of the catalog file.
`segments` holds what `$segment` may name: {"seg_7": criteria}, or {"seg_7": [criteria, criteria]} for
versions 1, 2 ..., of which the last one is the latest.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from segmentry.criteria import check, line_ids, linetable, match, parse, paths, segments, strict_json, zones
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.linetable import BadLine, Id
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.errors import InvalidCriteria, JsonValue, ParseError, SegmentryError

# (catalog, rows, events of each row, bound criteria, as_of) -> for each row whether it matches.
Engine = Callable[[Catalog, Sequence[Row], Sequence[Sequence[EventRow]], Node, datetime], Sequence[bool]]

# The line wraps criteria in its own brackets; theirs are counted again when they are read.
_MAX_NESTING = strict_json.MAX_NESTING + 8


def reference(
    catalog: Catalog,
    rows: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    bound: Node,
    as_of: datetime,
) -> list[bool]:
    """The engine that is the definition: the reference matcher over plain rows.

    >>> from datetime import UTC
    >>> from segmentry.criteria.nodes import Everyone
    >>> reference(Catalog("t", ()), [{}], [()], Everyone(), datetime.now(UTC))
    [True]
    """
    folded = {each.name for each in catalog.fields if each.case_insensitive}
    return match.select(bound, rows, as_of, events, folded=folded)


def answer(line: str, number: int, now: datetime, engine: Engine = reference) -> dict[str, JsonValue]:
    """The answer to one line: `{"id", "ids"}` or `{"id", "error"}`. Never raises for what is in the line.

    `number` (from 1) is the id of a line without one; `now` is the moment of a line without one.

    >>> from datetime import UTC
    >>> table = '"fields": {"age": "integer"}, "rows": [{"_id": 1, "age": 30}]'
    >>> answer(f'{{"id": "a", {table}, "criteria": {{"age": 30}}}}', 1, datetime(2025, 12, 16, tzinfo=UTC))
    {'id': 'a', 'ids': [1]}
    """
    line_id: JsonValue = number
    try:
        decoded = strict_json.decode(line, max_nesting=_MAX_NESTING, table=True)
        if not isinstance(decoded, dict):
            raise BadLine(
                "PARSE_ERROR", "", "a line is a JSON object with id, fields, rows, criteria and now"
            )
        line_id = line_ids.of(decoded.get("id"), number)
        return {"id": line_id, "ids": [*_ids(decoded, line, now, engine)]}
    except BadLine as bad:
        error: JsonValue = bad.answer
    except InvalidCriteria as err:
        error = {"code": err.code, "path": err.diagnostics[0].path, "message": err.message}
    except SegmentryError as err:
        if line_id == number:
            line_id = line_ids.recovered(line, number)
        error = {"code": err.reason, "path": err.metadata.get("path", ""), "message": err.message}
    return {"id": line_id, "error": error}


def answer_text(line: str, number: int, now: datetime, engine: Engine = reference) -> str:
    """As `answer`, as the JSON text to write.

    >>> from datetime import UTC
    >>> answer_text("{", 7, datetime.now(UTC))[:33]
    '{"id": 7, "error": {"code": "PARS'
    """
    return json.dumps(answer(line, number, now, engine), ensure_ascii=False)


def _ids(line: dict[str, JsonValue], text: str, now: datetime, engine: Engine) -> list[Id]:
    for key in ("fields", "rows", "criteria"):
        if key not in line:
            raise BadLine("MISSING_FIELD", key, f"a line needs {key}")
    clock = _clock(line, now)
    events, node = line.get("events") or [], _criteria(line["criteria"], text)
    saved = _saved(line.get("segments"))
    types = linetable.event_types(line.get("eventTypes"), events)
    if line.get("events") == [] and not types:
        types = linetable.asked_event_types(segments.Expansion(node, saved).node)
    catalog = linetable.catalog(line["fields"], types)
    bound = check.require(node, catalog, clock, saved).bound
    ids, rows = linetable.rows(line["rows"], catalog, clock)
    theirs = linetable.events(events, ids, catalog, clock)
    try:
        mask = engine(catalog, rows, theirs, bound, clock.as_of)
    except (BadLine, SegmentryError):
        raise
    except Exception as err:
        # A fault of the engine is an error of this line alone: the others have their answers to come.
        said = " ".join(str(err).split())[:200]
        raise BadLine("INTERNAL", "", f"the engine failed: {type(err).__name__}: {said}") from err
    return sorted(
        (each for each, matched in zip(ids, mask, strict=True) if matched),
        key=lambda each: (isinstance(each, str), each),
    )


def _clock(line: dict[str, JsonValue], now: datetime) -> Clock:
    zone = line.get("tz")
    if zone is None:
        zone = line.get("zone", "UTC")
    name = zone if isinstance(zone, str) else ""
    try:
        known = zones.zone(name)
    except ValueError as err:
        message = f"{linetable.shown(zone)} is not an IANA time zone such as Africa/Johannesburg"
        raise BadLine("INVALID_TIME_ZONE", "tz", message) from err
    given = line.get("now")
    if given is None:
        return Clock.at(now, name)
    if not isinstance(given, str):
        raise BadLine(
            "INVALID_VALUE", "now", f"now needs an ISO-8601 time as text, got {linetable.shown(given)}"
        )
    return Clock.at(linetable.instant(given, known, "now"), name)


def _criteria(given: JsonValue, line: str) -> Node:
    if isinstance(given, str):
        return parse.loads(given)
    parse.refuse_size(given)
    infinite = _infinite(given, "")
    if infinite is not None:
        # NaN may stand in rows; criteria are strict JSON wherever they stand.
        try:
            strict_json.refuse_member(line, "criteria", max_nesting=_MAX_NESTING)
        except ParseError as err:
            err.metadata["path"] = infinite
            raise
    return parse.from_json(given)


def _saved(given: JsonValue) -> Saved:
    """The segments of a line. Raises: BadLine."""
    if given is None:
        return Saved()
    if not isinstance(given, dict):
        message = f"segments needs an object of id and criteria, got {linetable.shown(given)}"
        raise BadLine("INVALID_VALUE", "segments", message)
    found: dict[segments.Reference, Node] = {}
    for segment_id, each in given.items():
        path = paths.member("segments", segment_id)
        if not isinstance(each, list):
            found[segment_id, None] = found[segment_id, 1] = _segment(each, path)
            continue
        if not each:
            raise BadLine("INVALID_VALUE", path, "a segment has at least one version")
        for number, version in enumerate(each, start=1):
            node = _segment(version, paths.item(path, number - 1))
            found[segment_id, None] = found[segment_id, number] = node
    return Saved(found)


def _segment(given: JsonValue, path: str) -> Node:
    infinite = None if isinstance(given, str) else _infinite(given, path)
    if infinite is not None:
        raise BadLine("PARSE_ERROR", infinite, "NaN and infinities are no JSON")
    try:
        if isinstance(given, str):
            return parse.loads(given)
        parse.refuse_size(given)
        return parse.from_json(given)
    except InvalidCriteria as err:
        raise BadLine(err.code, path, err.message) from err
    except SegmentryError as err:
        raise BadLine(err.reason, path, err.message) from err


def _infinite(value: JsonValue, path: str) -> str | None:
    """The path of the first number that is none: NaN or an infinity."""
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    members: Iterable[tuple[str, JsonValue]] = ()
    if isinstance(value, dict):
        members = ((paths.member(path, key), each) for key, each in value.items())
    elif isinstance(value, list):
        members = ((paths.item(path, index), each) for index, each in enumerate(value))
    return next((found for here, each in members if (found := _infinite(each, here)) is not None), None)
