"""A catalog from a table: every value is read, because a sample lies about rare ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.customers import naming, personal, text_values
from segmentry.customers.naming import Reading
from segmentry.customers.sampling import LONGEST_SAMPLE, SAMPLED_VALUES
from segmentry.customers.text_values import Typed
from segmentry.errors import UnreadableTable

ENUM_VALUES, ENUM_ROWS, ENUM_SHARE = 50, 200, 0.05
SAMPLED_ROWS, SAMPLED_SHARE = 1000, 0.5
LONGEST_VALUE = 200
# A value that fewer customers have says too much about each of them.
FEWEST_HOLDERS = 5
CODES = 12
IDENTIFIER_SHARE = 0.9
# Below this many rows that all differ a column tells nothing about identity.
IDENTIFIER_ROWS = 20
SENTINEL_SHARE = 0.05
THREADS = 2
_OF_TENANTS = frozenset({"tenant", "tenantid", "tenantkey", "tenantname", "tenantuuid"})
_TENANTS = "looks like the column that tells tenants apart: name it as tenant_column and leave it out here"


@dataclass(frozen=True)
class Inferred:
    """A field and its values, cast to the field's type."""

    field: Field
    series: pl.Series


def infer(frame: pl.DataFrame, schema_id: str) -> Catalog:
    """The catalog of a frame: types, value lists, ranges, ids, flags, personal fields, notes.

    Raises: UnreadableTable for a column of a type that criteria cannot ask about.
    """
    return catalog_of(columns(frame), schema_id)


def catalog_of(inferred: Sequence[Inferred], schema_id: str, before: Catalog | None = None) -> Catalog:
    """The catalog of inferred columns; with `before`, that of an earlier state of the same table, brought up
    to date: no field goes or changes its type, so what was asked of the table before can be asked again.
    """
    fields = without_collisions(tuple(_doubting_tenants(each.field) for each in inferred))
    if before is None:
        return Catalog(schema_id, fields, display_name=title(schema_id))
    found = {field.name: field for field in fields}
    kept = tuple(_keeping(old, found[old.name]) if old.name in found else old for old in before.fields)
    new = tuple(field for field in fields if field.name not in before.by_name)
    return before.replace_fields((*kept, *new))


