"""Dump a state database with one thing of every kind in it, for the tests of a later schema.

`python -m tests.state.dumping` writes `tests/state/earlier/NNNN.sql`, NNNN being the newest migration. Run
it at every release, before the next migration is added; a dump that was committed never changes.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from segmentry.config import Settings
from segmentry.config_kinds import Secret
from segmentry.postgresql.driver import connect
from segmentry.rpc import server
from segmentry.rpc.convert import struct
from segmentry.state.account import binaries
from segmentry.state.embedded import EmbeddedPostgres
from segmentry.state.migrate import migrations
from segmentry.v1 import segment_builder_pb2 as builder

from tests.tenancy.possessions import Possessions, tables

FOLDER = Path(__file__).parent / "earlier"
PEOPLE = ("aurelia", "Aurelstad", "aureScore")
REQUEST_ID = "3f1c6a0e-9d53-4a53-8b1e-5f0f6f0a7c11"
NAMES = builder.CreateSegmentRequest(
    segment=builder.Segment(name="all who are away", criteria=struct.from_json({"town": "Aurelstadby"})),
    request_id=REQUEST_ID,
)


@asynccontextmanager
async def serving(dsn: str, folder: Path) -> AsyncGenerator[Possessions]:
    """A server of this version on that database, and the tenant whose things are in the dump."""
    tenant, town, own = PEOPLE
    settings = Settings(
        address="127.0.0.1:0",
        data_dir=folder,
        database_dsn=Secret(dsn),
        drain_s=1.0,
        tables=tables(folder, *PEOPLE),
    )
    async with (
        server.running(settings, eager=True) as it,
        grpc.aio.insecure_channel(it.address) as channel,
    ):
        yield Possessions(channel, tenant, town, own, f"{tenant}_ledger", f"{tenant}-7")


async def fill(dsn: str, folder: Path) -> None:
    """One thing of every kind: segments that name each other, runs, a recommendation, rules, claims."""
    async with serving(dsn, folder) as own:
        await own.acquire()
        inner = await own.get("SegmentBuilder/CreateSegment", NAMES)
        criteria = struct.from_json({"$segment": inner.segment.segment_id})
        naming = builder.Segment(name="naming", criteria=criteria)
        await own.get("SegmentBuilder/CreateSegment", builder.CreateSegmentRequest(segment=naming))


def dump(dsn: str) -> str:
    """The database as SQL that any client can run, without the key that signed its tokens."""
    command = [str(binaries(18) / "pg_dump"), "--inserts", "--no-owner", "--no-privileges", "--dbname", dsn]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kept = [line for line in said.splitlines() if line and not line.startswith(("--", "\\"))]
    return "\n".join(kept) + "\n"


async def dumped(folder: Path) -> str:
    """The dump of a new database that was filled."""
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    dsn = await postgres.start()
    try:
        await fill(dsn, folder)
        connection = await connect(dsn)
        await connection.execute("UPDATE secret SET value = decode(repeat('00', 32), 'hex')")
        await connection.close()
        return await asyncio.to_thread(dump, dsn)
    finally:
        await postgres.stop()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="segmentry-dump-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        text = asyncio.run(dumped(folder))
    path = FOLDER / f"{migrations()[-1].version:04d}.sql"
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path}: {len(text):,} characters\n")


if __name__ == "__main__":
    main()
