"""CSV and its relatives in: which delimiter, is every line whole, and all cells as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from segmentry.customers import text_file
from segmentry.customers.text_file import PlainText
from segmentry.errors import EmptyDataset, UnreadableTable

DELIMITERS = (",", ";", "\t", "|")
SNIFF_BYTES = 2**20
SNIFF_ROWS = 200
MAX_COLUMNS = 4096
MAX_NAME = 128


@dataclass(frozen=True)
class TextTable:
    """All cells of a file as text: null for an empty cell. `notes` say how the file was read."""

    frame: pl.DataFrame
    delimiter: str
    notes: tuple[str, ...]


def read(path: Path) -> TextTable:
    """Read a delimited file whose first line names the columns.

    Raises: EmptyDataset without rows; UnreadableTable (path, line, column) for a bad header, lines with too
    many or too few fields, open quotes, binary content and endless lines.
    """
    with text_file.opened(path) as plain:
        delimiter = sniff(plain.path)
        header = _header(plain, path, delimiter)
        n_rows, n_blank = _whole_lines(plain, path, delimiter, len(header))
        if n_rows == 0:
            raise EmptyDataset(
                f"{path.name} has a header and no rows; it needs at least one row", path=str(path)
            )
        frame = _cells(plain, delimiter, header)
        if n_blank and frame.height != n_rows:
            frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
        if frame.height != n_rows:
            # The csv module decides what a row is; a parser that sees other rows is not asked.
            frame = _cells_one_by_one(plain, delimiter, header)
    return TextTable(frame, delimiter, plain.notes)


def sniff(path: Path) -> str:
    """The delimiter that splits the first lines most evenly; a comma when none splits them at all."""
    with path.open("rb") as file:
        head = file.read(SNIFF_BYTES)
    if len(head) == SNIFF_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    text = head.decode("utf-8", errors="replace")
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(text, delimiter)
        if not widths or widths[0] < 2:
            continue
        even = sum(width == widths[0] for width in widths) / len(widths)
        if (even, widths[0]) > best_score:
            best, best_score = delimiter, (even, widths[0])
    return best


def _widths(text: str, delimiter: str) -> list[int]:
    _raise_field_limit()
    try:
        rows = islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), SNIFF_ROWS)
        return [len(row) for row in rows if row]
    except csv.Error:
        return []


def _raise_field_limit() -> None:
    # The limit of the csv module (128 KiB) is for the whole process; ours is the line's.
    csv.field_size_limit(text_file.MAX_LINE)


def _header(plain: PlainText, path: Path, delimiter: str) -> list[str]:
    _raise_field_limit()
    with plain.path.open(encoding="utf-8", newline="") as file:
        try:
            names = next(csv.reader(file, delimiter=delimiter), list[str]())
        except csv.Error as err:
            raise UnreadableTable(
                f"the header of {path.name} has a quote that is never closed", path=str(path), line=1
            ) from err
    return check_names([name.strip() for name in names], path)


def check_names(names: Sequence[str], path: Path) -> list[str]:
    """The column names, if criteria can name each of them.

    Raises: UnreadableTable naming the columns.
    """
    if len(names) > MAX_COLUMNS:
        raise UnreadableTable(
            f"{path.name} has {len(names):,} columns, limit {MAX_COLUMNS:,}; keep fewer",
            path=str(path),
            actual=len(names),
            maximum=MAX_COLUMNS,
        )
    if not names or (len(names) == 1 and not names[0]):
        raise UnreadableTable(
            f"the first line of {path.name} is empty; it must name the columns", path=str(path), line=1
        )
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        fault = ""
        if not name:
            fault = f"column {position} has no name; write one into the header"
        elif name.startswith("$"):
            fault = f"column {position} is named {name!r}; a name cannot start with $, which marks operators"
        elif len(name) > MAX_NAME:
            fault = f"the name of column {position} has {len(name)} characters, limit {MAX_NAME}"
        elif any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in name):
            fault = f"the name of column {position} holds a control character: {name!r}"
        elif name in seen:
            fault = f"columns {seen[name]} and {position} are both named {name!r}; names must differ"
        if fault:
            raise UnreadableTable(
                f"{path.name}: {fault}", path=str(path), line=1, column=position, name=name[:64]
            )
        seen[name] = position
    return list(names)


def _whole_lines(plain: PlainText, path: Path, delimiter: str, expected: int) -> tuple[int, int]:
    """How many rows and how many blank lines; raises at the first line with another number of fields."""
    counted = _quoted_lines if plain.has_quotes else _plain_lines
    n_rows, n_blank = 0, 0
    for line, found in counted(plain.path, delimiter, expected, path):
        if found == 0:
            n_blank += line
        elif found == expected:
            n_rows += line
        else:
            more = "more" if found > expected else "fewer"
            quotes = ", and close every quote" if plain.has_quotes else ""
            raise UnreadableTable(
                f"line {line} of {path.name} has {found} fields, {more} than the {expected} of the header; "
                f"fields are split at {delimiter!r}, so quote a field that contains it{quotes}",
                path=str(path),
                line=line,
                expected=expected,
                found=found,
            )
    return n_rows, n_blank


def _quoted_lines(source: Path, delimiter: str, expected: int, path: Path) -> Iterator[tuple[int, int]]:
    """(1, fields) per whole row, (1, 0) per blank line, (line, fields) for a row that is not whole."""
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=False)
        start = 1
        try:
            for number, row in enumerate(reader):
                if number > 0:
                    whole = len(row) in {0, expected}
                    yield (1 if whole else start, len(row))
                start = reader.line_num + 1
        except csv.Error as err:
            raise UnreadableTable(
                f"the row that starts in line {start} of {path.name} has a quote that is never closed",
                path=str(path),
                line=start,
            ) from err


def _plain_lines(source: Path, delimiter: str, expected: int, path: Path) -> Iterator[tuple[int, int]]:
    """The same without quotes: per block the number of whole rows and of blank lines, counted in arrays."""
    del path
    line, rest = 1, b""
    with source.open("rb") as file:
        while True:
            block = file.read(text_file.BLOCK)
            text = rest + block
            if not text:
                return
            cut = text.rfind(b"\n") + 1 if block else len(text)
            rest, text = text[cut:], text[:cut]
            if not text:
                if not block:
                    return
                continue
            if not text.endswith(b"\n"):
                text += b"\n"
            found = _fields_per_line(text, delimiter)
            if line == 1:
                found[0] = expected
            wrong = np.flatnonzero((found != expected) & (found != 0))
            if len(wrong):
                yield line + int(wrong[0]), int(found[wrong[0]])
                return
            header = 1 if line == 1 else 0
            yield int(np.count_nonzero(found == expected)) - header, expected
            yield int(np.count_nonzero(found == 0)), 0
            line += len(found)
            if not block:
                return


def _fields_per_line(text: bytes, delimiter: str) -> np.ndarray:
    """(n_lines,): delimiters + 1 in each line, 0 for a line without anything."""
    letters = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    marks = np.flatnonzero(letters == ord(delimiter))
    before = np.searchsorted(marks, ends)
    fields = np.diff(before, prepend=0) + 1
    lengths = np.diff(ends, prepend=-1) - 1
    returns = letters[np.maximum(ends - 1, 0)] == ord("\r")
    return np.where((lengths == 0) | ((lengths == 1) & returns), 0, fields)


def _cells(plain: PlainText, delimiter: str, header: Sequence[str]) -> pl.DataFrame:
    try:
        frame = pl.read_csv(
            plain.path,
            has_header=False,
            skip_rows=1,
            schema={f"column_{position}": pl.String for position in range(1, len(header) + 1)},
            separator=delimiter,
            quote_char='"' if plain.has_quotes else None,
            glob=False,
        )
    except pl.exceptions.PolarsError:
        # Polars refuses a quote inside an unquoted field; people write such files, and they are readable.
        return _cells_one_by_one(plain, delimiter, header)
    frame.columns = list(header)
    return frame


def _cells_one_by_one(plain: PlainText, delimiter: str, header: Sequence[str]) -> pl.DataFrame:
    """The slow way: the csv module's own cells, some thousand rows at a time."""
    parts: list[pl.DataFrame] = []
    schema = dict.fromkeys(header, pl.String)
    with plain.path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        next(reader, None)
        rows = (row for row in reader if row)
        while batch := list(islice(rows, 10_000)):
            parts.append(pl.DataFrame(batch, schema=schema, orient="row"))
    return pl.concat(parts)