def without_collisions(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields without synonyms that name another one, or that two would share."""
    owners: Counter[str] = Counter(plain(field.name) for field in fields)
    owners.update(plain(text) for field in fields for text in field.synonyms)
    return tuple(
        replace(field, synonyms=tuple(text for text in field.synonyms if owners[plain(text)] == 1))
        if field.synonyms
        else field
        for field in fields
    )


def plain(text: str) -> str:
    """What two names are compared by: their words alone."""
    return " ".join(naming.read(text).words)


def _doubting_tenants(field: Field) -> Field:
    plain = field.name.lower().replace("_", "").replace("-", "").replace(" ", "")
    return replace(field, notes=(*field.notes, _TENANTS)) if plain in _OF_TENANTS else field


def _keeping(old: Field, new: Field) -> Field:
    """The field as it is found now, but of the type that it had."""
    if old.type == new.type:
        # The key stays: one more value that is not unique must not rename every customer.
        return replace(new, role=old.role)
    if old.type == "string" and new.type == "enum":
        return replace(new, type="string", role=old.role)
    # An enum that now has too many values, or a column of other values altogether.
    return replace(old, values=()) if old.type == "enum" and new.type == "string" else old


def columns(frame: pl.DataFrame, *, typed: bool = False) -> list[Inferred]:
    """Each column of the frame as a field with its typed values. Raises: UnreadableTable.

    `typed`: the columns have the types of a database, so text is text, whatever it looks like, and an empty
    one is a value.
    """
    # Polars works outside the interpreter's lock, so a second thread reads a second column.
    with ThreadPoolExecutor(max_workers=THREADS) as threads:
        return list(threads.map(_stored if typed else column, frame.get_columns()))


def _stored(series: pl.Series) -> Inferred:
    """A column whose type is declared where it comes from."""
    if isinstance(series.dtype, pl.String) and series.count():
        return _words(series, naming.read(series.name))
    return column(series)


def title(schema_id: str) -> str:
    """A schema id in plain words, for people."""
    return naming.read(schema_id).description


def column(series: pl.Series) -> Inferred:
    """One column. Raises: UnreadableTable."""
    reading = naming.read(series.name)
    kind = series.dtype
    if kind == pl.Null:
        series, kind = series.cast(pl.String), pl.String()
    if isinstance(kind, pl.Categorical | pl.Enum | pl.Time):
        series, kind = series.cast(pl.String), pl.String()
    if isinstance(kind, pl.String):
        text = text_values.cleaned(series)
        n_empty = series.null_count() + int((series == "").sum())
        return _text(text, reading, n_spelled=text.null_count() - n_empty)
    if kind == pl.Boolean:
        return Inferred(_field(series, "boolean"), series)
    if kind.is_numeric():
        return _typed_number(series, reading)
    if isinstance(kind, pl.Date | pl.Datetime):
        return _datetime(Typed(series), reading)
    if isinstance(kind, pl.Duration):
        return _number(Typed(series.dt.total_microseconds() / 1e6, unit="seconds"), reading)
    if isinstance(kind, pl.List | pl.Array) and not getattr(kind, "inner", pl.Struct([])).is_nested():
        return _array(Typed(series.cast(pl.List(pl.String))), reading)
    raise UnreadableTable(
        f"column {series.name!r} holds nested values ({kind.base_type().__name__}); "
        "keep it as text or flatten it into columns of its own",
        column=series.name,
    )


def _field(series: pl.Series, kind: str, *notes: str) -> Field:
    assert kind in {"string", "enum", "number", "boolean", "datetime", "array"}
    reading = naming.read(series.name, kind)  # pyright: ignore[reportArgumentType]  # asserted above
    unset = series.null_count()
    return Field(
        name=series.name,
        type=kind,  # pyright: ignore[reportArgumentType]  # asserted above
        description=reading.description,
        synonyms=reading.synonyms,
        nullable=unset > 0,
        notes=tuple(note for note in notes if note),
    )


# --- text --------------------------------------------------------------------------------------------


def _text(text: pl.Series, reading: Reading, *, n_spelled: int) -> Inferred:
    """A column of text as what its values are; `n_spelled` of its cells held a blank and not nothing."""
    if text.count() == 0:
        return Inferred(_field(text, "string", "no value in any row"), text)
    flags = text_values.booleans(text)
    if flags is not None:
        return Inferred(_field(text, "boolean"), flags.series)
    numbers = text_values.numbers(text, n_spelled=n_spelled)
    if numbers is not None:
        return _number(numbers, reading, n_empty=text.null_count() - n_spelled)
    instants = text_values.instants(text)
    if instants is not None:
        return _datetime(instants, reading)
    lists = text_values.lists(text)
    if lists is not None:
        return _array(lists, reading)
    return _words(text, reading)


def _words(text: pl.Series, reading: Reading) -> Inferred:
    counts = text.drop_nulls().value_counts(sort=True, name="n").sort(
        ["n", text.name], descending=[True, False]
    )  # fmt: skip
    distinct, n_set = counts.height, text.count()
    values: list[str] = counts[text.name].head(SAMPLED_VALUES).to_list()
    yes_no = distinct <= SAMPLED_VALUES and {value.lower() for value in values} <= {"yes", "no"}
    pii = not yes_no and personal.is_personal(text, reading, distinct)
    field = _field(text, "string", _date_doubt(text))
    form = personal.format_of(text, reading)
    if form:
        field = replace(field, format=form)
    if pii:
        field = replace(field, pii=True, llm="name")
    if _is_identifier(distinct, n_set) or (reading.identifier and distinct == n_set and n_set > 1):
        return Inferred(replace(field, role="id"), text)
    if pii or any(len(value) > LONGEST_VALUE for value in values):
        return Inferred(field, text)
    few = distinct <= personal.FEW_ANSWERS and distinct <= SAMPLED_SHARE * n_set
    if reading.free_text or (reading.identifier and not few):
        return Inferred(field, text)
    held: list[str] = counts.filter(pl.col("n") >= FEWEST_HOLDERS)[text.name].head(SAMPLED_VALUES).to_list()
    known = tuple(FieldValue(value, sampled=True) for value in values[:ENUM_VALUES])
    if distinct <= ENUM_VALUES and len(text) >= ENUM_ROWS and distinct <= ENUM_SHARE * len(text):
        field = replace(field, type="enum", values=known, boolean_like=yes_no)
    elif yes_no:
        field = replace(field, values=known, boolean_like=True)
    elif distinct <= ENUM_VALUES and distinct <= SAMPLED_SHARE * n_set:
        field = replace(field, values=tuple(FieldValue(value, sampled=True) for value in held))
    elif distinct <= SAMPLED_VALUES and (len(text) < SAMPLED_ROWS or distinct <= SAMPLED_SHARE * n_set):
        field = replace(field, samples=tuple(value for value in held if len(value) <= LONGEST_SAMPLE))
    return Inferred(field, text)


def _date_doubt(text: pl.Series) -> str:
    if not text_values.looks_like_dates(text):
        return ""
    return "dates that could be day first or month first, or lack a century: kept as text; write 2025-12-31"


def _is_identifier(distinct: int, n_set: int) -> bool:
    return n_set >= IDENTIFIER_ROWS and distinct > IDENTIFIER_SHARE * n_set


# --- numbers, dates, lists -----------------------------------------------------------------------------


def _typed_number(series: pl.Series, reading: Reading) -> Inferred:
    """A column that is stored as numbers: integers stay exact, decimals become floats."""
    if series.dtype.is_integer():
        whole = series.cast(pl.Int64, strict=False)
        if whole.null_count() > series.null_count():
            return _words(series.cast(pl.String), reading)
        return _number(Typed(whole), reading)
    floats = series.cast(pl.Float64)
    odd = int((floats.is_not_null() & ~floats.is_finite()).sum())
    floats = floats.set(~floats.is_finite(), None)
    return _number(Typed(floats, (f"{odd} values are NaN or infinite: unset",) if odd else ()), reading)


def _number(typed: Typed, reading: Reading, *, n_empty: int = 0) -> Inferred:
    series = typed.series
    set_values = series.drop_nulls()
    integer = series.dtype.is_integer()
    empty = f"{n_empty} {'value is' if n_empty == 1 else 'values are'} empty" if n_empty else ""
    field = _field(series, "number", empty, *typed.notes)
    if not len(set_values):
        return Inferred(replace(field, integer=integer), series)
    low, high = _extremes(set_values)
    field = replace(
        field,
        integer=integer,
        minimum=low,
        maximum=high,
        unit=typed.unit or reading.unit,
        window_days=reading.window_days if integer else None,
        notes=(*field.notes, *_code_notes(set_values, integer=integer), *_sentinel_notes(set_values)),
    )
    if (low, high) == (0, 1) and (integer or set_values.n_unique() == 2):
        field = replace(field, boolean_like=True)
    distinct = set_values.n_unique() if integer else 0
    if integer and personal.is_personal_number(set_values, reading):
        field = replace(field, pii=True, llm="name")
    if integer and _is_key(set_values, distinct, reading):
        field = replace(field, role="id", minimum=None, maximum=None)
    return Inferred(field, series)


def _extremes(values: pl.Series) -> tuple[float, float]:
    """Smallest and largest as floats, which a range is."""
    array = values.to_numpy()
    return float(array.min()), float(array.max())


def _is_key(values: pl.Series, distinct: int, reading: Reading) -> bool:
    """Integers that number the rows: named so, or without gaps."""
    n_set = len(values)
    if n_set < 2 or distinct < 0.95 * n_set:
        return False
    if reading.identifier:
        return True
    whole = np.sort(values.to_numpy())
    return n_set >= IDENTIFIER_ROWS and distinct == n_set and int(whole[-1]) - int(whole[0]) == n_set - 1


def _code_notes(values: pl.Series, *, integer: bool) -> list[str]:
    """Contiguous small integers from 1 that repeat: more likely the numbers of a list than quantities."""
    if not integer:
        return []
    distinct = values.unique().sort().head(CODES + 1).to_list()
    if (
        not 2 <= len(distinct) <= CODES
        or distinct != list(range(1, len(distinct) + 1))
        or len(values) == len(distinct)
    ):
        return []
    return [f"may be a code: whole numbers from 1 to {len(distinct)} without gaps"]


def _sentinel_notes(values: pl.Series) -> list[str]:
    """One negative value beside values that are never negative: it stands for "none"."""
    array = values.to_numpy()
    negative = array[array < 0]
    if not len(negative) or len(negative) == len(array) or negative.min() != negative.max():
        return []
    portion = len(negative) / len(array)
    if portion < SENTINEL_SHARE or not math.isfinite(portion):
        return []
    return [
        f"{negative[0]:g} may stand for no value: {100 * portion:.0f} % of the values, no other is negative"
    ]


def _datetime(typed: Typed, reading: Reading) -> Inferred:
    series = typed.series
    field = _field(series, "datetime", *typed.notes)
    latest = series.cast(pl.Date).max()
    ahead = latest is not None and str(latest) > datetime.now(UTC).date().isoformat()
    field = replace(field, tense="any" if ahead or reading.may_be_ahead else "past")
    if reading.personal:
        field = replace(field, pii=True, llm="name")
    return Inferred(field, series)


def _array(typed: Typed, reading: Reading) -> Inferred:
    series = typed.series
    field = _field(series, "array", *typed.notes)
    elements = series.list.drop_nulls().explode().drop_nulls()
    if personal.looks_personal(elements) or reading.personal:
        return Inferred(replace(field, pii=True, llm="name"), series)
    counts = elements.value_counts(sort=True, name="n").sort(["n", series.name], descending=[True, False])
    varied = counts.height > SAMPLED_VALUES or (
        len(series) >= SAMPLED_ROWS and counts.height > SAMPLED_SHARE * len(series)
    )
    if not varied and not reading.free_text:
        # a value that one customer lists twice is still held by one
        held = _held_by_enough(series)
        field = replace(field, samples=tuple(value for value in held if len(value) <= LONGEST_SAMPLE))
    return Inferred(field, series)


def _held_by_enough(series: pl.Series) -> list[str]:
    """The elements that enough customers have, the most frequent first."""
    elements = series.list.unique().list.drop_nulls().explode().drop_nulls()
    counts = elements.value_counts(sort=True, name="n").sort(["n", series.name], descending=[True, False])
    return counts.filter(pl.col("n") >= FEWEST_HOLDERS)[series.name].to_list()
