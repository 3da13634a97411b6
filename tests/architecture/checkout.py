"""The checkout as the architecture tests see it: its committed files, its sources."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
STUBS = TOP / "server" / "segmentry" / "v1"


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or about to be; all files of ours where git is not to be had."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=TOP,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        kept = ("server", "clients", "tests", "docs", "requirements", "scripts", "protos", "benchmarks")
        return tuple(path for folder in kept for path in (TOP / folder).rglob("*") if path.is_file())
    return tuple(TOP / name for name in listed if (TOP / name).is_file())


@cache
def sources(*folders: str) -> tuple[tuple[str, ast.Module], ...]:
    """Path and syntax tree of our own Python files in these folders; generated stubs are not ours."""
    return tuple(
        (str(path.relative_to(TOP)), ast.parse(path.read_text(encoding="utf-8")))
        for path in files()
        if path.suffix == ".py"
        and STUBS not in path.parents
        and any(TOP / folder in path.parents for folder in folders)
    )
