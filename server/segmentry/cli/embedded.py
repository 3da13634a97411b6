"""The same server inside this process: what `--embedded`, `--data` and the demo talk to, by gRPC."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime
from pathlib import Path

from segmentry import config
from segmentry.cli.problems import usage


@contextlib.asynccontextmanager
async def server(
    data: Path | None,
    catalog: Path | None,
    schema: str,
    tenant: str,
    *,
    members: int | None = None,
    as_of: datetime | None = None,
    kept: bool = False,
) -> AsyncGenerator[str]:
    """The address of a server on a free loopback port that ends with this block.

    It holds the table in `data`, or the golf club on the day of `as_of` when there is none. With `kept` its
    state store is open. Nothing is written to the working directory; see `data_folder`.

    Raises: CommandError for settings that do not hold; SegmentryError for a table that cannot be read.
    """
    from segmentry.rpc import server as rpc

    tables = (config.TableSettings(data, schema, tenant, catalog, default=True),) if data else ()
    with _folder() as folder:
        settings = load(
            None,
            address="127.0.0.1:0",
            data_dir=folder,
            tables=tables,
            demo=data is None,
            demo_members=members,
            demo_date=as_of.astimezone(UTC).date() if as_of is not None else None,
            log_level=os.environ.get("SEGMENTRY_LOG_LEVEL") or "error",
        )
        # An interrupt during the imports arrives here, not in the middle of the server's start.
        await asyncio.sleep(0)
        async with rpc.running(settings) as running:
            if kept:
                await running.database.open()
            yield running.address


def load(path: Path | None, **overrides: object) -> config.Settings:
    """The settings; the command line wins over the environment, and that over the file.

    Raises: CommandError with every problem, one per line.
    """
    try:
        return config.load(os.environ, path, **overrides)
    except config.ConfigError as error:
        raise usage("; ".join(error.problems)) from error


def data_folder() -> tuple[Path | None, str]:
    """Where embedded parts keep their files, and what is worth saying about it.

    SEGMENTRY_DATA_DIR, else the user's data folder; None when neither can be written to: then a temporary
    one is made for each command.
    """
    given = os.environ.get("SEGMENTRY_DATA_DIR")
    if given:
        folder = Path(given)
    elif sys.platform == "darwin":
        folder = Path("~/Library/Application Support/segmentry").expanduser()
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "segmentry"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.resolve(), ""
    except (OSError, RuntimeError) as error:
        return None, f"{folder} cannot be written to ({type(error).__name__}); a temporary folder is used"


@contextlib.contextmanager
def _folder() -> Generator[Path]:
    folder, _ = data_folder()
    if folder is not None:
        yield folder
        return
    temporary = Path(tempfile.mkdtemp(prefix="segmentry-"))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
