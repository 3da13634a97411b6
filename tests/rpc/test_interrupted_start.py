"""A server that is told to stop while it still starts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import duckdb
import pytest

SERVE = """
import asyncio, os, pathlib, sys
from segmentry import config
from segmentry.rpc import server
sys.exit(asyncio.run(server.serve(config.load(os.environ, pathlib.Path("segmentry.toml")))))
"""
TABLE = """
[[table]]
path = "endless.duckdb"
relation = "customers"
schema = "endless"
tenant = "acme"
engine = "duckdb"
catalog = "endless.toml"
"""
CATALOG = """
[catalog]
schema = "endless"
key = "id"
[[field]]
name = "id"
type = "number"
integer = true
"""


@pytest.mark.timeout(60)  # a new process, on a machine that may be busy
async def test_a_signal_while_a_table_is_looked_at_ends_the_start(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "endless.duckdb") as writer:
        writer.execute(
            "CREATE VIEW customers AS SELECT i AS id FROM range(1000000000000) t(i) WHERE hash(i) = 1"
        )
    (tmp_path / "segmentry.toml").write_text(TABLE, encoding="utf-8")
    (tmp_path / "endless.toml").write_text(CATALOG, encoding="utf-8")
    socket = tmp_path / "s"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTRY_")}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVE,
        cwd=tmp_path,
        env={**plain, "SEGMENTRY_ADDRESS": f"unix:{socket}", "SEGMENTRY_DATA_DIR": str(tmp_path / "data")},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stderr is not None
        while not socket.exists():
            assert child.returncode is None, await child.stderr.read()
            await asyncio.sleep(0.05)
        # The table is being counted, and would be for minutes.
        await asyncio.sleep(1)
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 20) == 0
        lines = [json.loads(raw)["message"] async for raw in child.stderr]
        assert lines[-1] == "stopped before it was ready"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
