"""Plain rows as temporary tables of one PostgreSQL session."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.customers.connections import Connection
from segmentry.customers.postgres import PostgresConnection


class PostgresScratch:
    """One session, in which temporary tables are made and then read as any customer table is."""

    holds_nul = False

    def __init__(self, dsn: str) -> None:
        # Temporary tables live in one session, and making them is a write.
        self._connection = PostgresConnection(
            dsn,
            pool_size=1,
            statement_s=60.0,
            settings={"default_transaction_read_only": "off"},
            lasting=True,
        )

    @property
    def connection(self) -> Connection:
        return self._connection

    async def write(self, statements: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Run statements in one transaction. Raises: StoreBusy, Unavailable."""
        async with self._connection.driver() as driver, driver.transaction():
            for text, values in statements:
                await driver.execute(text, *values)

    async def close(self) -> None:
        """End the session, and with it its tables."""
        await self._connection.close()
