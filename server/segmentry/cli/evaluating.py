"""`evals`: the cases of a checkout, read by the reader or with a model."""

import subprocess
import sys
from pathlib import Path

import typer

from segmentry.cli.problems import usage


def evals(context: typer.Context) -> int:
    """Judge readings against the cases of a checkout; `--live --max-usd 1` asks a model.

    Everything behind `evals` is handed on to `python -m evals`. The cases are part of a checkout, not of the
    installed package.
    """
    checkout = next((each for each in (Path.cwd(), *Path.cwd().parents) if _is_checkout(each)), None)
    if checkout is None:
        raise usage("the cases are part of a checkout of segmentry: run this inside one")
    command = [sys.executable, "-m", "evals", *context.args]
    return subprocess.run(command, cwd=checkout, check=False).returncode  # noqa: S603 - our own module


def _is_checkout(folder: Path) -> bool:
    return (folder / "evals" / "cases").is_dir() and (folder / "protos").is_dir()
