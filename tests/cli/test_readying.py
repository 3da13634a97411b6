"""`readiness`: whether a table is fit for segmentation, on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.mark.timeout(240)
def test_a_table_is_rated_with_what_to_do_about_it(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "shop.csv"
    table.write_text("id,spend,country\n" + "\n".join(f"{row},{row % 7},NL" for row in range(60)) + "\n")
    shown = run("readiness", "--embedded", "--data", str(table), "--timeout", "60")
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert lines[0].startswith("shop: degraded, score 0.")
    assert "60 customers" in lines[0]
    assert any(line.startswith("  note  ") and "country" in line for line in lines)
    assert any(line.startswith("        -> ") for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.timeout(240)
def test_a_watcher_is_told_at_once_as_objects(run: Run) -> None:
    told = run("readiness", "--watch", "--every", "10", "--reports", "1", "--embedded", "--json")
    assert told.code == 0, told.err
    report: Any = told.json
    assert report["sequence"] == 1
    assert report["readiness"]["schemaId"] == "customers"
    assert report["readiness"]["rows"] > 0


def test_options_of_a_watch_are_refused_without_one(call: Run) -> None:
    refused = call("readiness", "--every", "30", "--embedded")
    assert refused.code == 2
    assert "--watch" in refused.err
