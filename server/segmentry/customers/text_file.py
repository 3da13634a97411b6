"""A text file before anything parses it: encoding, zero bytes, endless lines. Memory stays bounded."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from segmentry.errors import EmptyDataset, UnreadableTable

MAX_LINE = 16 * 2**20
BLOCK = 4 * 2**20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class PlainText:
    """A UTF-8 file without a byte order mark and with line feeds, and what was done to get there."""

    path: Path
    has_quotes: bool
    notes: tuple[str, ...] = ()


@contextmanager
def opened(path: Path) -> Generator[PlainText]:
    """The file as plain UTF-8: itself, or a copy in a temporary folder for the time of the block.

    Raises: EmptyDataset if nothing is in it; UnreadableTable for zero bytes and lines over 16 MiB (line).
    """
    bom_length, encoding = _byte_order_mark(path)
    if path.stat().st_size <= bom_length:
        raise EmptyDataset(
            f"{path.name} is empty; it needs a header line and at least one row", path=str(path)
        )
    notes: tuple[str, ...] = ()
    if encoding in {"utf-16-le", "utf-16-be"}:
        notes = ("read as UTF-16",)
    else:
        looked = _look(path, bom_length)
        if looked.utf8 and not bom_length and not looked.lone_returns:
            yield PlainText(path, looked.quotes)
            return
        if not looked.utf8:
            encoding, notes = "latin-1", ("not UTF-8: read as Latin-1, so check names with accents",)
    with TemporaryDirectory(prefix="segmentry-") as folder:
        copy = Path(folder) / "table.txt"
        _convert(path, copy, encoding, bom_length)
        looked = _look(copy, 0)
        yield PlainText(copy, looked.quotes, notes)


def _byte_order_mark(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        head = file.read(4)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return len(mark), encoding
    return 0, "utf-8"


@dataclass
class _Look:
    utf8: bool = True
    quotes: bool = False
    lone_returns: bool = False


def _look(path: Path, skip: int) -> _Look:
    """One pass in blocks. Line numbers count from 1."""
    looked = _Look()
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, line_length, feeds, returns = 1, 0, 0, 0
    with path.open("rb") as file:
        file.seek(skip)
        for block in _blocks(file):
            zero = block.find(b"\0")
            if zero >= 0:
                line = lines + block.count(b"\n", 0, zero)
                raise UnreadableTable(
                    f"{path.name} has a zero byte in line {line}: it is no text; save it as CSV in UTF-8",
                    path=str(path),
                    line=line,
                )
            first = block.find(b"\n")
            line_length += len(block) if first < 0 else first
            if line_length > MAX_LINE:
                raise UnreadableTable(
                    f"line {lines} of {path.name} is longer than {MAX_LINE // 2**20} MiB; "
                    "a table needs one line per row (is a line end or a closing quote missing?)",
                    path=str(path),
                    line=lines,
                    maximum=MAX_LINE,
                )
            if first >= 0:
                lines += block.count(b"\n")
                line_length = len(block) - 1 - block.rfind(b"\n")
            feeds += first >= 0
            returns += b"\r" in block
            looked.quotes = looked.quotes or b'"' in block
            if looked.utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    looked.utf8 = False
    if looked.utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            looked.utf8 = False
    looked.lone_returns = returns > 0 and feeds == 0
    return looked


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _convert(source: Path, target: Path, encoding: str, skip: int) -> None:
    """Rewrite in UTF-8 with line feeds; what the encoding cannot say becomes the replacement mark."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with source.open("rb") as file, target.open("w", encoding="utf-8", newline="") as out:
        file.seek(skip)
        ended_in_return = False
        for block in _blocks(file):
            text = decoder.decode(block)
            # A return and its feed may stand in two blocks.
            if ended_in_return and text.startswith("\n"):
                text = text[1:]
            ended_in_return = text.endswith("\r")
            out.write(text.replace("\r\n", "\n").replace("\r", "\n"))
        out.write(decoder.decode(b"", final=True))
