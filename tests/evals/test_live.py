"""Cases with a model: bounded, kept, given again, compared; never judged where answers come from rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from segmentry.customers import golf

from evals.case_files import Case, load
from evals.live import __main__ as live
from evals.live import names, result
from evals.live.report import BY_RULES
from tests.evals.vendors import served

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Cases about the golf club of which experts are asked about some."""
    cases = [
        replace(each, query=f"{each.query} who are mad keen") if at % 3 == 0 else each
        for at, each in enumerate(case for case in load(("dev",), "golf")[:60] if case.current is None)
    ][:12]

    def given(splits: object, catalog: object) -> list[Case]:
        del splits, catalog
        return cases

    monkeypatch.setattr(live, "load", given)
    return cases


def run(*arguments: str) -> int:
    return live.main(["--model", "gpt-4o-mini", *arguments])


def test_a_run_is_kept_can_be_given_again_and_tells_no_accuracy_of_rules(
    few: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served("rules", golf.catalog(), monkeypatch) as vendor:
        assert run("--runs", str(tmp_path), "--repeats", "2") == 0
        n_calls = vendor.n_calls
        printed = capsys.readouterr().out
        assert n_calls > 0
        assert BY_RULES in printed
        assert "right" not in printed
        assert f"{len(few) * 2} readings, {n_calls} calls" in printed
        (folder,) = (tmp_path / "gpt-4o-mini").iterdir()
        assert len(list(folder.glob("transcript-*.jsonl"))) == 2
        assert run("--replay", str(folder), "--repeats", "2") == 0
        assert vendor.n_calls == n_calls
        few[0] = replace(few[0], query="whoever is wild about putting")
        assert run("--replay", str(folder), "--repeats", "1") == 1
        assert "were not recorded" in capsys.readouterr().err
        assert vendor.n_calls == n_calls


def test_a_run_stops_before_its_cap_and_an_unknown_price_needs_a_bound_of_calls(
    few: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served("rules", golf.catalog(), monkeypatch) as vendor:
        assert run("--runs", str(tmp_path), "--max-usd", "0") == 0
        assert "stopped before the cap" in capsys.readouterr().out
        assert vendor.n_calls == 0
        assert live.main(["--model", "of-nobody", "--runs", str(tmp_path)]) == 2
        assert "--max-calls" in capsys.readouterr().err
        assert live.main(["--model", "of-nobody", "--runs", str(tmp_path), "--max-calls", "5"]) == 0
        assert vendor.n_calls <= 5
    assert few


def test_without_a_key_nothing_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AI_OPENAI_KEY", raising=False)
    monkeypatch.delenv("AI_BASE_URL", raising=False)
    assert run() == 2
    assert "AI_OPENAI_KEY" in capsys.readouterr().err


def test_runs_are_compared_case_by_case(tmp_path: Path) -> None:
    then = tmp_path / "then" / result.NAME
    then.parent.mkdir()
    then.write_text(
        '{"states":{"a":["right"],"b":["abstained"],"c":["right","right","abstained"],"d":["right"]}}'
    )
    found = result.compare(then, {"a": ["wrong_silent"], "b": ["right"], "c": ["right"], "e": ["right"]})
    assert (found.n_both, found.won, found.lost, found.p_value) == (3, ("b",), ("a",), 1.0)
    assert result.flip_rate({"a": ["right", "abstained"], "b": ["right", "right"], "c": ["right"]}) == 0.5
    assert result.flip_rate({"a": ["right"]}) is None
    assert result.last(tmp_path, tmp_path / "now") == then


def test_names_are_judged_in_both_orders_and_never_with_rules(
    few: list[Case], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served("first", golf.catalog(), monkeypatch) as vendor:
        monkeypatch.setattr(live, "RULES_OWNER", "nobody")
        assert run("--judge-names", "--runs", str(tmp_path), "--limit", "3") == 0
        printed = capsys.readouterr().out
        named = sum(bool(each.expect) for each in few[:3])
        assert vendor.n_calls == 3 * named
        # A judge who always likes the first of two says nothing.
        assert f"swayed  {named:>5}" in printed
        assert run("--judge-names", "--runs", str(tmp_path), "--max-usd", "0") == 0
        assert vendor.n_calls == 3 * named


def test_a_verdict_counts_only_where_both_orders_give_it() -> None:
    assert names.verdict([{"better": "2"}, {"better": "1"}]) == "plain"
    assert names.verdict([{"better": "neither"}, {"better": "neither"}]) == "neither"
    assert names.verdict([{"better": "1"}, None]) == "failed"
