"""The analysis as a worker process calls it: JSON in, JSON events out, the result as the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from segmentry.analysis import codec, memory
from segmentry.analysis.attempt import SAMPLE_ROWS, SAMPLE_ROWS_AFTER_DEATH, Attempt, Checkpoint
from segmentry.analysis.discover import discover
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.terms import NO_MODEL, Terms
from segmentry.criteria.segments import Saved
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import JsonValue

TARGET = "segmentry.analysis.job:run"
# Enough rows for the compiled kernel, few enough to take no time.
WARM_MEMBERS = 4_000
# The compiled functions of the kernel, and some more.
MOST_TRIES = 32

log = logging.getLogger(__name__)


def order(
    table: Path,
    parameters: Parameters,
    as_of: datetime,
    *,
    time_zone: str = "",
    terms: Terms = NO_MODEL,
    saved: Saved | None = None,
) -> dict[str, JsonValue]:
    """The argument of `run` for a snapshot that was written to `table`."""
    return {
        "table": str(table),
        "parameters": codec.encode_parameters(parameters),
        "as_of": as_of.isoformat(),
        "time_zone": time_zone,
        "terms": terms.to_json(),
        "saved": (saved or Saved()).to_json(),
    }


def warm() -> None:
    """Do what a first analysis waits for: imports, compiled code, memory of the libraries.

    Code that was compiled is kept for the next process; where it cannot be kept it is there for this one.
    """
    for _ in range(MOST_TRIES):
        try:
            _discover_in_little()
        except OSError as err:  # the disk is full: each function is compiled, and then not written
            log.info("compiled code cannot be kept: %s", err.strerror)
        else:
            return


def _discover_in_little() -> None:
    club = golf_snapshot(WARM_MEMBERS)
    discover(club, Parameters(max_clusters=4), datetime.now(UTC), lambda _event: None)


def run(argument: JsonValue, say: Callable[[JsonValue], None]) -> JsonValue:
    """Discover in the table of an order; every event goes to `say`, the encoded result is returned.

    After each stage of a sweep `say` is also given `{"checkpoint": ...}`, which a later order may hold.

    Raises: what `discover` raises, and ValueError for an argument that is no order.
    """
    match argument:
        case {"table": str(table), "parameters": dict(parameters), "as_of": str(as_of), **rest}:
            pass
        case _:
            raise ValueError("an analysis job names a table, parameters and an instant")
    place = Path(table).parent
    past = memory.past_of(place)
    result = discover(
        Snapshot.read(Path(table)),
        codec.decode_parameters(parameters),
        datetime.fromisoformat(as_of),
        lambda event: say(codec.encode(event)),
        terms=Terms.of_json(rest.get("terms")),
        time_zone=str(rest.get("time_zone", "")),
        saved=Saved.of_json(rest.get("saved")),
        attempt=_attempt(rest, say),
        past=past,
    )
    memory.leave(place, past)
    return codec.encode(result)


def _attempt(rest: dict[str, JsonValue], say: Callable[[JsonValue], None]) -> Attempt:
    return Attempt(
        Checkpoint.of_json(rest.get("checkpoint")),
        lambda checkpoint: say({"checkpoint": checkpoint.to_json()}),
        SAMPLE_ROWS_AFTER_DEATH if rest.get("deaths") else SAMPLE_ROWS,
    )
