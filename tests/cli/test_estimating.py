"""`estimate`, and what else an analysis may be asked for, on the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.mark.timeout(240)
def test_each_way_is_shown_with_what_it_would_take(run: Run) -> None:
    shown = run("estimate", "--embedded")
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert lines[0].endswith(" customers")
    assert lines[1].split() == ["TIME", "TOKENS", "COST"]
    assert any(line.startswith("ml-worker") and line.endswith("would be used") for line in lines)
    assert any(line.startswith("llm") and line.endswith("no model is set up") for line in lines)
    assert "  - email holds personal data" in lines
    assert max(map(len, lines)) <= 80


@pytest.mark.timeout(240)
def test_the_estimate_is_of_what_was_asked(run: Run) -> None:
    told: Any = run(
        "estimate", "--embedded", "--json", "--fields", "handicap,membershipTier", "--max-clusters", "5",
        "--role", "handicap=code",
    ).json  # fmt: skip
    asked = told["effectiveParameters"]
    assert asked["maxClusters"] == 5
    assert asked["includedFeatures"] == ["handicap", "membershipTier"]
    assert asked["fieldRoles"] == {"handicap": "FIELD_ROLE_CODE"}


@pytest.mark.parametrize("given", ["handicap", "=code", "handicap=number", "handicap=unspecified"])
def test_what_is_no_role_is_refused_with_those_that_are(call: Run, given: str) -> None:
    refused = call("estimate", "--embedded", "--role", given)
    assert refused.code == 2
    assert "quantity, flag, code, category, date, text, identifier" in refused.err


@pytest.mark.timeout(240)
def test_a_discovery_describes_by_what_was_asked_and_names_the_better_rule(run: Run) -> None:
    shown = run(
        "discover", "--embedded", "--max-clusters", "3", "--describe", "emailOptIn", "--template-names",
        "--labels",
    )  # fmt: skip
    assert shown.code == 0, shown.err
    assert "emailOptIn" in shown.out
    assert "a rule of several parts (apply --best) finds" in shown.out
