"""Rows in COPY's text format as typed columns: one piece at a time, so that memory holds one piece of text.

A field ends with a tab and a row with a line feed, neither of which stands inside a value: there they are
written with a backslash. Null is `\\N`. (PostgreSQL documentation, COPY, "Text Format".)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import polars as pl

from segmentry.customers.columns import MICROSECONDS

NULL = "\\N"
_ESCAPED = ("\\\\", "\\b", "\\f", "\\n", "\\r", "\\t", "\\v")
_MEANT = ("\\", "\b", "\f", "\n", "\r", "\t", "\v")
_TRUE, _FALSE = ("t", "true", "yes", "y", "1"), ("f", "false", "no", "n", "0")

# How the text of a column is read.
Form = Literal["text", "integer", "float", "boolean", "instant", "list"]


@dataclass
class CopiedColumn:
    """A column that grows piece by piece. `refused` counts values that it cannot hold, which are unset."""

    name: str
    form: Form
    refused: int = 0

    def read(self, text: pl.Series) -> pl.Series:
        """The values of a piece. Nothing but what `refused` counts is lost."""
        typed = _typed(text, self.form)
        self.refused += typed.null_count() - text.null_count()
        return typed.alias(self.name)


def read(piece: bytes, columns: Sequence[CopiedColumn]) -> pl.DataFrame:
    """The rows of a piece, which holds whole rows of exactly these columns (two or more)."""
    assert len(columns) > 1, "a row of one empty text is an empty line, which a reader of CSV leaves out"
    texts = pl.read_csv(
        piece,
        has_header=False,
        separator="\t",
        quote_char=None,
        schema={f"column_{position}": pl.String for position in range(len(columns))},
        null_values=[NULL],
        empty_string_is_null=False,
    )
    # Most pieces hold no backslash but those of nulls, which are gone by now.
    escaped = b"\\" in piece.replace(b"\\N", b"")
    series = (_unescaped(each) if escaped else each for each in texts.get_columns())
    return pl.DataFrame([column.read(text) for column, text in zip(columns, series, strict=True)])


def _unescaped(text: pl.Series) -> pl.Series:
    # All at once and from the left: after `\\\\`, an n is a letter.
    return text.str.replace_many(list(_ESCAPED), list(_MEANT))


def _typed(text: pl.Series, form: Form) -> pl.Series:
    match form:
        case "text":
            return text
        case "integer":
            return _integers(text)
        case "float":
            floats = text.cast(pl.Float64, strict=False)
            return floats.set(~floats.is_finite(), None)
        case "boolean":
            lowered = text.str.to_lowercase()
            known = lowered.is_in([*_TRUE, *_FALSE])
            return lowered.is_in(_TRUE).set(~known | text.is_null(), None)
        case "instant":
            return _instants(text)
        case "list":
            return _lists(text)
        case _:
            assert_never(form)


def _integers(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    # `12.00` of a numeric column is whole, and so is `1e+20` of a double; both may be beyond 64 bits.
    wide = text.str.replace(r"\.0+$", "").cast(pl.Int128, strict=False)
    floats = text.set(~text.str.contains("e", literal=True).fill_null(value=False), None).cast(pl.Float64)
    return wide.zip_with(wide.is_not_null(), floats.set(floats != floats.round(0), None).cast(pl.Int128))


def _instants(text: pl.Series) -> pl.Series:
    """Dates, and times with the session's offset (UTC) or none; not infinity, no year beyond 9999."""
    dates = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    times = text.str.strip_suffix("+00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    return dates.zip_with(dates.is_not_null(), times).dt.replace_time_zone("UTC").cast(MICROSECONDS)


def _lists(text: pl.Series) -> pl.Series:
    """JSON lists of texts, as `array_to_json` writes them; lists of lists are refused."""
    flat = text.set(text.str.contains(r"^\s*\[\s*\[").fill_null(value=False), None)
    return flat.str.json_decode(pl.List(pl.String))
