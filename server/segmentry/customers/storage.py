"""A snapshot as a folder: Arrow files, the catalog as TOML, and a manifest.

    catalog.toml    manifest.json    block-0.arrow ...

A block holds all arrays of one length: the rows of the table, the elements of its lists, one kind of event.
"""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
import polars as pl

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog
from segmentry.customers.columns import BOOLEANS, Array, Coded, Column, Instant, Mask, Number, Text
from segmentry.customers.events import EventTable
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import InvalidParameters, UnreadableTable

# 2: customers' keys.
FORMAT = 3


class _ColumnEntry(TypedDict):
    kind: str
    labels: list[str] | None
    arrays: list[str]


class _EventEntry(TypedDict):
    owners: str
    times: str
    columns: dict[str, _ColumnEntry]


class _Manifest(TypedDict):
    format: int
    snapshot_id: str
    rows: int
    loaded_at: str
    notes: list[str]
    keys: str | None
    blocks: int
    columns: dict[str, _ColumnEntry]
    events: dict[str, _EventEntry]


class _Writer:
    """Collects arrays by length and names them `part.array`."""

    def __init__(self) -> None:
        self.blocks: dict[int, list[pl.Series]] = {}

    def add(self, name: str, series: pl.Series) -> str:
        self.blocks.setdefault(len(series), []).append(series.rechunk().alias(name))
        return name

    def column(self, name: str, column: Column) -> _ColumnEntry:
        def bits(valid: Mask | None) -> list[str]:
            # Bytes, because Arrow packs booleans and NumPy cannot map packed bits.
            return [] if valid is None else [self.add(f"{name}.valid", pl.Series(valid.astype(np.uint8)))]

        match column:
            case Text(series):
                return {"kind": "text", "labels": None, "arrays": [self.add(f"{name}.text", series)]}
            case Coded(codes, labels):
                words = None if labels == BOOLEANS else [str(label) for label in labels]
                return {
                    "kind": "coded",
                    "labels": words,
                    "arrays": [self.add(f"{name}.codes", pl.Series(codes))],
                }
            case Number(values, valid):
                arrays = [self.add(f"{name}.values", pl.Series(values)), *bits(valid)]
                return {"kind": "number", "labels": None, "arrays": arrays}
            case Instant(values, valid):
                arrays = [self.add(f"{name}.values", pl.Series(values)), *bits(valid)]
                return {"kind": "instant", "labels": None, "arrays": arrays}
            case Array(offsets, codes, labels, valid):
                arrays = [
                    self.add(f"{name}.offsets", pl.Series(offsets)),
                    self.add(f"{name}.codes", pl.Series(codes)),
                    *bits(valid),
                ]
                return {"kind": "array", "labels": list(labels), "arrays": arrays}


def write(snapshot: Snapshot, path: Path) -> None:
    """Write the folder `path`. It appears under that name when it is complete.

    Raises: OSError if the disk refuses.
    """
    writer = _Writer()
    manifest: _Manifest = {
        "format": FORMAT,
        "snapshot_id": snapshot.snapshot_id,
        "rows": snapshot.rows,
        "loaded_at": snapshot.loaded_at.isoformat(),
        "notes": list(snapshot.notes),
        "keys": None if snapshot.keys is None else writer.add("keys", snapshot.keys),
        "blocks": 0,
        "columns": {name: writer.column(name, column) for name, column in snapshot.store.items()},
        "events": {
            name: {
                "owners": writer.add(f"event {name}.owners", pl.Series(table.owners)),
                "times": writer.add(f"event {name}.times", pl.Series(table.times)),
                "columns": {
                    each: writer.column(f"event {name}.{each}", column)
                    for each, column in table.columns.items()
                },
            }
            for name, table in snapshot.events.items()
        },
    }
    manifest["blocks"] = len(writer.blocks)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two servers may write the same table: each into a folder of its own, and the later name wins.
    unfinished = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        _fill(unfinished, writer, manifest, snapshot.catalog)
        shutil.rmtree(path, ignore_errors=True)
        unfinished.rename(path)
    except FileExistsError:
        # The other one was faster, with the same content under the same id.
        pass
    except OSError as err:
        if err.errno != errno.ENOTEMPTY:
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fill(folder: Path, writer: _Writer, manifest: _Manifest, catalog: Catalog) -> None:
    for number, series in enumerate(writer.blocks.values()):
        # One record batch per file, so that every array is contiguous in the mapping.
        length = max(len(series[0]), 1)
        try:
            pl.DataFrame(series).write_ipc(folder / f"block-{number}.arrow", record_batch_size=length)
        except pl.exceptions.PolarsError as err:
            raise OSError(errno.EIO, "the disk refused a block of rows", str(folder)) from err
    (folder / "catalog.toml").write_text(catalog_toml.dumps(catalog), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def read(path: Path) -> Snapshot:
    """Open a folder made by `write`.

    Raises: UnreadableTable if it holds no snapshot, or one of another version.
    """
    try:
        manifest = cast("_Manifest", json.loads((path / "manifest.json").read_text(encoding="utf-8")))
        catalog = catalog_toml.loads((path / "catalog.toml").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise UnreadableTable(
                f"{path} was written by another version (format {manifest['format']}, this reads {FORMAT})"
                "; write it again from the table it was made of",
                path=str(path),
            )
        series: dict[str, pl.Series] = {}
        for number in range(manifest["blocks"]):
            block = pl.scan_ipc(path / f"block-{number}.arrow", glob=False).collect()
            series.update({name: block[name] for name in block.columns})
        return _snapshot(manifest, catalog, series)
    except (OSError, ValueError, KeyError, TypeError, InvalidParameters, pl.exceptions.PolarsError) as err:
        raise UnreadableTable(f"{path} holds no snapshot", path=str(path)) from err


def _snapshot(manifest: _Manifest, catalog: Catalog, series: Mapping[str, pl.Series]) -> Snapshot:
    def array(name: str) -> np.ndarray:
        return series[name].rechunk().to_numpy()

    events = {
        name: EventTable(
            catalog.event_by_name[name],
            array(entry["owners"]),
            array(entry["times"]),
            {each: _column(column, series, array) for each, column in entry["columns"].items()},
        )
        for name, entry in manifest["events"].items()
    }
    return Snapshot(
        catalog=catalog,
        rows=manifest["rows"],
        store={name: _column(entry, series, array) for name, entry in manifest["columns"].items()},
        events=events,
        snapshot_id=manifest["snapshot_id"],
        loaded_at=datetime.fromisoformat(manifest["loaded_at"]),
        notes=tuple(manifest["notes"]),
        keys=None if manifest["keys"] is None else series[manifest["keys"]],
    ).prepared()


def _column(
    entry: _ColumnEntry, series: Mapping[str, pl.Series], array: Callable[[str], np.ndarray]
) -> Column:
    names, labels = entry["arrays"], entry["labels"]

    def valid(position: int) -> Mask | None:
        return array(names[position]).view(np.bool_) if len(names) > position else None

    match entry["kind"]:
        case "text":
            return Text(series[names[0]])
        case "coded":
            return Coded(array(names[0]), BOOLEANS if labels is None else tuple(labels))
        case "number":
            return Number(array(names[0]), valid(1))
        case "instant":
            return Instant(array(names[0]), valid(1))
        case "array":
            return Array(array(names[0]), array(names[1]), tuple(labels or ()), valid(2))
        case kind:
            raise ValueError(f"unknown kind of column {kind!r}")
