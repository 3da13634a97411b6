"""The command as a user runs it: a real subprocess, an odd working directory, no state of ours around it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from segmentry.__main__ import main
from segmentry.errors import JsonValue


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, JsonValue]:
        """The one object on stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[dict[str, JsonValue]]:
        """NDJSON on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where embedded parts keep their files during this session."""
    folder = tmp_path_factory.mktemp("data")
    folder.chmod(0o755)
    return folder


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    """A user's environment without settings of ours but the data folder and a small club."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SEGMENTRY_", "AI_", "GRPC_"))
    }
    return {**kept, "SEGMENTRY_DATA_DIR": str(data_dir), "SEGMENTRY_DEMO_MEMBERS": "2000"}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """`run("build", "...", "--embedded")` in an empty folder; afterwards the folder is still empty."""
    folder = tmp_path / "työ hakemisto"
    folder.mkdir()

    def run(*arguments: str, stdin: str | None = None, **variables: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "segmentry", *arguments],
            cwd=folder,
            env={**environment, **variables},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        assert list(folder.iterdir()) == []
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def call(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """As `run`, inside this process: for the many cases that need no process of their own."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name not in environment:
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str, stdin: str = "", **variables: str) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capfd.readouterr()
        code = main(arguments)
        printed = capfd.readouterr()
        assert list(tmp_path.iterdir()) == []
        return Done(code, printed.out, printed.err)

    return call


@pytest.fixture(scope="session")
def shop() -> Path:
    """A small table of a coffee shop, the one of the documents."""
    return Path(__file__).resolve().parents[2] / "docs" / "examples" / "coffee_shop.csv"
