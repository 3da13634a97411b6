"""What importing and asking for help may cost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.architecture.checkout import TOP

HEAVY = {
    "grpc",
    "google",
    "polars",
    "numpy",
    "sklearn",
    "scipy",
    "openai",
    "aiohttp",
    "pydantic",
    "asyncpg",
    "asyncio",
}
# typer reads the parameters of a command with pydantic; asyncio is what runs a command.
OF_TYPER = {"pydantic", "asyncio"}


def _imported(code: str) -> set[str]:
    """Which heavy packages are in memory after `code`."""
    ending = f"import sys; print('', *sorted({HEAVY} & {{n.partition('.')[0] for n in sys.modules}}))"
    seen = subprocess.run(
        [sys.executable, "-c", f"{code}\n{ending}"], capture_output=True, text=True, check=True
    )
    return set(seen.stdout.splitlines()[-1].split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert _imported("import segmentry") == set()


def test_the_version_is_printed_without_anything_heavy() -> None:
    assert _imported("from segmentry.__main__ import main\nmain(['--version'])") == set()


@pytest.mark.parametrize("command", ["", "build", "discover", "serve", "demo", "match", "catalog infer"])
def test_help_is_printed_without_grpc_or_the_engines(command: str) -> None:
    arguments = [*command.split(), "--help"]
    imported = _imported(f"from segmentry.__main__ import main\nmain({arguments!r})")
    assert imported - OF_TYPER == set()


def test_what_is_asked_of_a_model_is_known_without_the_vendors_package() -> None:
    modules = "answers, breaker, cost, events, guarded, model, profiles, replay, request"
    imported = _imported(f"from segmentry.llm import {modules}")
    assert imported & {"openai", "pydantic", "grpc", "polars", "numpy"} == set()


def test_the_layers_hold() -> None:
    checked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(("server", "clients/python", "."))},
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout
