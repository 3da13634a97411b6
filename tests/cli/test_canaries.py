"""`canaries`: tables of 80 columns, JSON by lines, exit codes that a script can branch on."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from google.protobuf.json_format import ParseDict
from segmentry.cli.terminal import Terminal
from segmentry.cli.views import canaries as view
from segmentry.v1 import segment_insights_pb2 as pb

from tests.canaries.watching import Changeable
from tests.cli.conftest import Run
from tests.cli.serving import serving
from tests.vendor.server import Vendor

CHANGED = {
    "runId": "canary_0123456789abcdef0123456789abcdef",
    "state": "finished",
    "cause": "model_changed",
    "startTime": "2026-01-15T09:41:00Z",
    "endTime": "2026-01-15T09:42:00Z",
    "model": "gpt-4o-mini",
    "reportedModel": "gpt-4o-mini-2024-07-18",
    "fingerprint": "fp_0123456789",
    "queries": 50,
    "answered": 49,
    "changed": 1,
    "agreed": 47,
    "calls": 71,
    "costUsd": 0.0173,
    "heldAgainst": "canary_ba9876543210",
    "promptsChanged": ["logic"],
    "changes": [
        {
            "query": "donated in total at least 1000 or level benefactor",
            "before": {"$or": [{"donated_total": {"$gte": 1000}}, {"level": "benefactor"}]},
            "now": {"donated_total": {"$gte": 1000}},
            "change": "CONDITION_REMOVED",
            "difference": "donated total is at least 1,000; accepted was: donated total is at least 1,000 or "
            "level is benefactor",
        }
    ],
    "answers": [
        {"query": "older than 64", "state": "same", "agreed": True},
        {"query": "donated in total at least 1000 or level benefactor", "state": "changed", "agreed": False},
        {"query": "city is not Madrid", "state": "failed", "failure": "LLM_REFUSED"},
    ],
}


def shown(found: pb.GetCanariesResponse, *, every: bool = False, runs: bool = False) -> None:
    view.shown(found, Terminal(no_color=True), every=every, runs=runs)


def test_what_changed_is_shown_with_both_sides_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    shown(ParseDict({"run": CHANGED, "everyDays": 7}, pb.GetCanariesResponse()))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "canary_0123456789abcdef0123456789abcdef",
        "  finished, begun 2026-01-15 09:41 UTC (model changed)",
        "  gpt-4o-mini-2024-07-18 fp_0123456789: 71 calls, 0.0173 US dollars",
        "  49 of 50 answered, 47 as the reader reads them, 1 otherwise than accepted",
        "  other prompts than in the accepted answers: logic",
        "changed  donated in total at least 1000 or level benefactor",
        "  CONDITION_REMOVED: donated total is at least 1,000; accepted was: donated",
        "    total is at least 1,000 or level is benefactor",
        "failed (LLM_REFUSED)  city is not Madrid",
        "runs by itself every 7 days, and when the model changes",
    ]
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "segmentry canaries accept canary_0123" in err


def test_every_query_and_every_run_are_shown_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    stopped = CHANGED | {"state": "stopped", "stopReason": "BUDGET_EXHAUSTED", "cause": "request"}
    found = {"run": stopped, "earlier": [CHANGED | {"accepted": True}, CHANGED | {"cause": "schedule"}]}
    shown(ParseDict(found, pb.GetCanariesResponse()), every=True, runs=True)
    lines = capsys.readouterr().out.splitlines()
    assert "  stopped (BUDGET_EXHAUSTED), begun 2026-01-15 09:41 UTC (request)" in lines
    assert "same  older than 64" in lines
    assert lines[-6:] == [
        "runs on request",
        "  BEGUN             STATE     CAUSE          ANSWERED  CHANGED  ACCEPTED",
        "canary_0123456789abcdef0123456789abcdef",
        "  2026-01-15 09:41  finished  model changed        49        1  yes",
        "canary_0123456789abcdef0123456789abcdef",
        "  2026-01-15 09:41  finished  schedule             49        1",
    ]


def test_before_the_first_run_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    shown(pb.GetCanariesResponse())
    assert capsys.readouterr().out.splitlines() == [
        "the stored queries have not been asked yet",
        "runs on request",
    ]


@contextmanager
def vendor(script: Changeable) -> Generator[str]:
    """The address of a vendor that answers beside the test."""
    ready, leave = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    address: list[str] = []

    async def serve() -> None:
        async with Vendor(script) as it:
            address.append(it.base_url)
            ready.set()
            await leave.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join()
        loop.close()


@pytest.mark.timeout(240)
def test_a_run_is_waited_for_shown_and_accepted(run: Run, tmp_path: Path) -> None:
    script = Changeable()
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    with vendor(script) as base_url:
        environment = os.environ | {
            "SEGMENTRY_DATA_DIR": str(folder),
            "AI_OPENAI_KEY": "sk-test",
            "AI_BASE_URL": base_url,
        }
        with serving(environment) as address:
            first = run("canaries", "run", "--wait", "--address", address)
            assert first.code == 0, first.err
            assert "50 of 50 answered, 50 as the reader reads them" in first.out
            script.words = {'"comets"': '"planets"'}
            second = run("canaries", "run", "--wait", "--json", "--address", address)
            assert second.code == 3, second.err
            run_id = str(second.json["runId"])
            changes = cast("list[dict[str, str]]", second.json["changes"])
            assert [each["query"] for each in changes] == ["favourite sight is comets"]
            told = run("canaries", "show", "--address", address)
            assert "changed  favourite sight is comets" in told.out
            accepted = run("canaries", "accept", run_id, "--address", address)
            assert "(request); accepted" in accepted.out
            listed = run("canaries", "show", "--runs", "--json", "--address", address)
            assert [json.dumps(each)[:7] for each in listed.lines] == ['{"run":', '{"runId']
            late = run("canaries", "cancel", run_id, "--address", address)
            assert (late.code, "nothing was cancelled" in late.err) == (0, True)
            gone = run("canaries", "cancel", "canary_nobody", "--address", address)
            assert gone.code == 6
            script.fault = "quota"
            stopped = run("canaries", "run", "--wait", "--address", address)
            assert (stopped.code, "stopped (LLM_QUOTA_EXHAUSTED)" in stopped.out) == (9, True)
