"""Small pieces that all views share: numbers, columns, criteria as one line, progress in place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from google.protobuf import duration_pb2, json_format, struct_pb2
from segmentry_client.proto_json import free_form

from segmentry.cli.terminal import Terminal, printable

if TYPE_CHECKING:
    from rich.live import Live

LABEL_WIDTH = 13


def labelled(label: str, text: str, terminal: Terminal) -> str:
    """`  criteria     {...}`: a dim label of fixed width and its text."""
    return f"  {terminal.style(label.ljust(LABEL_WIDTH), 'dim')}{printable(text)}"


def one_line(criteria: struct_pb2.Struct) -> str:
    """Criteria as one line of JSON."""
    return json.dumps(
        free_form(json_format.MessageToDict(criteria)), ensure_ascii=False, separators=(",", ":")
    )


def number(value: float) -> str:
    """A number for people: no needless decimals, thousands apart."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}"


def many(amount: int, noun: str) -> str:
    """An amount with its noun: `1 customer`, `2,000 customers`."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def elapsed(duration: duration_pb2.Duration) -> str:
    """A duration as `12 ms` or `1.4 s`."""
    seconds = duration.seconds + duration.nanos / 1e9
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def columns(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Rows as text in aligned columns; `right` names the columns that are set to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.rjust(width) if position in right else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


class Redrawn:
    """A block of lines on stderr that is redrawn in place on a terminal; elsewhere it draws nothing."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._terminal.live:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, no_color=not self._terminal.colored(error=True), highlight=False)
            self._live = Live(console=console, refresh_per_second=12)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    @property
    def active(self) -> bool:
        """Whether the block is visible; if not, say it in plain lines."""
        return self._live is not None

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines in place of the last ones."""
        if self._live is not None:
            from rich.text import Text

            self._live.update(Text("\n".join(printable(line) for line in lines)))
