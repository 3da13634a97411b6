"""How ready a table is, in lines that fit 80 columns."""

from __future__ import annotations

import textwrap

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import many
from segmentry.v1 import segment_insights_pb2 as pb

WIDTH = 80
_LEVELS = {
    pb.READINESS_LEVEL_READY: ("ready", "green"),
    pb.READINESS_LEVEL_DEGRADED: ("degraded", "yellow"),
    pb.READINESS_LEVEL_NOT_READY: ("not ready", "red"),
}
_UNKNOWN = ("not known", "yellow")
# What stands before a finding: what is in nobody's way is only noted.
_MARKS = {
    pb.READINESS_LEVEL_READY: "note",
    pb.READINESS_LEVEL_DEGRADED: "limit",
    pb.READINESS_LEVEL_NOT_READY: "stop",
}


def readiness(found: pb.Readiness, terminal: Terminal, *, dated: bool = False) -> None:
    """The level in one line, then each finding with what to do about it."""
    word, color = _LEVELS.get(found.level, _UNKNOWN)
    parts = [terminal.style(word, color)]
    if found.HasField("score"):
        parts.append(f"score {found.score:.1f}")
    if found.HasField("rows"):
        parts.append(many(found.rows, "customer"))
    parts.append("model answers" if found.llm_available else "no model")
    parts.append("worker ready" if found.worker_available else "no worker")
    when = f"{found.checked_at.ToDatetime():%H:%M:%S} " if dated else ""
    terminal.line(f"{when}{printable(found.schema_id)}: {', '.join(parts)}")
    for each in found.findings:
        _finding(each, terminal)


def _finding(finding: pb.Finding, terminal: Terminal) -> None:
    mark = _MARKS.get(finding.level, "note")
    about = f"{finding.field or finding.resource_id}: " if finding.field or finding.resource_id else ""
    message = (
        finding.message if finding.field and finding.field in finding.message else about + finding.message
    )
    for line in textwrap.wrap(
        printable(message), WIDTH, initial_indent=f"  {mark:6}", subsequent_indent=" " * 8
    ):
        terminal.line(line)
    if finding.advice:
        for line in textwrap.wrap(
            printable(finding.advice), WIDTH, initial_indent=" " * 8 + "-> ", subsequent_indent=" " * 11
        ):
            terminal.line(line)
