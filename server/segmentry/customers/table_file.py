"""A customer file as the source of a snapshot: loaded, looked at again, loaded anew when it has changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog
from segmentry.customers import load
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import Unavailable, UnreadableTable

# Modification time and size of the table and of its catalog.
Stamp = tuple[tuple[int, int], ...]


class TableFile:
    """One CSV, Parquet or Arrow file, and the catalog that says what it means (without one: inferred)."""

    def __init__(self, path: Path, schema_id: str, catalog: Path | None = None) -> None:
        self._path = path
        self._schema_id = schema_id
        self._catalog = catalog
        self._loaded: Stamp = ()

    async def load(self) -> Snapshot:
        """The table, read in a thread.

        Raises: UnreadableTable; EmptyDataset; InvalidParameters for the catalog.
        """
        return await asyncio.to_thread(self._load, None)

    async def reload(self, current: Snapshot) -> Snapshot | None:
        """The table if the file or its catalog has changed, else None. An inferred catalog keeps its fields.

        Raises: as `load`; Unavailable when the file was written to while it was read.
        """
        if await asyncio.to_thread(self._stamp) == self._loaded:
            return None
        return await asyncio.to_thread(self._load, current.catalog)

    def _load(self, before: Catalog | None) -> Snapshot:
        stamp = self._stamp()
        catalog = None if self._catalog is None else read_catalog(self._catalog)
        snapshot = load.load_table(self._path, self._schema_id, catalog, before=before)
        # Half of a file is a table too, with half of the customers.
        if before is not None and self._stamp() != stamp:
            raise Unavailable(
                f"{self._path} was written to while it was read; rename a finished file instead"
            )
        self._loaded = stamp
        return snapshot

    def _stamp(self) -> Stamp:
        """Raises: UnreadableTable when a file is not there."""
        found: list[tuple[int, int]] = []
        for path in (self._path, self._catalog):
            if path is None:
                continue
            try:
                status = path.stat()
            except OSError as err:
                # The loader's message for the first load says the same.
                raise UnreadableTable(f"{path} cannot be read ({err.strerror})", path=str(path)) from err
            found.append((status.st_mtime_ns, status.st_size))
        return tuple(found)


def read_catalog(path: Path) -> Catalog:
    """The catalog in that TOML file. Raises: UnreadableTable; InvalidParameters for its content."""
    try:
        return catalog_toml.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise UnreadableTable(
            f"{path}: the catalog cannot be read ({type(err).__name__})", path=str(path)
        ) from err
