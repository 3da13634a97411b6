"""How far a run came: kept while it is open, by its owner alone."""

from __future__ import annotations

from segmentry.runs.checkpoints import Checkpoints
from segmentry.runs.log import Change, RunLog
from segmentry.runs.store import RunStore
from segmentry.state.database import Database

from tests.runs.test_log import DONE, RUNNING, new_run, said


async def test_the_newest_checkpoint_is_there_until_the_run_ends(database: Database) -> None:
    log, kept = RunLog(database), Checkpoints(database)
    run, _ = await new_run(RunStore(database))
    assert await kept.get(run.run_id) is None
    assert await kept.put(run.run_id, run.fence, {"stage": 1})
    await log.append(run.run_id, run.fence, [], RUNNING)
    assert await kept.put(run.run_id, run.fence, {"stage": 2})
    assert await kept.get(run.run_id) == {"stage": 2}
    await log.append(run.run_id, run.fence, [said("end")], DONE)
    assert await kept.get(run.run_id) is None
    assert not await kept.put(run.run_id, run.fence, {"stage": 3})


async def test_a_server_that_lost_the_run_changes_no_checkpoint(database: Database) -> None:
    kept = Checkpoints(database)
    run, _ = await new_run(RunStore(database))
    await kept.put(run.run_id, run.fence, {"by": "the first"})
    await database.execute("UPDATE run SET lease_until = now() - interval '1 second'")
    (adopted,) = await RunStore(database).adopt("test")
    assert not await kept.put(run.run_id, run.fence, {"by": "one that was asleep"})
    assert await kept.get(run.run_id) == {"by": "the first"}
    assert await kept.put(run.run_id, adopted.fence, {"by": "the second"})


async def test_a_cancelled_run_leaves_no_checkpoint(database: Database) -> None:
    log, kept = RunLog(database), Checkpoints(database)
    run, _ = await new_run(RunStore(database))
    await kept.put(run.run_id, run.fence, [1, 2, 3])
    await log.append(run.run_id, run.fence, [said("end")], Change(state="CANCELLED"))
    assert await kept.get(run.run_id) is None
