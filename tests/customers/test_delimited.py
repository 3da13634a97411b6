"""Delimited files: what is read, and what is refused with its line and what would work."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from segmentry.customers import delimited, text_file
from segmentry.errors import EmptyDataset, UnreadableTable


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n3,\n", [("1", "2"), ("3", None)]),
        (b"a;b\r\n1;2\r\n\r\n3;x y\r\n", [("1", "2"), ("3", "x y")]),
        (b"a\tb\n1\t2", [("1", "2")]),
        (b"a|b\n1|2,5\n", [("1", "2,5")]),
        (b'a,b\n"x\ny","q""z"\n1,"2"\n\n', [("x\ny", 'q"z'), ("1", "2")]),
        (b'a,b\n1,5" pipe\n2,3" pipe\n', [("1", '5" pipe'), ("2", '3" pipe')]),
        (b'a,b\n"x"y,2\n', [("xy", "2")]),
        (b"a,b\r1,2\r3,4\r", [("1", "2"), ("3", "4")]),
        (b"a,b\n,\n1,2\n", [(None, None), ("1", "2")]),
        ("\ufeffa,b\n1,é\n", [("1", "é")]),
    ],
    ids=["comma", "semicolon-crlf-blank-line", "tab-no-last-feed", "pipe", "quoted-newline", "inch-marks",
         "stray-quote", "old-mac", "row-of-blanks", "byte-order-mark"],
)  # fmt: skip
def test_cells_come_in_as_text(
    tmp_path: Path, content: bytes | str, rows: list[tuple[str | None, ...]]
) -> None:
    frame = delimited.read(written(tmp_path, content)).frame
    assert frame.columns == ["a", "b"]
    assert frame.rows() == rows


def test_one_column_skips_blank_lines(tmp_path: Path) -> None:
    assert delimited.read(written(tmp_path, b"a\n1\n\n2\n")).frame.rows() == [("1",), ("2",)]


@pytest.mark.parametrize(("encoding", "word"), [("utf-16", "UTF-16"), ("latin-1", "Latin-1")])
def test_other_encodings_are_read_and_noted(tmp_path: Path, encoding: str, word: str) -> None:
    table = delimited.read(written(tmp_path, "naïve,b\r\n1,é\r\n".encode(encoding)))
    assert table.frame.columns == ["naïve", "b"]
    assert table.frame.rows() == [("1", "é")]
    assert word in table.notes[0]


@pytest.mark.parametrize(
    ("content", "message", "place"),
    [
        (b"a,b\n1,2\n1,2,3\n", "line 3 .* 3 fields, more", {"line": "3", "expected": "2", "found": "3"}),
        (b"a,b\n1,2\n1\n", "line 3 .* 1 fields, fewer than the 2", {"line": "3"}),
        (b'a,b\n"x\ny",2\n1\n', "line 4 .* 1 fields", {"line": "4"}),
        (b'a,b\n1,2\n"1,2\n1,2\n', "line 3 .* close every quote", {"line": "3"}),
        (b"a,b,a\n1,2,3\n", "columns 1 and 3 are both named 'a'", {"column": "3", "name": "a"}),
        (b"a,,c\n1,2,3\n", "column 2 has no name", {"column": "2"}),
        (b"a,$b\n1,2\n", "cannot start with \\$", {"column": "2", "name": "$b"}),
        (b"\na,b\n1,2\n", "first line .* is empty", {"line": "1"}),
        (b"a,b\n1,\x002\n", "zero byte in line 2", {"line": "2"}),
        (b"\x89PNG\r\n\x1a\n\0\0", "zero byte", {}),
        (",".join(f"c{n}" for n in range(4097)) + "\n1\n", "4,097 columns, limit 4,096", {"actual": "4097"}),
        ("a" * 200 + ",b\n1,2\n", "200 characters, limit 128", {"column": "1"}),
    ],
    ids=["more", "fewer", "after-quoted-newline", "open-quote", "duplicate", "unnamed", "dollar", "no-header",
         "zero-byte", "binary", "too-wide", "long-name"],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_place(
    tmp_path: Path, content: bytes | str, message: str, place: dict[str, str]
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UnreadableTable, match=message) as caught:
        delimited.read(path)
    assert caught.value.metadata.items() >= place.items()
    assert caught.value.metadata["path"] == str(path)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"a,b\n", b"a,b\n\n\n"])
def test_a_file_without_rows_is_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EmptyDataset, match="at least one row"):
        delimited.read(written(tmp_path, content))


def test_an_endless_line_is_refused_without_reading_it_in(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,2\n")
        # Sparse: 2 GB on paper. Filled only as far as the scan may look.
        file.write(b"x" * (text_file.MAX_LINE + text_file.BLOCK))
        file.truncate(2 * 2**30)
    with pytest.raises(UnreadableTable, match=r"line 3 .* longer than 16 MiB") as caught:
        delimited.read(path)
    assert caught.value.metadata["line"] == "3"


def test_counting_agrees_across_block_edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "BLOCK", 7)
    body = "".join(f"{n},{n * n}\n" for n in range(200))
    assert delimited.read(written(tmp_path, "a,b\n" + body)).frame.height == 200
    with pytest.raises(UnreadableTable, match="line 202 "):
        delimited.read(written(tmp_path, "a,b\n" + body + "1,2,3\n4,5\n"))


def test_quotes_and_no_quotes_give_the_same_cells(tmp_path: Path) -> None:
    plain = "".join(f"{n},v{n % 7}\n" for n in range(500))
    quoted = "".join(f'"{n}",v{n % 7}\n' for n in range(500))
    first = delimited.read(written(tmp_path, "a,b\n" + plain)).frame
    second = delimited.read(written(tmp_path, "a,b\n" + quoted)).frame
    assert first.equals(second)
    assert first.schema == {"a": pl.String, "b": pl.String}
