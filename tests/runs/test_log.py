"""The run log and the run store on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import uuid
from datetime import datetime

import pytest
from segmentry.errors import AlreadyExists, InvalidResumeToken, NotFound, OutOfRange
from segmentry.runs.log import Change, LostRun, RunLog
from segmentry.runs.run import LoggedEvent, NewEvent, Run
from segmentry.runs.store import RunStore
from segmentry.runs.tokens import Position, ResumeTokens, signing_key
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim

RUNNING = Change(state="RUNNING")
DONE = Change(state="SUCCEEDED")


async def new_run(store: RunStore, claim: Claim | None = None, tenant: str = "t") -> tuple[Run, bool]:
    return await store.create(
        tenant=tenant, kind="test", scope="s", request={"a": 1}, progress={}, first=said("1"), claim=claim
    )


def said(text: str) -> NewEvent:
    return NewEvent("said", {"text": text})


async def recorded(database: Database, n_events: int) -> tuple[RunLog, Run]:
    """A run that said n_events and ended with the last of them."""
    store, log = RunStore(database), RunLog(database)
    run, _ = await new_run(store)
    await log.append(run.run_id, run.fence, [said(str(number)) for number in range(2, n_events)], RUNNING)
    await log.append(run.run_id, run.fence, [said("end")], DONE)
    return log, run


async def heard(log: RunLog, run: Run, after: int = 0) -> list[LoggedEvent]:
    return [event async for event in log.follow(run.run_id, after)]


async def test_every_resume_point_replays_exactly_the_tail(database: Database) -> None:
    log, run = await recorded(database, 12)
    everything = await heard(log, run)
    assert [event.sequence for event in everything] == list(range(1, 13))
    assert [event.terminal for event in everything] == [False] * 11 + [True]
    for after in range(13):
        assert await heard(log, run, after) == everything[after:]


async def test_a_long_log_is_replayed_in_pages_without_a_gap(database: Database) -> None:
    log, run = await recorded(database, 501)
    assert [event.sequence for event in await heard(log, run)] == list(range(1, 502))


async def test_two_watchers_and_a_late_one_hear_the_same(database: Database) -> None:
    store, log = RunStore(database), RunLog(database)
    run, _ = await new_run(store)
    async with asyncio.TaskGroup() as tasks:
        early = [tasks.create_task(heard(log, run)) for _ in range(2)]
        await log.append(run.run_id, run.fence, [], RUNNING)
        for number in range(2, 30):
            await log.append(run.run_id, run.fence, [said(str(number))])
        late = tasks.create_task(heard(log, run))
        await log.append(run.run_id, run.fence, [said("end")], DONE)
    assert early[0].result() == early[1].result() == late.result()
    assert len(late.result()) == 30


async def test_a_watcher_on_another_server_hears_it_too(database: Database, postgres_folder: object) -> None:
    store, log, elsewhere = RunStore(database), RunLog(database), RunLog(database)
    run, _ = await new_run(store)
    async with asyncio.TaskGroup() as tasks:
        watcher = tasks.create_task(heard(elsewhere, run))
        await log.append(run.run_id, run.fence, [said("2")], RUNNING)
        await log.append(run.run_id, run.fence, [said("end")], DONE)
    assert [event.sequence for event in watcher.result()] == [1, 2, 3]


async def test_parallel_appends_leave_no_gap(database: Database) -> None:
    store, log = RunStore(database), RunLog(database)
    run, _ = await new_run(store)
    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(log.append(run.run_id, run.fence, [said(str(number))]))
    await log.append(run.run_id, run.fence, [said("end")], Change(state="CANCELLED"))
    events = await heard(log, run)
    assert [event.sequence for event in events] == list(range(1, 53))
    assert sorted(int(str(event.body["text"])) for event in events[1:-1]) == list(range(50))


async def test_nothing_follows_the_terminal_event(database: Database) -> None:
    log, run = await recorded(database, 3)
    with pytest.raises(LostRun):
        await log.append(run.run_id, run.fence, [said("too late")])
    with pytest.raises(LostRun):
        await log.append(run.run_id, run.fence, [said("again")], Change(state="FAILED"))
    assert len(await heard(log, run)) == 3


async def test_a_queued_run_cannot_succeed_without_running(database: Database) -> None:
    store, log = RunStore(database), RunLog(database)
    run, _ = await new_run(store)
    with pytest.raises(LostRun):
        await log.append(run.run_id, run.fence, [said("end")], DONE)
    assert len(await log.read(run.run_id)) == 1


async def test_text_with_nul_and_astral_characters_comes_back(database: Database) -> None:
    store, log = RunStore(database), RunLog(database)
    run, _ = await new_run(store)
    await log.append(run.run_id, run.fence, [said("\x00 😀 é \\u0000")])
    assert (await log.read(run.run_id))[1].body == {"text": "\x00 😀 é \\u0000"}


async def test_a_token_for_events_that_are_gone_says_expired(database: Database) -> None:
    log, run = await recorded(database, 10)
    await database.execute("DELETE FROM run_event WHERE run_id = $1 AND sequence < 6", run.run_id)
    with pytest.raises(OutOfRange):
        await heard(log, run, 2)
    assert [event.sequence for event in await heard(log, run, 5)] == [6, 7, 8, 9, 10]
    await database.execute("DELETE FROM run_event WHERE run_id = $1", run.run_id)
    with pytest.raises(OutOfRange):
        await heard(log, run, 0)


async def test_old_events_and_request_ids_are_forgotten(database: Database) -> None:
    log, run = await recorded(database, 3)
    store = RunStore(database)
    claim = Claim("Start", "id", b"a")
    first, _ = await new_run(store, claim)
    await store.forget_old()
    assert len(await log.read(run.run_id)) == 3
    await database.execute(
        "UPDATE run SET ended_at = now() - interval '8 days' WHERE run_id = $1", run.run_id
    )
    await database.execute("UPDATE idempotency SET created_at = now() - interval '25 hours'")
    second, is_new = await new_run(store, Claim("Start", "id", b"b"))
    assert is_new
    assert second.run_id != first.run_id
    await store.forget_old()
    assert await log.read(run.run_id) == []


async def test_a_hundred_parallel_duplicates_make_one_run(database: Database) -> None:
    store = RunStore(database)
    claim = Claim("Start", str(uuid.uuid4()), b"digest")
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(new_run(store, claim)) for _ in range(100)]
    assert len({task.result()[0].run_id for task in made}) == 1
    assert [task.result()[1] for task in made].count(True) == 1
    row = await database.fetch_one("SELECT count(*) AS n FROM run")
    assert row is not None
    assert row.integer("n") == 1


async def test_the_same_request_id_with_another_body_conflicts(database: Database) -> None:
    store = RunStore(database)
    first, _ = await new_run(store, Claim("Start", "id", b"one"))
    with pytest.raises(AlreadyExists) as caught:
        await new_run(store, Claim("Start", "id", b"two"))
    assert caught.value.metadata["existingResource"] == first.run_id
    other_tenant, is_new = await new_run(store, Claim("Start", "id", b"two"), tenant="other")
    assert is_new
    assert other_tenant.tenant == "other"


async def test_another_tenants_run_is_not_found(database: Database) -> None:
    store = RunStore(database)
    run, _ = await new_run(store)
    assert (await store.get("t", run.run_id)).run_id == run.run_id
    for tenant, run_id in (("other", run.run_id), ("t", "run_" + "0" * 32), ("t", "\x00"), ("t", "")):
        with pytest.raises(NotFound):
            await store.get(tenant, run_id)


async def test_a_list_is_in_order_of_creation_and_an_insert_shifts_no_page(database: Database) -> None:
    store = RunStore(database)
    made = [(await new_run(store))[0] for _ in range(7)]
    await new_run(store, tenant="other")
    seen: list[str] = []
    after: tuple[datetime, str] | None = None
    for _ in range(3):
        page = await store.list("t", "test", after=after, limit=3)
        seen += [run.run_id for run in page]
        after = (page[-1].created_at, page[-1].run_id)
        made.append((await new_run(store))[0])
    assert seen == [run.run_id for run in made[:9]]
    assert await store.list("t", "test", state="FAILED", limit=3) == []
    assert await store.list("t", "test", scope="elsewhere", limit=3) == []


async def test_runs_of_a_dead_server_change_hands_and_its_writes_count_no_more(database: Database) -> None:
    dead, living = RunStore(database), RunStore(database)
    log = RunLog(database)
    run, _ = await new_run(dead)
    assert await living.adopt("test") == []
    await database.execute("UPDATE run SET lease_until = now() - interval '1 second'")
    (adopted,) = await living.adopt("test")
    assert adopted.run_id == run.run_id
    assert adopted.fence == run.fence + 1
    with pytest.raises(LostRun):
        await log.append(run.run_id, run.fence, [said("I was only asleep")])
    await log.append(adopted.run_id, adopted.fence, [said("mine now")])
    assert await dead.renew([run.run_id]) == frozenset()
    assert await living.renew([run.run_id]) == {run.run_id}
    assert await living.renew([]) == frozenset()
    assert await RunStore(database).adopt("test") == []


async def test_a_released_run_is_taken_over_at_once(database: Database) -> None:
    leaving, coming = RunStore(database), RunStore(database)
    run, _ = await new_run(leaving)
    await leaving.release()
    assert [each.run_id for each in await coming.adopt("test")] == [run.run_id]


async def test_tokens_survive_a_restart_and_keep_tenants_apart(database: Database) -> None:
    token = ResumeTokens(await signing_key(database)).issue("t", "run_x", 7)
    again = ResumeTokens(await signing_key(database))
    assert again.read("t", token) == Position("run_x", 7)
    with pytest.raises(InvalidResumeToken):
        again.read("other", token)


async def test_no_changed_token_is_accepted(database: Database) -> None:
    tokens = ResumeTokens(await signing_key(database))
    token = tokens.issue("t", "run_x", 7)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(InvalidResumeToken):
            tokens.read("t", base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="))
    for nonsense in ("", "x", "é", "a" * 5000, "AAAA", token + "AAAA", token[:-4]):
        with pytest.raises(InvalidResumeToken):
            tokens.read("t", nonsense)
