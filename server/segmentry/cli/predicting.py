"""`predict`: queries in a file, criteria in a file, without a server."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import catalog_argument, exit_codes, line_files
from segmentry.cli.problems import usage
from segmentry.cli.terminal import Terminal, printable

if TYPE_CHECKING:
    from segmentry.predict.line import Tally
    from segmentry.predict.tables import Given

OUTCOMES = ("ok", "ambiguous", "invalid_field", "refuse")


class Tier(StrEnum):
    """Who reads the queries."""

    OFFLINE = "offline"
    AUTO = "auto"


def predict(
    source: Annotated[str, typer.Option("--input", metavar="FILE.jsonl|-", help="One query per line.")],
    target: Annotated[str, typer.Option("--output", metavar="FILE.jsonl|-", help="One answer per line.")],
    catalog: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="For lines without a schema: golf, a .toml or a .json.")
    ] = "",
    now: Annotated[str, typer.Option(metavar="TIME", help="For lines without now; else this moment.")] = "",
    tz: Annotated[str, typer.Option(metavar="ZONE", help="For lines without tz; else the catalog's.")] = "",
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Below this an answer becomes a question.")
    ] = 0.5,
    tier: Annotated[Tier, typer.Option(help="auto asks a model if one is configured.")] = Tier.OFFLINE,
    full: Annotated[bool, typer.Option("--full", help="With readings, provenance, notes, timings.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes that share the lines.")] = 1,
) -> int:
    """Read the query of each line into criteria.

    A line is {id, query, schema, rows, now}, with a catalog's name or --catalog in place of the schema; its
    answer is {id, outcome, criteria, confidence, explanation, suggestions}. The outcome is ok, ambiguous (the
    suggestions are questions), invalid_field (they are fields) or refuse. Lines are answered in their order;
    one that cannot be used is refused with the path of its fault. Exit code 2 says that there were such
    lines, 1 that a file could not be opened or that the reader itself failed on a line (INTERNAL).
    """
    from segmentry.predict import batch
    from segmentry.predict.line import Wanted
    from segmentry.predict.worker import WorkerLost

    terminal = Terminal()
    started = time.monotonic()
    reason = _offline_reason(tier)
    try:
        wanted = Wanted(_given(catalog, now, tz), min_confidence, full)
        bounds = batch.Bounds(jobs)
        with line_files.opened(source) as lines, line_files.whole(target) as answers:
            tally = batch.run(line_files.bounded(lines, bounds.longest), answers.write, wanted, bounds)
    except BrokenPipeError:
        raise
    except OSError as error:
        terminal.note(f"error FILE_UNUSABLE: {error.filename or target}: {error.strerror}")
        return exit_codes.FAULT
    except WorkerLost:
        terminal.note("error WORKER_LOST: a process of --jobs was ended from outside; try fewer of them")
        return exit_codes.FAULT
    _sum_up(tally, time.monotonic() - started, reason, terminal)
    if tally.unreadable:
        return exit_codes.USAGE
    return exit_codes.FAULT if tally.failed else exit_codes.OK


def _offline_reason(tier: Tier) -> str:
    """What the summary says about the tier. Raises: CommandError for a model that this version cannot ask."""
    if tier is Tier.OFFLINE:
        return "tier OFFLINE"
    from segmentry.cli import embedded

    settings = embedded.load(None)
    if settings.ai_openai_key is not None or settings.ai_base_url:
        raise usage(
            "--tier auto: a language model is configured, but this version has no tier for one; "
            "--tier offline answers every line without it"
        )
    return "tier OFFLINE (LLM_NOT_CONFIGURED)"


def _given(catalog: str, now: str, tz: str) -> "Given":
    """The catalog and the moment of the command line. Raises: CommandError, OSError, InvalidParameters."""
    from segmentry.predict import tables
    from segmentry.predict.faults import BadLine

    given = tables.Given(now or tables.started(), tz)
    try:
        tables.clock(given.now, tz or "UTC")
    except BadLine as bad:
        raise usage(bad.message, path=f"--{bad.path}") from bad
    if not catalog:
        return given
    if catalog == tables.PACKAGED:
        return tables.Given(given.now, tz, catalog)
    path, found = Path(catalog), catalog_argument.file(catalog)
    # Lines may name it by the file or by the schema that the file names.
    named = {path.stem: found, found.catalog.schema or path.stem: found}
    return tables.Given(given.now, tz, path.stem, named)


def _sum_up(tally: "Tally", seconds: float, reason: str, terminal: Terminal) -> None:
    for note, n in tally.notes.items():
        terminal.note(f"note: {printable(note)} ({n:,} {'line' if n == 1 else 'lines'})")
    parts = [f"{tally.outcomes[outcome]:,} {outcome}" for outcome in OUTCOMES if tally.outcomes[outcome]]
    if tally.unreadable:
        parts.append(f"{tally.unreadable:,} unreadable")
    if tally.failed:
        parts.append(f"{tally.failed:,} failed")
    rate = tally.lines / seconds if seconds else 0.0
    terminal.note(
        f"{tally.lines:,} lines: {', '.join(parts) or 'none'}; {seconds:.1f} s, {rate:,.0f} lines/s, {reason}"
    )
