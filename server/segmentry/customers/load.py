"""A customer file as a snapshot: CSV, Parquet or Arrow, with a catalog given or inferred from it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers import delimited, infer, text_values
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import EmptyDataset, UnreadableTable

TEXT = (".csv", ".tsv", ".tab", ".txt")
PARQUET = (".parquet", ".pq")
ARROW = (".arrow", ".ipc", ".feather")
HASH_BLOCK = 4 * 2**20


def load_table(
    path: Path, schema_id: str, catalog: Catalog | None = None, *, before: Catalog | None = None
) -> Snapshot:
    """Load a file. Without `catalog` one is inferred; with it, its types hold and other columns are left out.

    `before` is what was inferred from an earlier state of the same file: its fields stay what they were
    (`infer.keeping`). The snapshot id is the content's: the same file and catalog give the same id.

    Raises: EmptyDataset without rows; UnreadableTable (path, and line or column where there is one).
    """
    frame, notes = read_frame(path)
    if catalog is None:
        inferred = infer.columns(frame)
        catalog = infer.catalog_of(inferred, schema_id, before)
        typed, kept = as_inferred(frame, inferred, catalog)
        notes = (*notes, *kept)
    else:
        typed, declared = as_declared(frame, catalog, path)
        notes = (*notes, *declared)
    snapshot = Snapshot.from_frame(typed, catalog, snapshot_id=_content_id(path, catalog))
    return dataclasses.replace(snapshot, notes=notes)


def read_frame(path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The cells of a file, CSV as text, and notes on how it was read.

    Raises: EmptyDataset; UnreadableTable.
    """
    _check_file(path)
    kind = path.suffix.lower()
    if kind in TEXT:
        table = delimited.read(path)
        return table.frame, table.notes
    if kind not in PARQUET + ARROW:
        known = ", ".join((*TEXT, *PARQUET, *ARROW))
        raise UnreadableTable(
            f"{path.name} has the unknown ending {kind!r}; segmentry reads {known}", path=str(path)
        )
    what = "Parquet" if kind in PARQUET else "Arrow"
    if path.stat().st_size == 0:
        raise EmptyDataset(f"{path.name} is empty; it needs columns and at least one row", path=str(path))
    try:
        lazy = pl.scan_parquet(path, glob=False) if kind in PARQUET else pl.scan_ipc(path, glob=False)
        names = lazy.collect_schema().names()
        delimited.check_names(names, path)
        frame = lazy.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as err:
        raise UnreadableTable(
            f"{path.name} is no {what} file; check that its ending says what it is", path=str(path)
        ) from err
    if frame.height == 0:
        raise EmptyDataset(f"{path.name} has columns and no rows; it needs at least one row", path=str(path))
    return frame, ()


def _check_file(path: Path) -> None:
    try:
        there = path.exists()
    except OSError as err:
        raise UnreadableTable(f"{path} cannot be reached; check its permissions", path=str(path)) from err
    if not there:
        raise UnreadableTable(f"there is no file {path}", path=str(path))
    if path.is_dir():
        raise UnreadableTable(f"{path} is a folder; name one file", path=str(path))
    if not path.is_file():
        raise UnreadableTable(f"{path} is no regular file", path=str(path))
    try:
        with path.open("rb"):
            pass
    except OSError as err:
        raise UnreadableTable(f"{path} cannot be opened; check its permissions", path=str(path)) from err


def as_declared(frame: pl.DataFrame, catalog: Catalog, path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The catalog's columns with the catalog's types; what does not fit is unset and counted in a note.

    Raises: UnreadableTable if none of the catalog's columns is there.
    """
    notes: list[str] = []
    parts: list[pl.Series] = []
    for field in catalog.fields:
        if field.column_name not in frame.columns:
            notes.append(
                f"{field.name}: the file has no column {field.column_name!r}; it is unset in every row"
            )
            continue
        series = frame[field.column_name]
        typed = _declared(series, field)
        refused = typed.null_count() - _cleaned(series).null_count()
        if refused > 0:
            notes.append(f"{field.name}: {refused} values are no {field.type} and are unset")
        parts.append(typed.alias(field.column_name))
    if not parts:
        expected = ", ".join(field.column_name for field in catalog.fields[:5])
        raise UnreadableTable(
            f"{path.name} has none of the catalog's columns ({expected} ...)", path=str(path)
        )
    key = catalog.key_column
    if key and key not in {part.name for part in parts}:
        if key in frame.columns:
            parts.append(_cleaned(frame[key]))
        else:
            notes.append(f"the file has no key column {key!r}; customers are told by the number of the row")
    return pl.DataFrame(parts), tuple(notes)


def as_inferred(
    frame: pl.DataFrame, inferred: Sequence[infer.Inferred], catalog: Catalog
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The columns as inferred, but of the earlier type where the catalog kept that; and notes on those."""
    notes: list[str] = []
    parts = {each.field.name: each.series for each in inferred}
    for field in catalog.fields:
        series = parts.get(field.name)
        if series is None:
            notes.append(f"{field.name}: the column is gone; it is unset in every row")
        elif (as_kept := _as_kept(frame[field.name], series, field)) is not series:
            parts[field.name] = as_kept
            refused = as_kept.null_count() - series.null_count()
            notes.append(f"{field.name}: stays a {field.type}; {refused} values are none and are unset")
    return pl.DataFrame(list(parts.values())), tuple(notes)


def _as_kept(cells: pl.Series, inferred: pl.Series, field: Field) -> pl.Series:
    """The inferred column, or the cells read as the type that the field had before."""
    fits = {
        "number": inferred.dtype.is_numeric(),
        "boolean": inferred.dtype == pl.Boolean,
        "datetime": isinstance(inferred.dtype, pl.Date | pl.Datetime),
        "array": isinstance(inferred.dtype, pl.List),
    }.get(field.type, inferred.dtype == pl.String)
    return inferred if fits else _declared(cells, field).alias(inferred.name)


def _cleaned(series: pl.Series) -> pl.Series:
    return text_values.cleaned(series) if series.dtype == pl.String else series


def _declared(series: pl.Series, field: Field) -> pl.Series:
    text = _cleaned(series)
    if text.dtype != pl.String:
        return (
            text.cast(pl.String) if field.type in {"string", "enum"} and not text.dtype.is_nested() else text
        )
    match field.type:
        case "string" | "enum":
            return text
        case "boolean":
            return _flags(text)
        case "number":
            read = text_values.numbers(text)
            return text.cast(pl.Float64, strict=False) if read is None else read.series
        case "datetime":
            dates = text_values.instants(text)
            return text_values.iso(text) if dates is None else dates.series
        case "array":
            lists = text_values.lists(text)
            return text.str.split(";") if lists is None else lists.series


def _flags(text: pl.Series) -> pl.Series:
    """A column that the catalog declares boolean: true, yes and 1 are true; false, no and 0 are false."""
    lowered = text.str.to_lowercase()
    known = lowered.is_in(["true", "yes", "1", "t", "y", "false", "no", "0", "f", "n"])
    return lowered.is_in(["true", "yes", "1", "t", "y"]).set(~known | lowered.is_null(), None)


def _content_id(path: Path, catalog: Catalog) -> str:
    digest = hashlib.blake2b(catalog_toml.dumps(catalog).encode(), digest_size=8)
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK):
            digest.update(block)
    return f"f-{digest.hexdigest()}"
