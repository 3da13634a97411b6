"""A run of the stored queries is held against what was accepted, by the rows that answers select."""

from __future__ import annotations

import pytest
from segmentry.canaries.stored import stored
from segmentry.errors import InvalidState, NotFound
from segmentry.state.database import Database

from tests.canaries.watching import ADA, Changeable, few, passed, watched
from tests.vendor.server import Vendor

COMETS = "favourite sight is comets"


async def test_the_first_run_reads_all_fifty_as_the_reader_does_and_is_accepted(database: Database) -> None:
    async with Vendor(Changeable()) as vendor, watched(database, vendor.base_url, n=50) as it:
        run = await passed(it)
        assert (run.state, run.answered, run.agreed) == ("finished", 50, 50)
        assert run.accepted_at is not None
        assert {each.state for each in run.answers} == {"first"}
        assert (run.version.name, run.version.fingerprint) == ("gpt-4o-mini-2024-07-18", "fp_a")
        assert run.usage.calls == vendor.n_calls >= 50
        assert run.usage.cost_usd is not None
        assert run.usage.cost_usd > 0
        assert all(each.prompts for each in run.answers)
        assert not await it.findings()


async def test_the_same_answers_are_no_alarm(database: Database) -> None:
    async with Vendor(Changeable()) as vendor, watched(database, vendor.base_url) as it:
        first = await passed(it)
        second = await passed(it)
        assert {each.state for each in second.answers} == {"same"}
        assert second.held_against == first.run_id
        assert second.accepted_at is None
        assert not await it.findings()


async def test_an_answer_that_changed_is_an_alarm_with_the_query_and_the_difference(
    database: Database,
) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url, n=50) as it:
        await passed(it)
        script.words = {'"comets"': '"planets"'}
        run = await passed(it)
        (changed,) = run.changed
        assert (changed.query, changed.change) == (COMETS, "THRESHOLD_CHANGED")
        assert (changed.before, changed.criteria) == (
            '{"favourite_sight": "comets"}',
            '{"favourite_sight": "planets"}',
        )
        (finding,) = await it.findings()
        assert finding.reason == "CANARY_CHANGED"
        assert (finding.before, finding.now) == (1.0, 49 / 50)
        for said in (COMETS, "favourite sight is planets; accepted was: favourite sight is comets"):
            assert said in finding.message


async def test_what_selects_the_same_rows_is_no_change_however_it_is_written(database: Database) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url, n=2) as it:
        before = (await passed(it)).answers[1]
        script.words = {'["Porto", "Braga"]': '["Braga", "Porto"]'}
        run = await passed(it)
        after = run.answers[1]
        assert after.criteria is not None
        assert "Braga" in after.criteria
        assert after.criteria != before.criteria
        assert {each.state for each in run.answers} == {"same"}


async def test_a_model_that_reads_nothing_any_more_has_changed(database: Database) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url, n=2) as it:
        await passed(it)
        script.blank = True
        run = await passed(it)
        assert [each.change for each in run.changed] == ["NOTHING_READ", "NOTHING_READ"]


async def test_a_change_that_a_second_answer_does_not_repeat_is_none(database: Database) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        await passed(it)
        script.once = {'["Lisbon"]': '["Porto"]'}
        run = await passed(it)
        assert not script.once
        assert {each.state for each in run.answers} == {"same"}


async def test_accepting_ends_the_alarm_and_later_runs_are_held_against_it(database: Database) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        old = await passed(it)
        script.words = {'["Madrid"]': '["Faro"]'}
        changed = await passed(it)
        assert len(await it.findings()) == 1
        with pytest.raises(InvalidState, match=changed.run_id):
            await it.accept(old.run_id, ADA)
        with pytest.raises(NotFound):
            await it.accept("canary_nobody", ADA)
        accepted = await it.accept(changed.run_id, ADA)
        assert accepted.accepted_at is not None
        assert await it.accept(changed.run_id, ADA) == accepted
        assert not await it.findings()
        again = await passed(it)
        assert (again.held_against, len(again.changed)) == (changed.run_id, 0)
        script.words = {}
        back = await passed(it)
        assert [each.query for each in back.changed] == ["city is not Madrid"]
        rows = await database.fetch(
            "SELECT decided_by, tenant FROM canary_decision WHERE decision = 'accept'"
        )
        assert [(row.text("decided_by"), row.text("tenant")) for row in rows] == [("ada", "demo")]


async def test_an_alarm_ends_with_a_run_that_answers_as_accepted(database: Database) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it:
        await passed(it)
        script.words = {'["Madrid"]': '["Faro"]'}
        await passed(it)
        assert await it.findings()
        script.words = {}
        await passed(it)
        assert not await it.findings()


async def test_other_queries_are_held_against_nothing(database: Database) -> None:
    async with Vendor(Changeable()) as vendor:
        async with watched(database, vendor.base_url, n=3) as it:
            await passed(it)
        async with watched(database, vendor.base_url, n=4) as it:
            run = await passed(it)
    assert {each.state for each in run.answers} == {"first"}
    assert run.accepted_at is not None
    assert few(3).queries == stored().queries[:3]


async def test_two_who_ask_at_once_get_one_run(database: Database) -> None:
    async with (
        Vendor(Changeable()) as vendor,
        watched(database, vendor.base_url) as one,
        watched(database, vendor.base_url) as other,
    ):
        ours = await one.start(ADA)
        assert (await other.start(ADA)).run_id == ours.run_id
        assert (await one.start(ADA)).run_id == ours.run_id
