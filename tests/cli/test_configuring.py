"""`config`: a tenant's defaults for analysis, on the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.mark.timeout(240)
def test_a_configuration_is_shown_set_refused_and_used(run: Run) -> None:
    shown = run("config", "show", "--embedded")
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert lines[0].split() == ["NAME", "VALUE", "FROM", "MAY", "BE"]
    assert ["max_clusters", "8", "default", "2", "to", "50"] in [line.split() for line in lines]

    made = run(
        "config", "set", "--max-clusters", "6", "--tier", "heuristic", "--fields", "handicap", "--embedded"
    )
    assert made.code == 0, made.err
    lines = made.out.splitlines()
    assert ["max_clusters", "6", "saved", "2", "to", "50"] in [line.split() for line in lines]
    assert " by anonymous; etag " in lines[-1]
    assert max(map(len, lines)) <= 80
    etag = lines[-1].rpartition(" ")[2]

    found = run("discover", "--embedded", "--json")
    assert found.code == 0, found.err
    events: list[Any] = [line["event"] for line in found.lines]
    result = next(each["result"] for each in events if "result" in each)
    assert result["run"]["tier"] == "ANALYSIS_TIER_HEURISTIC"
    assert result["run"]["parameters"]["maxClusters"] == 6
    assert result["run"]["parameters"]["origins"]["max_clusters"] == "tenant"

    back: Any = run("config", "set", "--reset", "*", "--etag", etag, "--embedded", "--json").json
    assert back["config"]["maxClusters"] == 8
    stale = run("config", "set", "--seed", "3", "--etag", etag, "--embedded")
    assert stale.code == 7
    assert "has changed since it was read" in stale.err


def test_what_cannot_be_meant_is_refused(call: Run) -> None:
    nothing = call("config", "set", "--embedded")
    assert nothing.code == 2
    assert "nothing to set" in nothing.err
    both = call("config", "set", "--seed", "3", "--reset", "seed", "--embedded")
    assert both.code == 2
    assert "give one of both" in both.err
