"""Fixtures of the server tests."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.rpc.echo import Serve, serve_echo


@pytest.fixture
def echo() -> Serve:
    """`async with echo(unary=..., stream=..., interceptors=...) as client`."""
    return serve_echo


@pytest.fixture(scope="session")
def open_folder() -> Generator[Path]:
    """A data folder that PostgreSQL's account can pass also when we are root; its cluster is made once."""
    folder = Path(tempfile.mkdtemp(prefix="segmentry-tests-"))
    folder.chmod(0o755)
    yield folder
    for _ in range(200):
        # After a server that ended at once, PostgreSQL's guardian may still be stopping it.
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)
    shutil.rmtree(folder)
