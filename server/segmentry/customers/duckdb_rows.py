"""Plain rows as tables of a DuckDB in memory."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from segmentry.customers.connections import Connection
from segmentry.customers.duckdb import DuckdbConnection, DuckdbLimits


class DuckdbScratch:
    """A database in memory, in which tables are made and then read as any customer table is."""

    holds_nul = True

    def __init__(self) -> None:
        self._database = duckdb.connect(":memory:", config={"threads": "1", "memory_limit": "2GB"})
        self._connection = DuckdbConnection(database=self._database, limits=DuckdbLimits(statement_s=60.0))

    @property
    def connection(self) -> Connection:
        return self._connection

    async def write(self, statements: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Run statements in one transaction."""
        cursor = self._database.cursor()
        cursor.execute("BEGIN TRANSACTION")
        for text, values in statements:
            # A temporary table would be seen by this cursor alone; the whole database is temporary.
            cursor.execute(text.replace("CREATE TEMPORARY TABLE", "CREATE TABLE", 1), list(values)).fetchall()
        cursor.execute("COMMIT")
        cursor.close()

    async def close(self) -> None:
        """Drop the database."""
        await self._connection.close()
