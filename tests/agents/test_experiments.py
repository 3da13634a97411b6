"""Trials of prompts: the same words of a tenant get the same variant, and shares are what was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from segmentry.agents import experiments, prompt
from segmentry.agents.experiments import Experiment, arm, chosen, variant_of
from segmentry.agents.prompt import DEFAULT
from segmentry.errors import InvalidParameters


@pytest.fixture
def two_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were a file `specialist.v2.md` beside the prompt in use."""

    def variants(name: str) -> tuple[str, ...]:
        return (*prompt.variants(name), "v2", "v3")

    monkeypatch.setattr(experiments, "variants", variants)


@pytest.mark.usefixtures("two_variants")
def test_arms_get_their_shares() -> None:
    trial = Experiment("wording", "specialist", {"v2": 0.3, "v3": 0.05})
    seen = Counter(variant_of(trial, f"tenant {n}", "gold members") for n in range(10_000))
    assert seen["v2"] == pytest.approx(3000, abs=200)
    assert seen["v3"] == pytest.approx(500, abs=100)
    assert seen[DEFAULT] == pytest.approx(6500, abs=200)


def test_the_same_words_stay_in_their_arm() -> None:
    assert arm("a", "t", " Gold\tMEMBERS ") == arm("a", "t", "gold members")
    # Fixed for ever: a new release must not move anybody.
    assert [arm("wording", "demo", "gold members"), arm("b", "demo", "gold members")] == [3951, 1012]


def test_experiments_and_tenants_are_drawn_apart() -> None:
    assert len({arm(f"trial {n}", "t", "gold members") for n in range(100)}) > 90
    assert arm("ab", "c", "q") != arm("a", "bc", "q")


@pytest.mark.usefixtures("two_variants")
def test_the_whole_share_and_none_are_exact() -> None:
    every, nobody = Experiment("x", "logic", {"v2": 1.0}), Experiment("x", "logic", {"v2": 0.0})
    queries = [f"query {n}" for n in range(500)]
    assert {variant_of(every, "t", each) for each in queries} == {"v2"}
    assert {variant_of(nobody, "t", each) for each in queries} == {DEFAULT}


@pytest.mark.usefixtures("two_variants")
def test_a_request_is_told_its_variants_and_their_label() -> None:
    trials = [
        Experiment("wording", "specialist", {"v2": 1.0}),
        Experiment("later", "specialist", {"v3": 1.0}),
        Experiment("brackets", "logic", {}),
    ]
    variants, label = chosen(trials, "t", "gold members")
    assert variants == {"specialist": "v2", "logic": DEFAULT}
    assert label == "wording=v2,brackets=default"
    assert chosen([], "t", "gold members") == ({}, "")


@pytest.mark.parametrize(
    ("expert", "versions", "message"),
    [
        ("planner", {}, "there is no expert 'planner'"),
        ("logic", {"v9": 0.5}, "logic has no variant 'v9'; it has default"),
        ("logic", {"default": 1.5}, "a share is 0 to 1, got 1.5"),
        ("logic", {"default": float("nan")}, "a share is 0 to 1"),
    ],
)
def test_a_trial_that_cannot_run_is_refused(expert: str, versions: Mapping[str, float], message: str) -> None:
    with pytest.raises(InvalidParameters, match=message):
        Experiment("x", expert, versions)


@pytest.mark.usefixtures("two_variants")
def test_shares_beyond_the_whole_are_refused() -> None:
    with pytest.raises(InvalidParameters, match="add up to more than 1"):
        Experiment("x", "logic", {"v2": 0.7, "v3": 0.4})
