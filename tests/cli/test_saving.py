"""`segments` on the terminal: saved, changed, compared, looked at, archived."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.mark.timeout(240)
def test_a_segment_is_saved_changed_compared_and_archived(run: Run) -> None:
    made = run("segments", "create", "Actives", '{"status":"ACTIVE"}', "--embedded")
    assert made.code == 0, made.err
    assert made.out.splitlines()[0].endswith("is active, version 1")
    segment = made.out.split()[1]

    again = run("segments", "create", "Copies", '{"status":"ACTIVE"}', "--embedded", "--json")
    told: list[Any] = list(again.lines)
    assert told[0]["warnings"][0]["reason"] == "NEAR_COPY"

    changed = run("segments", "update", segment, '{"status":"ACTIVE","handicap":{"$lt":10}}', "--embedded")
    assert "version 2" in changed.out
    listed = run("segments", "list", segment, "--embedded")
    assert [line.split()[1] for line in listed.out.splitlines()[1:]] == ["1", "2"]
    assert all(len(line) <= 80 for line in listed.out.splitlines())

    tested = run("segments", "test", segment, "--min-size", "1", "--embedded")
    assert (tested.code, tested.out.split()[0]) == (0, "pass")
    broken = run("segments", "test", segment, "--max-size", "0", "--in", "nobody", "--embedded")
    assert broken.code == 3
    assert [line.split()[0] for line in broken.out.splitlines()] == ["FAIL", "FAIL"]

    diff = run("segments", "diff", segment, "--embedded")
    assert f"segment {segment}, version 1 and version 2" in diff.out
    assert "handicap" in diff.out
    same = run("segments", "diff", segment, "--from", "2", "--to", "2", "--embedded", "--json")
    told = list(same.lines)
    assert told[0]["comparison"]["sameCanonical"] is True

    odd = run("segments", "lint", '{"$not":{"handicap":{"$gt":9,"$lt":3}}}', "--embedded")
    assert odd.out.startswith("CONTRADICTION at $not: ")
    shown = run("segments", "show", segment, "--version", "1", "--embedded", "--json")
    told = list(shown.lines)
    assert told[0]["criteria"] == {"status": "ACTIVE"}
    kept = run("segments", "update", segment, "--min-size", "1", "--embedded")
    assert "at least 1" in kept.out
    refused = run("segments", "update", segment, '{"handicap":{"$lt":0}}', "--embedded")
    assert refused.code == 3
    assert "at least 1 customers; there are 0" in refused.err
    forced = run("segments", "update", segment, '{"handicap":{"$lt":0}}', "--force", "--embedded")
    assert "forced past" in forced.out
    gone = run("segments", "delete", segment, "--embedded")
    assert "is archived, version 5" in gone.out
    assert segment not in run("segments", "list", "--embedded").out


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "arguments",
    [
        ("segments", "list"),
        ("rules", "list"),
        ("outcomes", "list"),
        ("preview", '{"$segment":{"id":"seg_1"}}'),
    ],
    ids=lambda arguments: arguments[0],
)
def test_to_make_the_database_is_not_counted_as_time_of_the_call(
    run: Run, arguments: tuple[str, ...]
) -> None:
    """A first start takes longer than the second that the call is given."""
    # Below pytest's own folder PostgreSQL's account could not pass.
    folder = Path(tempfile.mkdtemp(prefix="segmentry-tests-"))
    folder.chmod(0o755)
    try:
        done = run(*arguments, "--embedded", "--timeout", "1", SEGMENTRY_DATA_DIR=str(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert "DEADLINE" not in done.err
    assert done.code == (3 if arguments[0] == "preview" else 0), done.err


def test_what_changes_nothing_or_has_no_versions_is_refused_before_the_server(run: Run) -> None:
    for words, said in (
        (("update", "seg_0"), "nothing to change"),
        (("lint",), "give criteria, or --segment"),
        (("list", "--state", "done"), "no state"),
    ):
        done = run("segments", *words, "--embedded")
        assert done.code == 2
        assert said in done.err
