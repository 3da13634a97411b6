"""Runs of the stored queries, in columns that fit 80."""

from __future__ import annotations

import textwrap

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, many
from segmentry.v1 import segment_insights_pb2 as pb

_WIDTH = 80


def run(found: pb.CanaryRun, terminal: Terminal) -> None:
    """What a run is and what came of it so far."""
    began = f"{found.start_time.ToDatetime():%Y-%m-%d %H:%M} UTC"
    terminal.line(printable(found.run_id))
    state = f"{found.state} ({found.stop_reason})" if found.stop_reason else found.state
    accepted = "; accepted" if found.accepted else ""
    _wrapped(f"{state}, begun {began} ({found.cause.replace('_', ' ')}){accepted}", terminal)
    version = " ".join(filter(None, (found.reported_model or found.model, found.fingerprint)))
    price = f", {found.cost_usd:.4f} US dollars" if found.HasField("cost_usd") else ""
    _wrapped(f"{version}: {many(found.calls, 'call')}{price}", terminal)
    _wrapped(
        f"{found.answered} of {found.queries} answered, {found.agreed} as the reader reads them, "
        f"{found.changed} otherwise than accepted",
        terminal,
    )


def whole(found: pb.CanaryRun, terminal: Terminal, *, every: bool) -> None:
    """A run with what is answered otherwise or not at all; with `every` each query."""
    run(found, terminal)
    if found.prompts_changed:
        _wrapped(f"other prompts than in the accepted answers: {', '.join(found.prompts_changed)}", terminal)
    said = {each.query: each for each in found.changes}
    for each in found.answers:
        if not every and each.state not in ("changed", "failed"):
            continue
        state = f"{each.state} ({each.failure})" if each.failure else each.state
        colour = {"changed": "yellow", "failed": "red"}.get(each.state, "dim")
        terminal.line(f"{terminal.style(state, colour)}  {printable(each.query)}")
        if each.query in said:
            _wrapped(f"{said[each.query].change}: {said[each.query].difference}", terminal)
    if found.state == "finished" and found.changed and not found.accepted:
        terminal.note(f"where they are right: segmentry canaries accept {found.run_id}")


def shown(found: pb.GetCanariesResponse, terminal: Terminal, *, every: bool, runs: bool) -> None:
    """The last run, when the next one comes, and with `runs` those before."""
    if not found.HasField("run"):
        terminal.line("the stored queries have not been asked yet")
    else:
        whole(found.run, terminal, every=every)
    days = many(found.every_days, "day")
    terminal.line(
        f"runs by itself every {days}, and when the model changes" if found.every_days else "runs on request"
    )
    if runs and found.earlier:
        _table(found, terminal)


def _table(found: pb.GetCanariesResponse, terminal: Terminal) -> None:
    head, *lines = columns(
        [
            ("BEGUN", "STATE", "CAUSE", "ANSWERED", "CHANGED", "ACCEPTED"),
            *(
                (
                    f"{each.start_time.ToDatetime():%Y-%m-%d %H:%M}",
                    each.state,
                    each.cause.replace("_", " "),
                    str(each.answered),
                    str(each.changed),
                    "yes" if each.accepted else "",
                )
                for each in found.earlier
            ),
        ],
        right=(3, 4),
    )
    terminal.line(terminal.style(f"  {head}", "bold"))
    for each, line in zip(found.earlier, lines, strict=True):
        terminal.line(printable(each.run_id))
        terminal.line(f"  {line}")


def _wrapped(text: str, terminal: Terminal) -> None:
    for line in textwrap.wrap(printable(text), _WIDTH, initial_indent="  ", subsequent_indent="    "):
        terminal.line(line)
