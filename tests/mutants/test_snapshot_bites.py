"""Each error planted in the table engine makes it answer a case wrongly, by its ids or by its count."""

from __future__ import annotations

import pytest

from tests.mutants.failing import OneSnapshot, first_wrong
from tests.mutants.snapshot_errors import SNAPSHOT


def test_without_an_error_every_case_passes() -> None:
    assert not first_wrong(OneSnapshot(), refusals=True)


@pytest.mark.parametrize("error", SNAPSHOT)
def test_a_planted_error_fails_a_case(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SNAPSHOT[error](monkeypatch)
    assert first_wrong(OneSnapshot()), error
