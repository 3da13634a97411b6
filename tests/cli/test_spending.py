"""What a model cost, in the terminal."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.cli.conftest import Run
from tests.vendor.elsewhere import vendor_elsewhere
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor
from tests.vendored import condition, groups, says

CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


@pytest.fixture
def vendor() -> Generator[Vendor]:
    with vendor_elsewhere(Scripted(CRAZY).on("logic", groups("1"))) as found:
        yield found


def test_a_build_says_what_the_model_cost_and_verbose_says_it_per_expert(call: Run, vendor: Vendor) -> None:
    words = ("build", "gold members who are crazy about us", "--embedded")
    done = call(*words, "--verbose", AI_BASE_URL=vendor.base_url, AI_OPENAI_KEY="sk-canary")
    assert done.code == 0
    [total] = [line for line in done.out.splitlines() if line.strip().startswith("model")]
    assert "gpt-4o-mini" in total
    assert f"{vendor.n_calls} calls" in total
    assert "US dollars" in total
    for agent in {each.agent for each in vendor.calls}:
        assert any(line.split()[:1] == [agent] for line in done.out.splitlines())
    brief = call(*words, AI_BASE_URL=vendor.base_url, AI_OPENAI_KEY="sk-canary")
    assert "specialist_scores" not in brief.out
    assert "US dollars" in brief.out


def test_a_model_whose_price_is_not_known_has_no_cost_rather_than_none(call: Run, vendor: Vendor) -> None:
    words = ("build", "gold members who are crazy about us", "--embedded")
    done = call(*words, AI_BASE_URL=vendor.base_url, AI_MODEL="llama3.2")
    assert "price not known" in done.out
    assert "US dollars" not in done.out


def test_an_offline_build_says_nothing_of_a_model(call: Run) -> None:
    done = call("build", "gold members in Durban", "--embedded", "--verbose")
    assert not [line for line in done.out.splitlines() if line.strip().startswith("model")]


def test_a_cost_that_pays_for_nobody_is_said_and_the_reader_answers(call: Run, vendor: Vendor) -> None:
    words = ("build", "gold members who are crazy about us", "--embedded", "--max-cost", "0")
    done = call(*words, AI_BASE_URL=vendor.base_url, AI_OPENAI_KEY="sk-canary")
    assert "BUDGET_EXHAUSTED" in done.err
    assert "max_cost_usd" in done.err
    assert vendor.n_calls == 0
    assert done.code in (0, 4)


def test_a_condition_of_an_expert_says_whose_it_is_and_that_it_was_put_right(call: Run) -> None:
    plan = Scripted(says(condition("frobbed", "status", "is", "ACTVE"))).on("logic", groups("1"))
    with vendor_elsewhere(plan) as vendor:
        words = ("build", "gold members who are frobbed", "--embedded")
        done = call(*words, AI_BASE_URL=vendor.base_url, AI_OPENAI_KEY="sk-canary")
    [line] = [each for each in done.out.splitlines() if each.strip().startswith("by expert")]
    assert "“frobbed”: status_lifecycle, put right first" in line
