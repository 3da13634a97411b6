"""The contract is in style, and a change that breaks callers is caught."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from google.api import http_pb2

from .conftest import Run

BUF = ".venv/bin/buf"


def test_contract_passes_buf_lint_and_format(run: Run) -> None:
    linted = run([BUF, "lint"])
    assert (linted.returncode, linted.stdout) == (0, "")
    formatted = run([BUF, "format", "--diff", "--exit-code", "protos"])
    assert (formatted.returncode, formatted.stdout) == (0, "")


def test_contract_breaks_no_published_state(checkout: Path, run: Run, tmp_path: Path) -> None:
    baselines = run(["bash", "scripts/baseline"])
    assert baselines.returncode == 0, baselines.stderr
    commits = baselines.stdout.split()
    assert commits
    for commit in commits:
        before = tmp_path / commit
        archive = subprocess.run(
            ["git", "archive", commit, "buf.yaml", "protos", "third_party/googleapis"],
            cwd=checkout,
            capture_output=True,
            check=True,
        )
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
            tar.extractall(before, filter="data")
        compared = run([BUF, "breaking", "--against", str(before)])
        assert (compared.returncode, compared.stdout) == (0, ""), commit


BREAKS = {
    "rename a field": ("segment_builder", "string query = 1;", "string words = 1;", '"query" to "words"'),
    "retype a field": ("segment_builder", "string query = 1;", "int64 query = 1;", "changed type"),
    "renumber a field": ("segment_analysis", "uint32 size = 4;", "uint32 size = 40;", 'present field "4"'),
    "remove an RPC": ("segment_analysis", "rpc CancelAnalysis(", "rpc Stop(", 'RPC "CancelAnalysis"'),
    "renumber a reason": ("error_reason", "REASON_AI_ERROR = 21;", "REASON_AI_ERROR = 121;", 'value "21"'),
    "drop optional": ("criteria", "optional uint32 version = 2;", "uint32 version = 2;", "cardinality"),
}


@pytest.mark.parametrize("change", BREAKS)
def test_breaking_check_finds(change: str, checkout: Path, run: Run, tmp_path: Path) -> None:
    file, before, after, finding = BREAKS[change]
    shutil.copy(checkout / "buf.yaml", tmp_path)
    for folder in ("protos", "third_party"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    proto = tmp_path / "protos" / "segmentry" / "v1" / f"{file}.proto"
    text = proto.read_text(encoding="utf-8")
    assert before in text
    proto.write_text(text.replace(before, after, 1), encoding="utf-8")
    compared = run([BUF, "breaking", str(tmp_path), "--against", "."])
    assert compared.returncode == 100
    assert finding in compared.stdout


def test_third_party_protos_are_those_of_the_wheel(checkout: Path) -> None:
    wheel = Path(http_pb2.__file__).parent.parent.parent
    copied = checkout / "third_party" / "googleapis"
    names = [path.relative_to(copied) for path in copied.rglob("*.proto")]
    assert len(names) == 5
    for name in names:
        assert (copied / name).read_bytes() == (wheel / name).read_bytes(), name
