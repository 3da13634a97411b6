"""`outcomes`: reported, listed in 80 columns, exported as cases that count once a person approved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from segmentry.cli import case_lines
from segmentry.cli.terminal import Terminal
from segmentry.cli.views import reporting
from segmentry.v1 import segment_insights_pb2 as pb

from evals import approved
from evals.case_files import load
from tests.cli.conftest import Run

USED: dict[str, Any] = {
    "buildId": "b_0123456789abcdef",
    "change": "OUTCOME_CHANGE_THRESHOLD_CHANGED",
    "reportTime": "2025-12-16T09:41:00Z",
    "schemaId": "golf",
    "query": "platinum people who rarely lose a ball on wet mornings in spring",
    "proposed": {"handicap": {"$lt": 12}},
    "final": {"$and": [{"membershipTier": "PLATINUM"}, {"handicap": {"$lt": 10}}]},
    "asOf": "2025-12-16T09:00:00Z",
    "timeZone": "UTC",
}


def outcome(**changed: object) -> pb.RecordedOutcome:
    return ParseDict(USED | changed, pb.RecordedOutcome())


def test_an_export_is_a_case_only_after_a_person_approved_it(tmp_path: Path) -> None:
    line = case_lines.case(outcome())
    assert line is not None
    assert line["approved"] is False
    assert list(approved.files([json.dumps(line)])) == []
    (text,) = approved.files([json.dumps(line | {"approved": True})])
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "golf.yaml").write_text(text, encoding="utf-8")
    (case,) = load(("dev",), top=tmp_path)
    assert (case.query, case.category, len(case.expect)) == (USED["query"], "cmp", 1)


def test_a_refinement_is_a_case_with_what_it_started_from() -> None:
    line = case_lines.case(outcome(current={"membershipTier": "PLATINUM"}))
    assert line is not None
    assert (line["category"], line["current"]) == ("refine", '{"membershipTier":"PLATINUM"}')


@pytest.mark.parametrize(
    "changed",
    [
        {"change": "OUTCOME_CHANGE_ABANDONED"},
        {"change": "OUTCOME_CHANGE_BUILT_BY_HAND"},
        {"personal": True},
        {"query": ""},
        {"query": "members like siobhan@example.com"},
        {"query": "who has the number 082 555 0199"},
    ],
    ids=str,
)
def test_what_was_not_used_or_is_personal_is_no_case(changed: dict[str, object]) -> None:
    assert case_lines.case(outcome(**changed)) is None


def test_a_list_fits_80_columns_and_says_what_is_kept_back(capsys: pytest.CaptureFixture[str]) -> None:
    reporting.outcomes([outcome(), outcome(query="")], Terminal(no_color=True))
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "threshold changed" in lines[1]
    assert "(personal)" in lines[3]


def test_a_change_that_is_none_and_two_ends_of_one_build_are_refused(call: Run) -> None:
    unknown = call("outcomes", "list", "--change", "better")
    assert unknown.code == 2
    assert "rewritten" in unknown.err
    both = call("outcomes", "record", "b_1", "--rejected", "--by-hand")
    assert both.code == 2


def test_a_build_that_is_not_kept_is_said_so(run: Run) -> None:
    gone = run("outcomes", "record", "b_1", "--embedded", "--timeout", "60")
    assert gone.code != 0
    assert "no build 'b_1' is kept" in gone.err
    assert run("outcomes", "export", "--embedded", "--timeout", "60").out == ""
