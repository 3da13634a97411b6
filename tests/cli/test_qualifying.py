"""`apply`, `recommendations` and `rules`: from a discovery to a verdict on customers, on the terminal."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from segmentry.cli.terminal import Terminal
from segmentry.cli.views import qualifying
from segmentry.v1 import segment_insights_pb2 as pb

from tests.cli.conftest import Run


@pytest.mark.timeout(240)
def test_a_card_is_applied_accepted_activated_and_asked(run: Run) -> None:
    found = run("discover", "--embedded", "--json", "--tier", "heuristic")
    assert found.code == 0, found.err
    events: list[Any] = [line["event"] for line in found.lines]
    result = next(each["result"] for each in events if "result" in each)
    run_id, card = result["run"]["runId"], result["segments"][0]

    none = run("apply", run_id, "99", "--embedded")
    assert (none.code, f"it has {len(result['segments'])}" in none.err) == (2, True)
    made = run("apply", run_id, "1", "--embedded", "--name", "Spring offer")
    assert made.code == 0, made.err
    assert made.out.splitlines()[0].endswith("is open")
    recommendation = made.out.split()[1]
    assert f"{card['size']:,} in the segment" in made.out

    listed = run("recommendations", "list", "--embedded", "--state", "open")
    assert listed.out.splitlines()[1].split() == [
        recommendation,
        "open",
        str(card["size"]),
        "Spring",
        "offer",
    ]

    told_all: list[Any] = list(run("recommendations", "list", "--embedded", "--json").lines)
    assert [each["card"]["cardId"] for each in told_all if each["recommendationId"] == recommendation] == [
        card["cardId"]
    ]

    accepted = run("recommendations", "accept", recommendation, "--stage", "match", "--embedded")
    assert "is draft, version 1" in accepted.out
    assert "match (metric_condition)" in accepted.out
    rule = accepted.out.split()[1]
    again = run("recommendations", "accept", recommendation, "--embedded")
    assert again.code != 0
    assert "only an open one can be accepted" in again.err
    applied = run("apply", run_id, "1", "--embedded", "--name", "Autumn offer")
    assert applied.out.splitlines()[0] == f"recommendation {recommendation} is accepted"
    assert f"segmentry rules show {rule}" in applied.err
    assert "applied before as 'Spring offer'" in applied.err

    nothing = run("rules", "check", "1", "--embedded")
    assert nothing.out.startswith("no rule is in use")
    assert "is active, version 2" in run("rules", "activate", rule, "--embedded").out
    asked = run("rules", "check", *map(str, range(1, 101)), "9999999", "--embedded", "--json")
    judged: list[Any] = [line["verdicts"] for line in asked.lines]
    told: list[bool | None] = [each[0].get("qualifies") for each in judged]
    assert told[-1] is None
    assert 10 < sum(each is True for each in told) < 70
    assert "is archived, version 3" in run("rules", "archive", rule, "--embedded").out


def test_a_state_that_is_none_is_refused_before_anything_is_asked(run: Run) -> None:
    for words in (("recommendations", "list"), ("rules", "list")):
        done = run(*words, "--state", "done", "--embedded")
        assert done.code == 2
        assert "--state" in done.err


def test_the_lists_fit_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    rule = {
        "ruleId": "rule_0123456789abcdef",
        "state": "QUALIFICATION_RULE_STATE_ARCHIVED",
        "stage": "eligibility",
        "matchedCount": 1_234_567,
        "name": "Members who have not booked for a long while",
    }
    recommendation = {
        "recommendationId": "rec_0123456789abcdef",
        "state": "RECOMMENDATION_STATE_DISMISSED",
        "card": {"name": "Members who have not booked for a long while", "size": 1_234_567},
    }
    terminal = Terminal(no_color=True)
    qualifying.rules([ParseDict(rule, pb.QualificationRule())], terminal)
    qualifying.recommendations([ParseDict(recommendation, pb.Recommendation())], terminal)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "RULE                   STATE     STAGE            MATCH  NAME",
        "rule_0123456789abcdef  archived  eligibility  1,234,567  Members who have not …",
        "RECOMMENDATION        STATE           SIZE  NAME",
        "rec_0123456789abcdef  dismissed  1,234,567  Members who have not booked…",
    ]
    assert max(map(len, lines)) <= 80
