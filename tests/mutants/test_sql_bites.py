"""Each error planted in the SQL writer or a dialect makes DuckDB and SQLite answer a case wrongly."""

from __future__ import annotations

import pytest

from tests.mutants.failing import first_wrong, sql_engine
from tests.mutants.sql_errors import RUNNERS, SQL


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("error", SQL)
def test_a_planted_error_fails_a_case(error: str, runner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SQL[error](monkeypatch)
    assert first_wrong(sql_engine(runner, RUNNERS[runner])), error
