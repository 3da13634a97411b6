"""Fixtures of the server tests."""

from __future__ import annotations

import shutil
import tempfile
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
    shutil.rmtree(folder)
