"""The page that says what is done names tests that exist, and every requirement once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import NamedTuple

import pytest

from tests.architecture.checkout import TOP

PAGE = TOP / "docs" / "requirements-status.md"
STATUSES = {"done", "partly", "not yet"}
# Requirements are numbered from 1 without a gap; of the findings only some ask for something.
LAST = {"K": 30, "KQ": 15, "A": 69, "B": 79, "P": 14, "N": 21, "U": 15}
FINDINGS = {"S1", "S4", "S9"}


class Row(NamedTuple):
    """One line of the page's tables and, of its continuations, the tests."""

    ids: tuple[str, ...]
    status: str
    missing: str
    tests: tuple[str, ...]


def _rows() -> list[Row]:
    rows: list[Row] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|") or line.startswith(("| id |", "|---")):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 4, line
        ids, _, status, shown = cells
        tests = tuple(re.findall(r"`([^`]*::[^`]*)`", shown))
        if ids:
            rows.append(Row(tuple(ids.split()), status, "" if tests else shown, tests))
        else:
            assert status == "", line
            assert tests, line
            rows[-1] = rows[-1]._replace(tests=rows[-1].tests + tests)
    return rows


ROWS = _rows()


def test_every_requirement_has_one_row() -> None:
    counts = Counter(each for row in ROWS for each in row.ids)
    numbered = {f"{prefix}{number}" for prefix, last in LAST.items() for number in range(1, last + 1)}
    assert [each for each, count in counts.items() if count > 1] == []
    assert counts.keys() == numbered | FINDINGS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.ids[0])
def test_a_row_has_a_status_and_its_evidence(row: Row) -> None:
    assert row.status in STATUSES
    assert bool(row.tests) is (row.status == "done")
    assert bool(row.missing) is (row.status != "done")


@pytest.mark.parametrize("named", sorted({test for row in ROWS for test in row.tests}))
def test_a_test_that_is_named_exists(named: str) -> None:
    path, _, function = named.partition("::")
    module = ast.parse((TOP / "tests" / path).read_text(encoding="utf-8"))
    functions = {
        node.name for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert function.startswith("test_")
    assert function in functions
