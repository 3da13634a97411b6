"""The committed stubs are what the protos give, and work on the oldest and the newest promised versions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .conftest import Run

STUBS = Path("segmentry") / "v1"
# Long enough to create an environment from a package index.
SETTING_UP = 300


def generated(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*_pb2*.py*") if path.is_file()}


@pytest.mark.timeout(SETTING_UP)
def test_committed_stubs_are_what_the_protos_give(checkout: Path, run: Run, tmp_path: Path) -> None:
    made = run(["bash", "scripts/protos", str(tmp_path)])
    assert made.returncode == 0, made.stderr
    fresh, committed = generated(tmp_path / STUBS), generated(checkout / "server" / STUBS)
    assert len(fresh) == 7 * 2 + 3 * 2
    assert sorted(fresh) == sorted(committed)
    changed = [name for name, content in fresh.items() if committed[name] != content]
    assert changed == [], "run `make protos` and commit what it writes"


@pytest.mark.timeout(SETTING_UP)
@pytest.mark.parametrize("environment", ["floor", "newest"])
def test_stubs_import_and_make_a_call_on(environment: str, checkout: Path, run: Run) -> None:
    python = sys.executable
    if environment == "floor":
        made = run(["bash", "scripts/environment", "floor", "requirements/floor.txt"])
        assert made.returncode == 0, made.stderr
        python = ".venv-floor/bin/python"
    called = run([python, "-W", "error", "scripts/stub-call", str(checkout / "server")])
    assert called.returncode == 0, called.stderr
    grpc_version, protobuf_version, printed = called.stdout.splitlines()
    if environment == "floor":
        assert (grpc_version, protobuf_version) == ("1.76.0", "6.31.1")
    assert printed == '{"count": 0, "universe": 70}'
