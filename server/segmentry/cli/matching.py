"""`match`: what a definition selects, line by line, without a server."""

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import exit_codes, line_files, match_engines
from segmentry.cli.match_engines import Engine
from segmentry.cli.terminal import Terminal
from segmentry.errors import JsonValue

if TYPE_CHECKING:
    from segmentry.criteria import matchline

LONGEST_LINE = 256 * 1024 * 1024


def match(
    source: Annotated[str, typer.Option("--input", metavar="FILE.jsonl|-", help="One case per line.")],
    target: Annotated[str, typer.Option("--output", metavar="FILE.jsonl|-", help="One answer per line.")],
    engine: Annotated[
        Engine, typer.Option(help="The plain matcher, the table engine, the Polars export, or a database.")
    ] = Engine.REFERENCE,
    dsn: Annotated[str | None, typer.Option(metavar="DSN", help="The database of --engine postgres.")] = None,
) -> int:
    """Say which rows of each line its criteria select.

    A line is {id, fields: {name: type}, rows: [{_id, ...}], criteria, now}; its answer is {id, ids} with the
    matching _id ascending, or {id, error: {code, path, message}}. Lines are answered in their order, one at
    a time. A database holds each line's rows in temporary tables; without --dsn PostgreSQL is the embedded
    one. Exit code 2 says that a line was unreadable, 1 that a file could not be opened or that the engine
    itself failed on a line (INTERNAL).
    """
    terminal = Terminal()
    started = time.monotonic()
    now = datetime.now(UTC)
    answered = unreadable = failed = 0
    try:
        with (
            match_engines.opened(engine, dsn) as decide,
            line_files.opened(source) as lines,
            line_files.whole(target) as answers,
        ):
            for number, line in enumerate(line_files.bounded(lines, LONGEST_LINE), start=1):
                if line is not None and not line.strip():
                    continue
                answer = _answer(line, number, now, decide)
                # A lone surrogate of an id goes out as the escape that it came in as.
                text = json.dumps(answer, ensure_ascii=False).encode(errors="backslashreplace")
                answers.write(text + b"\n")
                answered += 1
                unreadable += _is_unreadable(answer)
                failed += _is_failed(answer)
    except BrokenPipeError:
        raise
    except OSError as error:
        terminal.note(f"error FILE_UNUSABLE: {error.filename or target}: {error.strerror}")
        return exit_codes.FAULT
    seconds = time.monotonic() - started
    failures = f"{failed:,} failed, " if failed else ""
    terminal.note(
        f"{answered:,} lines answered, {unreadable:,} unreadable, {failures}{seconds:.1f} s ({engine.value})"
    )
    if unreadable:
        return exit_codes.USAGE
    return exit_codes.FAULT if failed else exit_codes.OK


def _answer(
    line: bytes | None, number: int, now: datetime, decide: "matchline.Engine"
) -> dict[str, JsonValue]:
    from segmentry.criteria import matchline

    if line is None:
        problem = f"a line longer than {LONGEST_LINE:,} bytes is not read"
    else:
        try:
            return matchline.answer(line.decode(), number, now, decide)
        except UnicodeDecodeError as error:
            problem = f"a line is UTF-8 text; byte {error.start + 1} is not"
    return {"id": number, "error": {"code": "PARSE_ERROR", "path": "", "message": problem}}


def _is_unreadable(answer: dict[str, JsonValue]) -> bool:
    """Whether the line itself could not be read, as opposed to what it asks."""
    error = answer.get("error")
    return isinstance(error, dict) and error.get("code") == "PARSE_ERROR" and not error.get("path")


def _is_failed(answer: dict[str, JsonValue]) -> bool:
    error = answer.get("error")
    return isinstance(error, dict) and error.get("code") == "INTERNAL"
