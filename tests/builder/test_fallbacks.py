"""An outage is said once, with everybody whom it kept from answering and how long it lasts at least."""

from __future__ import annotations

import pytest
from segmentry.builder.build import build
from segmentry.builder.events import Event, SubtaskFailed
from segmentry.builder.fallbacks import merged
from segmentry.builder.outcome import Fallback, Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.request import Options, Place
from segmentry.customers.snapshots import SnapshotStore

from tests.vendor.menu import MENU
from tests.vendored import vendored

from .conftest import Listener

OPEN = "gold members who are crazy about us"


async def built(place: Place, store: SnapshotStore, panel: Panel, heard: Listener) -> Outcome:
    return await build(OPEN, place, Options(), store, build_id="b", emit=heard, panel=panel)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("quota", "the vendor's quota is used up"),
        ("rate_limit_long", "the vendor limits the rate of calls for longer than a caller waits"),
    ],
)
async def test_an_outage_is_one_notice_with_its_cause_its_end_and_its_experts(
    fault: str, said: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(MENU[fault]) as asked:
        for _ in ("the calls that open the breaker", "calls that it does not let through"):
            listener = Listener()
            outcome = await built(place, store, asked.panel, listener)
            failed = [each.agent for each in listener.heard if isinstance(each, SubtaskFailed)]
            assert len(failed) > 1
            [notice] = outcome.fallbacks
            assert sorted(notice.others) == sorted(failed)
            assert notice.subtask_id == ""
            assert notice.message.startswith(f"{said}; asked again in ")
            assert all(each in notice.message for each in failed)
            assert told(listener.heard) == [notice]


def told(heard: list[Event]) -> list[Fallback]:
    return [each for each in heard if isinstance(each, Fallback)]


def test_other_causes_and_notices_that_are_no_failures_stand_for_themselves() -> None:
    def failed(agent: str, cause: str, said: str, wait_s: float = 0.0) -> Fallback:
        return Fallback("LLM", "DETERMINISTIC", cause, f"{agent}: {said}", agent, said=said, wait_s=wait_s)

    budget = Fallback("LLM", "DETERMINISTIC", "BUDGET_EXHAUSTED", "2 groups were not asked")
    refused = failed("b", "LLM_REFUSED", "the model refused")
    gone = failed("a", "LLM_UNAVAILABLE", "the vendor broke off")
    given_up = failed("c", "LLM_UNAVAILABLE", "given up: the vendor broke off", 57.6)
    found = merged((gone, refused, budget, given_up))
    assert [each.reason for each in found] == ["LLM_UNAVAILABLE", "LLM_REFUSED", "BUDGET_EXHAUSTED"]
    assert found[0].message == "the vendor broke off; asked again in 58 s (2 experts: a, c)"
    assert found[1:] == (refused, budget)
