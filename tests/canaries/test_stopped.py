"""What ends a run of the stored queries before its end, and that none of it is taken for a change."""

from __future__ import annotations

import asyncio

import pytest
from segmentry.canaries.service import Canaries
from segmentry.errors import ModelNotUsable, NotFound
from segmentry.llm.budget import Limits
from segmentry.state.database import Database

from tests.canaries.watching import ADA, Changeable, ended, few, passed, watched
from tests.vendor.server import Vendor

# The reservations of a few queries, two of which are asked at once; not of thirty.
LIMITS = Limits(tokens_per_day=60_000)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("server_error", "LLM_UNAVAILABLE"),
        ("quota", "LLM_QUOTA_EXHAUSTED"),
        ("unauthorized", "LLM_NOT_CONFIGURED"),
        ("html_as_json", "LLM_BAD_OUTPUT"),
        ("overloaded", "LLM_UNAVAILABLE"),
    ],
)
async def test_a_vendor_that_is_down_stops_a_run_and_is_no_change(
    database: Database, fault: str, reason: str
) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        first = await passed(it)
        script.fault = fault
        run = await passed(it)
        assert (run.state, run.stop_reason, run.answered) == ("stopped", reason, 0)
        assert not run.changed
        assert [each.reason for each in await it.findings()] == (
            ["CANARY_STOPPED"] if reason == "LLM_BAD_OUTPUT" else []
        )
        script.fault = ""
    async with Vendor(script, port=vendor.port) as vendor, watched(database, vendor.base_url) as it:
        again = await passed(it)
        assert (again.state, again.held_against, len(again.changed)) == ("finished", first.run_id, 0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unknown_field", "LLM_BAD_OUTPUT"),
        ("truncated", "LLM_TRUNCATED"),
        ("refusal", "LLM_REFUSED"),
    ],
)
async def test_a_model_whose_answers_cannot_be_used_is_an_alarm_until_a_run_finishes(
    database: Database, fault: str, reason: str
) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        await passed(it)
        assert not await it.findings()
        script.fault = fault
        run = await passed(it)
        assert (run.state, run.stop_reason) == ("stopped", reason)
        (found,) = await it.findings()
        assert found.reason == "CANARY_STOPPED"
        assert all(each in found.message for each in (reason, run.run_id, "AI_MODEL"))
    async with Vendor(script, port=vendor.port) as vendor, watched(database, vendor.base_url) as it:
        # An outage after it says nothing of the model.
        script.fault = "quota"
        await passed(it)
        assert [each.reason for each in await it.findings()] == ["CANARY_STOPPED"]
    async with Vendor(script, port=vendor.port) as vendor, watched(database, vendor.base_url) as it:
        script.fault = ""
        assert (await passed(it)).state == "finished"
        assert not await it.findings()


async def test_a_vendor_that_cannot_be_reached_stops_a_run(database: Database) -> None:
    async with Vendor(Changeable()) as vendor, watched(database, vendor.base_url) as it, vendor.down():
        run = await passed(it)
        assert (run.state, run.stop_reason) == ("stopped", "LLM_UNAVAILABLE")
        assert run.accepted_at is None


async def test_one_query_that_the_vendor_refuses_leaves_the_others(database: Database) -> None:
    script = Changeable(faults={"Madrid": "prompt_filter"})
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        run = await passed(it)
        assert (run.state, run.answered) == ("finished", 5)
        assert [(each.query, each.failure) for each in run.answers if each.failure] == [
            ("city is not Madrid", "LLM_REFUSED")
        ]
        script.faults = {}
        later = await passed(it)
        assert [each.state for each in later.answers].count("first") == 1
        # Its first answer is what the next ones are held against, though nobody accepted that run.
        script.words = {'["Madrid"]': '["Faro"]'}
        assert [each.query for each in (await passed(it)).changed] == ["city is not Madrid"]


async def test_a_run_ends_where_its_money_does_and_the_next_day_has_new_money(database: Database) -> None:
    async with (
        Vendor(Changeable()) as vendor,
        watched(database, vendor.base_url, n=30, limits=LIMITS) as it,
    ):
        run = await passed(it)
        assert (run.state, run.stop_reason) == ("stopped", "BUDGET_EXHAUSTED")
        assert 0 < run.answered < 30
        assert run.accepted_at is None
        n_calls = vendor.n_calls
        assert (await passed(it)).stop_reason == "BUDGET_EXHAUSTED"
        assert vendor.n_calls - n_calls <= 2
        await database.execute("UPDATE model_budget SET day = day - interval '1 day'")
        assert (await passed(it)).answered > 0


async def test_a_change_found_before_the_money_was_used_up_is_an_alarm_all_the_same(
    database: Database,
) -> None:
    script = Changeable()
    async with Vendor(script) as vendor:
        async with watched(database, vendor.base_url, n=30) as it:
            await passed(it)
        script.words = {'Lisbon"]': 'Porto"]'}
        async with watched(database, vendor.base_url, n=30, limits=LIMITS) as it:
            run = await passed(it)
            assert (run.state, [each.query for each in run.changed]) == ("stopped", ["friends in Lisbon"])
            assert "friends in Lisbon" in (await it.findings())[0].message


async def test_a_cancelled_run_ends_and_keeps_what_was_answered(database: Database) -> None:
    script = Changeable(faults={"Madrid": "silent"})
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        run = await it.start(ADA)
        await vendor.seen(4)
        await it.cancel(run.run_id, ADA)
        stopped = await ended(it)
        assert (stopped.state, stopped.stop_reason) == ("stopped", "CANCELLED")
        assert stopped.answered > 0
        assert await it.cancel(run.run_id, ADA) == stopped
        await vendor.idle()
        with pytest.raises(NotFound):
            await it.cancel("canary_nobody", ADA)


async def test_a_run_that_nobody_works_on_is_cancelled_at_once(database: Database) -> None:
    script = Changeable(faults={"Madrid": "silent"})
    async with Vendor(script) as vendor:
        async with watched(database, vendor.base_url) as gone:
            run = await gone.start(ADA)
            await vendor.seen(2)
        async with watched(database, vendor.base_url) as it:
            assert (await it.cancel(run.run_id, ADA)).state == "stopped"


async def test_without_a_model_there_is_nothing_to_run(database: Database) -> None:
    async def nothing() -> None: ...

    it = Canaries(database, None, few(3), 7, nothing)
    assert it.every_days == 0
    assert not await it.findings()
    with pytest.raises(ModelNotUsable):
        await it.start(ADA)
    keeping = asyncio.create_task(it.keep(0.01))
    await asyncio.sleep(0.04)
    keeping.cancel()
    assert not await it.last()
