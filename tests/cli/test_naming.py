"""`segmentry build --name`: a name, and who gave it."""

from __future__ import annotations

import json

from tests.cli.conftest import Run
from tests.vendor.elsewhere import vendor_elsewhere
from tests.vendor.plans import Plan
from tests.vendor.script import Scripted
from tests.vendored import NOTHING

WORDS = ("build", "gold members with a handicap below 10", "--embedded")


def name_line(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.split()[:1] == ["name"]]


def test_a_build_is_named_where_it_is_wished_by_the_model_or_by_its_criteria(call: Run) -> None:
    assert name_line(call(*WORDS).out) == []
    [offline] = name_line(call(*WORDS, "--name", "--offline").out)
    assert "GOLD" in offline
    assert "by the model" not in offline
    named = Plan(answer=json.dumps({"name": "Gold players under 10"}))
    with vendor_elsewhere(Scripted(Plan(answer=NOTHING)).on("name", named)) as vendor:
        done = call(*WORDS, "--name", AI_BASE_URL=vendor.base_url, AI_OPENAI_KEY="sk-canary")
    [line] = name_line(done.out)
    assert "Gold players under 10" in line
    assert "by the model" in line
