"""What became of builds, in columns that fit 80."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns
from segmentry.v1 import segment_builder_pb2, segment_insights_pb2

_WIDEST_QUERY = 40


def recorded(found: segment_builder_pb2.RecordOutcomeResponse, terminal: Terminal) -> None:
    """What a report came to, and whose conditions were touched."""
    terminal.line(f"{printable(found.build_id)}: {_change(found.change)}")
    if found.edited_agents:
        terminal.line(f"conditions of {', '.join(map(printable, found.edited_agents))} were touched")


def outcomes(found: Sequence[segment_insights_pb2.RecordedOutcome], terminal: Terminal) -> None:
    """One line per report."""
    if not found:
        terminal.line("nothing was reported")
        return
    head, *lines = columns(
        [
            ("WHEN", "CHANGE", "QUERY"),
            *(
                (
                    f"{each.report_time.ToDatetime():%Y-%m-%d %H:%M}",
                    _change(each.change),
                    _short(printable(each.query) or "(personal)"),
                )
                for each in found
            ),
        ]
    )
    terminal.line(terminal.style(head, "bold"))
    for each, line in zip(found, lines, strict=True):
        terminal.line(line.rstrip())
        terminal.line(terminal.style(f"  {printable(each.build_id)}", "dim"))


def _change(change: segment_builder_pb2.OutcomeChange.ValueType) -> str:
    name = segment_builder_pb2.OutcomeChange.Name(change).removeprefix("OUTCOME_CHANGE_")
    return name.lower().replace("_", " ")


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST_QUERY else f"{text[: _WIDEST_QUERY - 3]}..."
