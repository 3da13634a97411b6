"""What was read rightly stays right, unless somebody says why not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Everyone
from segmentry.reader.draft import Draft

from evals import baseline
from evals.case_files import Case
from evals.judge import State, Verdict

CLOCK = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))


def verdict(name: str, state: State, category: str = "cmp", *, invalid: bool = False) -> Verdict:
    case = Case(name, "dev", "golf", category, "q", CLOCK, (Everyone(),), (), (), None)
    return Verdict(case, Draft("ok", Everyone(), 1.0), "ok", state, invalid)


def run(states: dict[str, State], category: str = "cmp") -> list[Verdict]:
    return [verdict(name, state, category) for name, state in states.items()]


def before(states: dict[str, State]) -> baseline.Baseline:
    return baseline.Baseline(states, {})


def test_the_same_result_passes() -> None:
    found = baseline.compare(before({"a": "right", "b": "abstained"}), run({"a": "right", "b": "abstained"}))
    assert found == baseline.Comparison((), (), (), ())


def test_a_case_that_was_right_and_is_not_shuts_the_gate() -> None:
    many: dict[str, State] = {f"n{at}": "right" for at in range(999)}
    found = baseline.compare(before({"a": "right", **many}), run({"a": "wrong_flagged", **many}))
    assert found.lost == ("a",)
    assert found.faults == ("was right and is wrong_flagged: a",)


def test_a_case_that_was_right_and_is_gone_shuts_the_gate_of_a_whole_run() -> None:
    known = before({"a": "right", "b": "abstained", "c": "right"})
    assert baseline.compare(known, run({"c": "right"})).faults == ("was right and is gone: a",)
    assert baseline.compare(known, run({"c": "right"}), whole=False).faults == ()


def test_lost_points_shut_the_gate_overall_and_by_category() -> None:
    known: dict[str, State] = {f"n{at}": "right" if at % 2 else "abstained" for at in range(200)}
    now: dict[str, State] = {**known, "n1": "abstained", "n3": "abstained"}
    verdicts = run({name: state for name, state in now.items() if name not in {"n1", "n3", "n5"}})
    verdicts += run({name: now[name] for name in ("n1", "n3", "n5")}, "geo")
    faults = baseline.compare(before(known), verdicts).faults
    assert "overall -1.0 points, limit -1" in faults
    assert "geo -66.7 points, limit -3" in faults
    assert len(faults) == 4


def test_more_silent_errors_shut_the_gate() -> None:
    known = before({"a": "abstained", "b": "wrong_silent"})
    assert baseline.compare(known, run({"a": "wrong_silent", "b": "abstained"})).faults == ()
    assert baseline.compare(known, run({"a": "wrong_silent", "b": "wrong_silent"})).faults == (
        "silent errors 1 -> 2",
    )


def test_a_tree_that_the_check_refuses_shuts_the_gate() -> None:
    found = baseline.compare(before({"a": "right"}), [verdict("a", "right", invalid=True)])
    assert found.faults == ("a tree does not pass the check: a",)


def test_new_cases_judge_nothing_until_they_are_accepted() -> None:
    found = baseline.compare(before({}), run({"a": "wrong_silent"}))
    assert (found.new, found.faults) == (("a",), ())


def test_losing_a_right_case_needs_a_reason_that_is_kept(tmp_path: Path) -> None:
    known, now = before({"a": "right"}), run({"a": "abstained"})
    with pytest.raises(ValueError, match="say why they may be lost: a"):
        baseline.accepted(known, now, " ")
    result = baseline.accepted(known, now, "asking is better")
    baseline.save(result, tmp_path / "baseline.json")
    kept = baseline.load(tmp_path / "baseline.json")
    assert kept == result
    assert kept.reasons == [{"because": "asking is better", "lost": ["a"]}]
    assert kept.totals["dev"] == {
        "n": 1,
        "right": 0,
        "wrong_silent": 0,
        "wrong_flagged": 0,
        "abstained": 1,
    }
