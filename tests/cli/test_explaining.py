"""`explain` and `compare`, on the golf club, in text and in JSON."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.timeout(120)
CRITERIA = '{"$and":[{"status":"ACTIVE"},{"handicap":{"$lt":10}}]}'


def test_a_count_is_explained_in_a_table_that_fits_80_columns(run: Run) -> None:
    done = run("explain", CRITERIA, "--embedded")
    assert done.code == 0
    head, titles, *lines = done.out.splitlines()
    assert head.endswith("of 2,000 customers")
    assert titles.split() == ["CONDITION", "ALONE", "RUNNING", "WITHOUT", "UNSET"]
    assert lines[1].startswith("* handicap is less than 10")
    assert max(len(line) for line in (titles, *lines)) <= 80


def test_one_customer_is_explained_with_what_would_change_the_verdict(run: Run) -> None:
    done = run("explain", CRITERIA, "--member", "1", "--embedded")
    assert done.code == 0
    assert done.out.startswith("customer 1 ")
    assert "change" in done.out
    unknown = run("explain", CRITERIA, "--member", "9999999", "--embedded")
    assert unknown.code != 0
    assert "9999999" in unknown.err


def test_two_definitions_are_compared(run: Run) -> None:
    done = run("compare", CRITERIA, '{"status":"ACTIVE"}', "--embedded")
    assert done.code == 0
    assert '- {"handicap":{"$lt":10}}' in done.out
    reply = run("compare", CRITERIA, CRITERIA, "--embedded", "--json").json
    assert (reply["sameCanonical"], reply["sameMembers"], reply["onlyLeft"]) == (True, True, 0)
