"""Text cells as typed values: blanks, numbers in several notations, dates, lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from segmentry.customers.columns import MICROSECONDS
from segmentry.errors import JsonValue

# A column is what 99 % of its values are; the rest is unset and counted in a note.
ENOUGH = 0.99
# Spelled out, because lower-casing every cell of a large table takes seconds.
_BLANKS = ("", "null", "NULL", "Null", "nan", "NaN", "NAN", "n/a", "N/A", "#n/a", "#N/A")
# Blanks in a column of numbers only: elsewhere NA is Namibia, and "none" an answer.
_NUMBER_BLANKS = (
    *("na", "NA", "none", "None", "NONE", "-", "--", "?"),
    *("missing", "Missing", "MISSING", "unknown", "Unknown", "UNKNOWN"),
)
# A glance at this many values spread over the column spares the full reading of hopeless ones.
_GLANCE = 1000
_PLAIN = r"^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_GROUPED = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$|^-?\d+(?:\.\d+)?$"
_EUROPEAN = r"^-?\d{1,3}(?:\.\d{3})+(?:,\d+)?$|^-?\d+(?:,\d+)?$"
_MONEY = r"^(-?)\s*(?:[$€£]|EUR|USD|GBP|ZAR|R)\s*(-?[\d.,]+)$|^(-?[\d.,]+)\s*(?:[$€£]|EUR|USD|GBP|ZAR)$"
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$"
_YEAR_FIRST = r"^\d{4}[/.]\d{1,2}[/.]\d{1,2}$"
_SLASHED = r"^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?)?$"
_SHORT_YEAR = r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2}(?: \d{1,2}:\d{2}(?::\d{2})?)?$"
_NAMED_MONTH = r"^(?:\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4})$"
_TIMES = (" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "")


@dataclass(frozen=True)
class Typed:
    """A column read as one type, and what a reader of the table should know about it."""

    series: pl.Series
    notes: tuple[str, ...] = field(default_factory=tuple)
    unit: str = ""


def cleaned(series: pl.Series) -> pl.Series:
    """Trimmed text; blank, NULL, NaN and N/A are unset."""
    trimmed = series.str.strip_chars()
    return trimmed.set(trimmed.is_in(_BLANKS), None)


def _glance(text: pl.Series) -> pl.Series:
    """Some values, evenly spread; no value of a column is far from one of them."""
    return text.gather_every(max(len(text) // _GLANCE, 1)).drop_nulls()


def share(mask: pl.Series) -> float:
    """The share of true among the set values, 0 when none is set."""
    return float(mask.mean() or 0.0) if mask.null_count() < len(mask) else 0.0  # pyright: ignore[reportArgumentType]


def booleans(text: pl.Series) -> Typed | None:
    """`true` and `false` alone, in any case."""
    if not bool(_glance(text).str.len_bytes().is_between(4, 5).all()):
        return None
    lowered = text.str.to_lowercase()
    if not bool(lowered.drop_nulls().is_in(["true", "false"]).all()):
        return None
    return Typed(lowered == "true")


def numbers(text: pl.Series, *, n_spelled: int = 0) -> Typed | None:
    """Numbers when at least 99 % of the values are: plain, thousands separators, European, money, percent.

    Whole numbers come back as Int64, exact. Leading zeros and a leading `+` mean text (codes, phone numbers).
    `n_spelled` of the unset cells were written as a blank or as `NULL`, which is told: elsewhere they make a
    column of text.
    """
    # Half is far below 99 %: a column that is a number is not missed for its order of rows.
    glance = _glance(text)
    if len(glance) and share(glance.str.contains(r"\d") | glance.is_in(_NUMBER_BLANKS)) < 0.5:
        return None
    if bool(text.str.contains(r"^(?:\+\d|-?0\d+$)").any()):
        return None
    blanked = text.set(text.is_in(_NUMBER_BLANKS), None)
    if blanked.null_count() == len(blanked):
        return None
    notes: list[str] = []
    n_words = blanked.null_count() - text.null_count()
    read = _number_text(blanked)
    if read is None:
        # The words count as refused values then: too many of them, and it is a column of text.
        return None
    plain, note, unit = read
    if note:
        notes.append(note)
    values = _cast(plain)
    n_blank = text.null_count()
    n_refused = values.null_count() - n_blank
    said: list[str] = []
    if n_spelled > 0:
        said.append(f"{n_spelled} blank {'value is' if n_spelled == 1 else 'values are'} unset")
    if n_refused > 0:
        examples = (
            text.filter(values.is_null() & text.is_not_null()).unique(maintain_order=True).head(3).to_list()
        )
        shown = ", ".join(repr(_short(example)) for example in examples)
        what = "value that is none is" if n_refused == 1 else "values that are none are"
        said.append(f"{n_refused} {what} unset, such as {shown}")
    if said:
        notes.append(f"read as number; {', '.join(said)}")
    if n_words > (1 - ENOUGH) * len(text) and _too_many_words(text, blanked):
        return None
    return Typed(values, tuple(notes), unit)


def _too_many_words(text: pl.Series, blanked: pl.Series) -> bool:
    """Words such as `unknown` next to few numbers make categories, not numbers."""
    return blanked.count() < 0.5 * text.count()


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _number_text(text: pl.Series) -> tuple[pl.Series, str, str] | None:
    """The cells as plain decimal text (null where none), a note and a unit; None if they are no numbers."""
    for body, unit in _stripped(text):
        plain = body.str.contains(_PLAIN)
        if share(plain) >= ENOUGH:
            return body.set(~plain, None), f"the sign {unit} was taken off" if unit else "", unit
        grouped = body.str.contains(_GROUPED)
        if share(grouped) >= ENOUGH:
            digits = body.set(~grouped, None).str.replace_all(",", "", literal=True)
            return digits, "thousands separators were taken off", unit
        european = body.str.contains(_EUROPEAN)
        if share(european) >= ENOUGH:
            digits = body.set(~european, None).str.replace_all(".", "", literal=True)
            return digits.str.replace(",", ".", literal=True), "decimal commas were read (1.234,56)", unit
    return None


def _stripped(text: pl.Series) -> list[tuple[pl.Series, str]]:
    """The cells as they are; and without a percent sign or currency that all of them carry."""
    bodies = [(text, "")]
    head = text.drop_nulls().head(100)
    if share(head.str.ends_with("%")) >= ENOUGH:
        bodies.append((text.str.strip_suffix("%").str.strip_chars(), "percent"))
    if share(head.str.contains(_MONEY)) >= ENOUGH:
        sign = head.str.extract(r"([$€£]|EUR|USD|GBP|ZAR|R)").drop_nulls()
        if sign.n_unique() == 1:
            body = text.str.replace(r"\s*(?:[$€£]|EUR|USD|GBP|ZAR|R)\s*", "")
            unit = {"$": "USD", "€": "EUR", "£": "GBP", "R": "ZAR"}.get(str(sign[0]), str(sign[0]))
            bodies.append((body, unit))
    return bodies


def _cast(plain: pl.Series) -> pl.Series:
    whole = plain.cast(pl.Int64, strict=False)
    if whole.null_count() == plain.null_count():
        return whole
    floats = plain.cast(pl.Float64, strict=False)
    return floats.set(~floats.is_finite(), None)


def instants(text: pl.Series) -> Typed | None:
    """ISO dates and times, year-first dates, and day- or month-first dates where the values show which."""
    glance = _glance(text)
    if share(glance.str.contains(_NAMED_MONTH)) >= 0.9:
        even = text.str.replace_all(r"[-,]", " ").str.replace_all(r" +", " ")
        return _enough(text, _first_set(even, ["%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y"]), "")
    if share(glance.str.contains(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")) < 0.9:
        return None
    if share(text.str.contains(_ISO)) >= ENOUGH:
        return _enough(text, iso(text), "")
    if share(text.str.contains(_YEAR_FIRST)) >= ENOUGH:
        dashed = text.str.replace_all(r"[/.]", "-")
        return _enough(text, _first_set(dashed, ["%Y-%m-%d"]), "")
    order = day_order(text)
    if order is None:
        return None
    pattern, note = ("%d-%m-%Y", "day comes first") if order == "day" else ("%m-%d-%Y", "month comes first")
    dashed = text.str.replace_all(r"[/.]", "-").str.replace("T", " ", literal=True)
    dashed = dashed.str.replace(r" ?([AaPp][Mm])$", " $1")
    parsed = _first_set(dashed, [pattern + time for time in _TIMES])
    return _enough(text, parsed, f"dates as {text.drop_nulls()[0]!r}: {note}, as the values show")


def day_order(text: pl.Series) -> str | None:
    """`day` or `month` when some value can only be read so and none contradicts, else None."""
    if share(text.str.contains(_SLASHED)) < ENOUGH:
        return None
    first = text.str.extract(_SLASHED, 1).cast(pl.Int64)
    second = text.str.extract(_SLASHED, 3).cast(pl.Int64)
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    if day_first == month_first:
        return None
    return "day" if day_first else "month"


def looks_like_dates(text: pl.Series) -> bool:
    """Dates with slashes that could be read in more than one way."""
    if share(_glance(text).str.contains(r"^\d{1,2}[/.-]\d")) < 0.9:
        return False
    return share(text.str.contains(_SLASHED) | text.str.contains(_SHORT_YEAR)) >= ENOUGH


def iso(text: pl.Series) -> pl.Series:
    even = text.str.replace(" ", "T", literal=True).str.replace(r"\s*Z$", "+00:00").str.replace_all(" ", "")
    offset = even.str.contains(r"[+-]\d{2}:?\d{2}$") & even.str.contains("T", literal=True)
    zoned = even.set(~offset, None)
    with_offset = _first_set(zoned, ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"])
    local = even.set(offset, None)
    without = _first_set(local, ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d"])
    return with_offset.zip_with(with_offset.is_not_null(), without)


def _first_set(text: pl.Series, formats: Sequence[str]) -> pl.Series:
    """UTC instants by the first format that reads a cell; no offset means UTC."""
    found = pl.Series(text.name, [None] * len(text), dtype=MICROSECONDS)
    for pattern in formats:
        if ":" not in pattern:
            read = text.str.to_date(pattern, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        elif pattern.endswith("z"):
            read = text.str.to_datetime(pattern, strict=False, time_unit="us", time_zone="UTC")
        else:
            read = text.str.to_datetime(pattern, strict=False, time_unit="us").dt.replace_time_zone("UTC")
        found = found.zip_with(found.is_not_null(), read)
    return found


def _enough(text: pl.Series, parsed: pl.Series, note: str) -> Typed | None:
    n_set = text.count()
    n_refused = n_set - parsed.count()
    if n_set == 0 or n_refused > (1 - ENOUGH) * n_set:
        return None
    notes = [note] if note else []
    if n_refused:
        notes.append(f"{n_refused} values that are no dates are unset")
    return Typed(parsed, tuple(notes))


def lists(text: pl.Series) -> Typed | None:
    """JSON lists of plain values, or texts separated by `;`."""
    head = text.drop_nulls().head(1000)
    if len(head) == 0:
        return None
    if share(head.str.starts_with("[") & head.str.ends_with("]")) >= ENOUGH:
        decoded = [None if cell is None else _json_list(cell) for cell in text.to_list()]
        n_refused = sum(
            1 for cell, items in zip(text, decoded, strict=True) if cell is not None and items is None
        )
        if n_refused > (1 - ENOUGH) * text.count():
            return None
        notes = (f"{n_refused} values that are no JSON lists are unset",) if n_refused else ()
        return Typed(pl.Series(text.name, decoded, dtype=pl.List(pl.String)), notes)
    # A column of sentences has semicolons too: lists repeat few, short elements.
    if share(head.str.contains(";", literal=True)) < 0.1:
        return None
    split = text.str.split(";").list.eval(pl.element().str.strip_chars().replace("", None)).list.drop_nulls()
    elements = split.explode().drop_nulls()
    longest = elements.str.len_chars().max()
    if (
        elements.n_unique() > 1000
        or elements.n_unique() > 0.5 * len(elements)
        or not longest
        or int(str(longest)) > 60
    ):
        return None
    return Typed(split)


def _json_list(cell: str) -> list[str] | None:
    try:
        items: JsonValue = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or any(isinstance(item, list | dict) for item in items):
        return None
    return [item if isinstance(item, str) else json.dumps(item) for item in items if item is not None]
