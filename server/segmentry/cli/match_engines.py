"""The engines that `match` can ask, each opened for as long as the command runs."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Generator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from segmentry.cli.embedded import data_folder
from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.criteria import matchline

DSN_VARIABLE = "SEGMENTRY_TEST_DSN"


class Engine(StrEnum):
    """Which engine decides."""

    REFERENCE = "reference"
    BITMAP = "bitmap"
    SNAPSHOT = "snapshot"
    POLARS = "polars"
    DUCKDB = "duckdb"
    POSTGRES = "postgres"


@contextlib.contextmanager
def opened(engine: Engine, dsn: str | None) -> "Generator[matchline.Engine]":
    """The engine, until the block ends. `snapshot` is another name of `bitmap`.

    Without a `dsn` PostgreSQL is the one of SEGMENTRY_TEST_DSN, else the embedded one of the data folder.

    Raises: CommandError for a DSN that no engine asks for; Unavailable.
    """
    if dsn is not None and engine is not Engine.POSTGRES:
        raise usage(f"--dsn is for --engine postgres, not for {engine.value}")
    match engine:
        case Engine.REFERENCE:
            from segmentry.criteria import matchline

            yield matchline.reference
        case Engine.BITMAP | Engine.SNAPSHOT:
            from segmentry.customers import rows

            yield rows.select
        case Engine.POLARS:
            from segmentry.customers import polars_rows

            yield polars_rows.select
        case Engine.DUCKDB:
            from segmentry.customers.duckdb_rows import DuckdbScratch
            from segmentry.customers.sql_rows import SqlRows

            with SqlRows(DuckdbScratch) as tables:
                yield tables.select
        case Engine.POSTGRES:
            from segmentry.customers.postgres_rows import PostgresScratch
            from segmentry.customers.sql_rows import SqlRows

            with _server(dsn) as address, SqlRows(lambda: PostgresScratch(address)) as tables:
                # A server that is not there is no answer to a line.
                tables.open()
                yield tables.select


@contextlib.contextmanager
def _server(dsn: str | None) -> Generator[str]:
    given = dsn or os.environ.get(DSN_VARIABLE)
    if given:
        yield given
        return
    from segmentry.state.embedded import EmbeddedPostgres

    with contextlib.ExitStack() as stack:
        folder, _ = data_folder()
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="segmentry-")))
        server = EmbeddedPostgres(folder / "postgres")
        address = asyncio.run(server.start())
        try:
            yield address
        finally:
            asyncio.run(server.stop())
