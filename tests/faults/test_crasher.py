"""Workers and a server that are killed at random moments; the long form is `python -m benchmarks crasher`."""

from __future__ import annotations

import pytest

from benchmarks.crasher import crashed

pytestmark = pytest.mark.timeout(400)  # the leases of a killed server run out after 15 s; two servers start


async def test_no_run_is_stuck_lost_or_counted_twice_when_things_are_killed() -> None:
    tally = await crashed(runs=4, servers=1, members=3_000, seed=3)
    assert tally.faults == []
    assert tally.ends == {"RUN_STATE_SUCCEEDED": 4}
    assert tally.servers_killed == 1
