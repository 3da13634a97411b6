"""Rules of the house that a type checker does not know."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.checkout import STUBS, TOP, files, sources

MOST_LINES = 400
# Longer for now; nothing may be added to this list.
STILL_LONG = {
    "tests/analysis/test_service.py",
    "tests/rpc/test_interceptors.py",
}
SERVER = ("server", "clients")


def _found(pattern: str) -> list[str]:
    """Every call whose dotted name matches."""
    return [
        f"{path}:{node.lineno} {ast.unparse(node.func)}"
        for path, tree in sources(*SERVER)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and re.fullmatch(pattern, ast.unparse(node.func))
    ]


def test_no_process_is_forked() -> None:
    # gRPC's threads do not survive a fork, and K-Means in a forked child hangs (scikit-learn 23823).
    forks = r"os\.fork(pty)?|multiprocessing\..*|mp\..*|(.*\.)?ProcessPoolExecutor"
    assert _found(forks) == []


def test_nothing_is_gathered() -> None:
    assert _found(r"(asyncio\.)?gather") == []


def test_no_shell_reads_a_string_that_was_put_together() -> None:
    assert _found(r"os\.system|os\.popen|.*create_subprocess_shell") == []


def test_caught_cancellation_is_raised_again() -> None:
    swallowed = [
        f"{path}:{handler.lineno}"
        for path, tree in sources(*SERVER)
        for block in ast.walk(tree)
        if isinstance(block, ast.Try | ast.TryStar)
        for handler in [_catches_cancellation(block)]
        if handler is not None and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    ]
    assert swallowed == []


def _catches_cancellation(block: ast.Try | ast.TryStar) -> ast.ExceptHandler | None:
    """The first handler of a block that a CancelledError reaches."""
    for handler in block.handlers:
        caught = "BaseException" if handler.type is None else ast.unparse(handler.type)
        if re.search(r"CancelledError|BaseException\b", caught):
            return handler
    return None


def test_nothing_is_yielded_inside_a_task_group() -> None:
    yielding = [
        f"{path}:{block.lineno}"
        for path, tree in sources(*SERVER)
        for block in ast.walk(tree)
        if isinstance(block, ast.AsyncWith)
        and any("TaskGroup" in ast.unparse(item.context_expr) for item in block.items)
        and any(
            isinstance(node, ast.Yield | ast.YieldFrom)
            for statement in block.body
            for node in ast.walk(statement)
        )
    ]
    assert yielding == []


@pytest.mark.parametrize("folder", ["server", "clients", "tests", "benchmarks", "scripts"])
def test_no_file_is_long(folder: str) -> None:
    long = {
        str(path.relative_to(TOP)): lines
        for path in files()
        if path.suffix in ("", ".py", ".sh")
        and TOP / folder in path.parents
        and STUBS not in path.parents
        and (lines := len(path.read_bytes().splitlines())) > MOST_LINES
    }
    assert long.keys() <= STILL_LONG, long


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    left = [
        f"{path.relative_to(TOP)}:{number}"
        for path in files()
        if path.suffix == ".py" and STUBS not in path.parents and TOP / "tests" not in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if marks.search(line)
    ]
    assert left == []


def test_no_lock_names_an_index() -> None:
    locks = [path for path in files() if path.parent == TOP / "requirements" and path.suffix == ".txt"]
    locks += [path for path in files() if path.name in ("package-lock.json", "go.sum")]
    assert any(path.name == "server.txt" for path in locks)
    assert [str(path.relative_to(TOP)) for path in locks if "://" in path.read_text(encoding="utf-8")] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    machine = re.compile(rb"/(work|root|home)/[A-Za-z0-9_.-]+/|/tmp/(bash_jobs|brief|land)")
    known = [
        f"{path.relative_to(TOP)}: {found[0].decode()}"
        for path in files()
        if path.name != "test_sources.py" and (found := machine.search(path.read_bytes()))
    ]
    assert known == []
