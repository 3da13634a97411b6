"""`export`: criteria in the language of another system, by a server or by a catalog file alone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import criteria_argument
from segmentry.cli.problems import usage
from segmentry.errors import JsonValue

if TYPE_CHECKING:
    from segmentry.cli.session import Session
    from segmentry.cli.terminal import Terminal


async def export(
    session: "Session",
    criteria: Annotated[
        str, typer.Argument(metavar="JSON|@FILE|-", help="Criteria as `build` prints them.")
    ] = "-",
    *,
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="The language; --list shows them.")] = "",
    keep_placeholders: Annotated[
        bool,
        typer.Option("--keep-placeholders", help="Keep moving dates where the language has them."),
    ] = False,
    statement: Annotated[
        bool,
        typer.Option("--statement", help="Print what runs as it is: a SELECT, a find(), a request ..."),
    ] = False,
    view: Annotated[
        str,
        typer.Option("--view", metavar="NAME", help="Print the definition of a view of the members, in SQL."),
    ] = "",
    list_targets: Annotated[bool, typer.Option("--list", help="Show the languages, and end.")] = False,
) -> None:
    """Write criteria in another language: a filter, a query, SQL.

    The text goes to stdout, parameters and notes to stderr. Dates of a --view move with its database where
    that has moving dates. With --catalog and without --data no server is
    asked: the file alone says what the fields are.
    """
    if list_targets:
        _list(session.terminal)
        return
    if not to:
        raise usage("--to is needed: the language to export to (segmentry export --list)", path="--to")
    wanted = criteria_argument.read(criteria)
    moving = keep_placeholders or bool(view)
    if session.common.catalog is not None and session.common.data is None:
        found = _by_catalog(session, session.common.catalog, wanted, to, moving=moving, view=view)
    else:
        found = await _by_server(session, wanted, to, moving=moving, view=view)
    _show(found, session.terminal, statement=statement or bool(view))


def _list(terminal: "Terminal") -> None:
    from segmentry.criteria.export.targets import TARGETS

    if terminal.json:
        rows: list[JsonValue] = [
            {
                "target": row.name,
                "language": row.language,
                "exact": row.exact,
                "verified": row.verified.upper(),
                "movingDates": row.moving,
            }
            for row in TARGETS.values()
        ]
        terminal.value({"targets": rows})
        return
    width = max(map(len, TARGETS))
    terminal.line(f"{'TARGET'.ljust(width)}  EXACT        VERIFIED  LANGUAGE")
    for row in TARGETS.values():
        exact = "always" if row.exact else "says if not"
        terminal.line(
            f"{row.name.ljust(width)}  {exact.ljust(13)}{row.verified.upper().ljust(8)}  {row.language}"
        )


def _by_catalog(
    session: "Session", path: Path, wanted: dict[str, JsonValue], to: str, *, moving: bool, view: str
) -> dict[str, JsonValue]:
    from segmentry.criteria import catalog_toml, check, parse
    from segmentry.criteria.dates import Clock
    from segmentry.criteria.export import placeholders, targets
    from segmentry.criteria.export.exported import Source

    try:
        catalog = catalog_toml.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no file of UTF-8 text"
        raise usage(f"cannot read {path}: {why}", path="--catalog") from error
    try:
        clock = Clock.at(session.as_of or datetime.now(UTC), session.common.tz or catalog.time_zone)
    except (ValueError, KeyError) as error:
        raise usage(
            f"{session.common.tz!r} is no time zone; write one such as Africa/Johannesburg"
        ) from error
    node = parse.from_json(wanted)
    bound = check.require(node, catalog, clock).bound
    if moving:
        bound = placeholders.keep(node, bound)
    found = targets.write(to, bound, Source(catalog, clock), view)
    return {
        "target": to,
        "text": found.text,
        "parameters": list(found.parameters),
        "json": found.json,
        "exact": found.exact,
        "verified": found.verified.upper(),
        "notes": list(found.notes),
        "statement": found.statement,
    }


async def _by_server(
    session: "Session", wanted: dict[str, JsonValue], to: str, *, moving: bool, view: str
) -> dict[str, JsonValue]:
    from segmentry_client import to_dict

    from segmentry.v1 import segment_builder_pb2

    async with session.client(kept=criteria_argument.names_segments(wanted)) as client:
        reply = await client.export(
            wanted, to, keep_placeholders=moving, view=view, timeout_s=session.common.timeout
        )
    # The Struct holds doubles and no order of keys; the text has both.
    exact_json: JsonValue = json.loads(reply.text) if reply.HasField("json") else None
    verified = segment_builder_pb2.ExportVerification.Name(reply.verified)
    return {
        "target": to,
        "text": reply.text,
        "parameters": to_dict(reply).get("parameters", []),
        "json": exact_json,
        "exact": reply.exact,
        "verified": verified.removeprefix("EXPORT_VERIFICATION_"),
        "notes": list(reply.notes),
        "statement": reply.statement,
    }


def _show(found: dict[str, JsonValue], terminal: "Terminal", *, statement: bool) -> None:
    if terminal.json:
        terminal.value(found)
        return
    structured = found["json"]
    if statement:
        terminal.line(str(found["statement"]))
    elif structured is None:
        terminal.line(str(found["text"]))
    else:
        terminal.line(json.dumps(structured, ensure_ascii=False, indent=2))
    parameters = found["parameters"]
    for number, value in enumerate(parameters if isinstance(parameters, list) else (), start=1):
        terminal.note(f"parameter {number}: {json.dumps(value, ensure_ascii=False)}")
    notes = found["notes"]
    for note in notes if isinstance(notes, list) else ():
        terminal.note(f"note: {note}")
    if not found["exact"]:
        terminal.warning("this export is not exact: it may select other customers, as the notes say")
