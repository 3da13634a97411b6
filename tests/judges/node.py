"""The outside judges, mingo and json-logic-js, in one Node process for the whole test run."""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, cast

import pytest
from segmentry.errors import JsonValue

HERE = Path(__file__).parent
TOP = HERE.parents[1]
Language = Literal["mongodb", "mongosh", "jsonlogic", "javascript"]


def folder() -> Path:
    """Where `make judges` puts the packages; another lock file is another folder."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    return TOP / ".cache" / f"judges-{digest}"


def missing() -> str:
    """Why the judges cannot be asked; empty when they can."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (folder() / "node_modules" / "mingo").is_dir():
        return "the packages of tests/judges are not installed: run make judges"
    return ""


def need() -> None:
    """Skip by name where there is no Node; in CI that is a failure."""
    why = missing()
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI needs the outside judges: {why}")
    if why:
        pytest.skip(why)


def ask(
    language: Language,
    rule: JsonValue,
    rows: Sequence[Mapping[str, JsonValue]],
    longs: Sequence[str] = (),
) -> list[bool]:
    """For each row whether a judge says that it matches."""
    return ask_all([(language, rule, rows, longs)])[0]


def ask_all(
    questions: Sequence[tuple[Language, JsonValue, Sequence[Mapping[str, JsonValue]], Sequence[str]]],
) -> list[list[bool]]:
    """Several questions in one turn."""
    need()
    into, out = _process()
    found: list[list[bool]] = []
    for language, rule, rows, longs in questions:
        question = {"language": language, "rule": rule, "rows": list(rows), "longs": list(longs)}
        into.write(json.dumps(question, allow_nan=False) + "\n")
        into.flush()
        reply = cast("dict[str, object]", json.loads(out.readline()))
        assert "error" not in reply, (reply["error"], question)
        found.append(cast("list[bool]", reply["matches"]))
    return found


@functools.cache
def _process() -> tuple[IO[str], IO[str]]:
    node = shutil.which("node")
    assert node is not None
    process = subprocess.Popen(
        [node, str(HERE / "judge.mjs"), str(folder())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        process.communicate(timeout=10)

    atexit.register(end)
    return process.stdin, process.stdout
