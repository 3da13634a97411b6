"""`experts`: a table that fits 80 columns, JSON as on the wire, and lengths of time as people write them."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import ParseDict
from segmentry.cli.terminal import Terminal
from segmentry.cli.views.experts import experts
from segmentry.v1 import segment_insights_pb2 as pb

from tests.cli.conftest import Run

BUSY = {
    "since": "2025-12-15T09:40:00Z",
    "builds": 123_456,
    "offlineShare": 0.651,
    "comparedBuilds": 2_345,
    "agreementRate": 0.9,
    "model": "gpt-4o-mini",
    "provider": "openai",
    "breaker": "open",
    "breakerReason": "LLM_TIMEOUT",
    "breakerWait": "58s",
    "figures": {
        "deterministic": 80_000,
        "combined": 20_000,
        "clarified": 23_456,
        "failed": 789,
        "saved": 12_345,
        "p50": "0.004s",
        "p95": "0.5s",
        "p99": "2.048s",
    },
    "agents": [
        {
            "agent": "specialist_a_group_with_a_long_name",
            "promptVersion": "0123456789ab",
            "calls": 98_765,
            "failed": 12_345,
            "repaired": 1_234,
            "empty": 23_456,
            "hedged": 4_321,
            "cachedShare": 0.98,
            "p95": "12.5s",
            "costUsd": 123.4567,
            "agreementRate": 1.0,
            "breaker": "open",
            "failures": [{"reason": "LLM_TIMEOUT", "count": 12_000}, {"reason": "LLM_REFUSED", "count": 345}],
            "rejections": [{"reason": "UNKNOWN_ENUM", "count": 7}],
        },
        {"agent": "logic", "promptVersion": "ba9876543210", "calls": 3, "failed": 0, "breaker": "open"},
    ],
}


def test_the_table_of_a_busy_service_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    experts(ParseDict(BUSY, pb.GetAgentHealthResponse()), Terminal(no_color=True))
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "since 2025-12-15 09:40 UTC: 123,456 builds, 65 % without a model",
        "100,000 with criteria, 23,456 with a question, 789 failed, 12,345 saved",
        "half within 4 ms, 99 % within 2.0 s",
        "reader and experts agree on 90 % of 2,345 builds that both read",
        "gpt-4o-mini of openai is left alone for 58.0 s: LLM_TIMEOUT",
        "   CALLS  FAILED   EMPTY  HEDGED  CACHED  REPAIRED     P95       USD  AGREES",
        "specialist_a_group_with_a_long_name 0123456789ab",
        "  98,765  12,345  23,456   4,321    98 %     1,234  12.5 s  123.4567   100 %",
        "  failed: LLM_TIMEOUT 12,000, LLM_REFUSED 345",
        "  refused: UNKNOWN_ENUM 7",
        "logic ba9876543210",
        "       3       0       0       0                 0           unknown",
    ]
    assert max(len(line) for line in lines) <= 80


@pytest.mark.timeout(120)
def test_a_server_whose_experts_were_never_asked_says_so(run: Run) -> None:
    # The first start of an embedded database takes long on a busy machine.
    done = run("experts", "--embedded", "--timeout", "60")
    assert done.code == 0
    assert done.out.splitlines()[1:] == ["no expert was asked"]
    assert done.out.endswith("UTC: no builds\nno expert was asked\n")
    told = run("experts", "--embedded", "--json", "--window", "7d").json
    model = {"model", "provider", "breaker", "breakerReason"}
    model |= {"reportedModel", "fingerprint"}
    lists = {"agents", "phrases", "findings"}
    assert set(told) == {"since", "builds", "comparedBuilds"} | lists | model
    assert all(told[each] == [] for each in lists)
    assert all(told[each] == "" for each in model)


@pytest.mark.parametrize("window", ["", "0h", "a day", "-5m", "24"])
def test_a_length_of_time_that_is_none_is_refused_with_an_example(window: str, call: Run) -> None:
    done = call("experts", "--window", window)
    assert done.code == 2
    assert "24h" in done.err
