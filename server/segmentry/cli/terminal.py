"""Where output goes: data to stdout, progress and messages to stderr; colour only where it is wanted."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from segmentry.errors import JsonValue

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Terminal:
    """The two outputs of a command. `json` means: stdout holds JSON alone, one value per line."""

    json: bool = False
    no_color: bool = False

    def colored(self, *, error: bool = False) -> bool:
        """Whether one of the outputs takes colours: a terminal that is not dumb, and nobody said no."""
        output = sys.stderr if error else sys.stdout
        wanted = not self.no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return wanted and output.isatty()

    @property
    def live(self) -> bool:
        """Whether progress may redraw itself in place; else it is plain lines."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not self.json

    def style(self, text: str, name: str, *, error: bool = False) -> str:
        """`text` in bold or in a colour where the output takes it, else as it is."""
        return f"\033[{_STYLES[name]}m{text}\033[0m" if self.colored(error=error) else text

    def line(self, text: str = "") -> None:
        """One line of data."""
        sys.stdout.write(_writable(text) + "\n")
        sys.stdout.flush()

    def value(self, value: JsonValue | Mapping[str, JsonValue]) -> None:
        """One JSON value on one line of data."""
        self.line(json.dumps(value, ensure_ascii=False, allow_nan=False))

    def note(self, text: str) -> None:
        """One line of progress or of a message."""
        sys.stderr.write(_writable(text) + "\n")
        sys.stderr.flush()

    def warning(self, text: str) -> None:
        """A message that deserves attention although the command goes on."""
        self.note(self.style("warning ", "yellow", error=True) + text)


def _writable(text: str) -> str:
    """Text without lone surrogates (what Python makes of bytes in an argument that are no UTF-8).

    Each becomes its escape `\\udcff`, which in JSON is the same text again.
    """
    return text.encode(errors="backslashreplace").decode()


def printable(text: str) -> str:
    """Text from elsewhere without the control characters that could steer a terminal."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else f"\\x{ord(character):02x}"
        for character in text
    )
