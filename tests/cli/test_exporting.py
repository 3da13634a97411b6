"""`segmentry export`: by a catalog file alone, by a server in the process, and the list of targets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from segmentry.criteria.export.targets import TARGETS

GOLF = Path(__file__).resolve().parents[2] / "server/segmentry/customers/catalogs/golf.toml"
CRITERIA = '{"status":"ACTIVE","lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'


def export(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "segmentry", "export", *arguments, "--now", "2025-12-16T10:00:00Z"],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_catalog_file_alone_is_enough() -> None:
    found = export("--to", "mongodb", CRITERIA, "--catalog", str(GOLF), "--tz", "UTC")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {
        "$and": [{"status": "ACTIVE"}, {"lastBookingAt": {"$lt": {"$date": "2025-10-17T00:00:00Z"}}}]
    }


def test_criteria_come_from_stdin_and_json_is_one_object() -> None:
    found = export("--to", "polars", "-", "--catalog", str(GOLF), "--json", stdin='{"tags":"vip"}')
    reply = json.loads(found.stdout)
    assert reply["text"] == 'pl.col("tags").list.contains("vip").fill_null(False)'
    assert (reply["exact"], reply["verified"], reply["json"]) == (True, "RUN", None)


def test_a_server_resolves_what_needs_the_customers() -> None:
    top = '{"$top":{"field":"lifetimeValue","percent":10}}'
    found = export("--to", "mongodb", top, "--embedded")
    assert found.returncode == 0, found.stderr
    assert list(json.loads(found.stdout)) == ["lifetimeValue"]
    without = export("--to", "mongodb", top, "--catalog", str(GOLF))
    assert without.returncode != 0
    assert "EXPORT_UNSUPPORTED" in without.stderr


def test_what_is_not_exact_is_said_on_stderr() -> None:
    found = export("--to", "elasticsearch", '{"tags":{"$exists":true}}', "--catalog", str(GOLF))
    assert "not exact" in found.stderr
    assert "empty list" in found.stderr


@pytest.mark.parametrize("arguments", [("--list",), ("--list", "--json")])
def test_the_list_names_every_target(arguments: tuple[str, ...]) -> None:
    found = export(*arguments)
    assert found.returncode == 0
    assert all(target in found.stdout for target in TARGETS)


def test_a_missing_target_is_a_usage_error() -> None:
    found = export("{}")
    assert found.returncode == 2
    assert "--to" in found.stderr


def test_a_view_is_its_definition_and_keeps_moving_dates() -> None:
    found = export("--to", "postgresql", "--view", "crm.lapsed", CRITERIA, "--catalog", str(GOLF))
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith('CREATE OR REPLACE VIEW "crm"."lapsed" AS\nSELECT ')
    assert "now()" in found.stdout
    assert "$1" not in found.stdout
    assert "parameter" not in found.stderr
    refused = export("--to", "mongodb", "--view", "lapsed", CRITERIA, "--catalog", str(GOLF))
    assert "views are written for postgresql, duckdb" in refused.stderr
