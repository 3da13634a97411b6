"""A run: long work that is stored, watched and resumed, whatever it computes.

    QUEUED -> RUNNING -> SUCCEEDED | FAILED | CANCELLED          QUEUED -> FAILED | CANCELLED

What was asked (`request`) and where it stands (`progress`) are JSON of the caller's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from segmentry.errors import JsonValue
from segmentry.state.row import Row

State = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
JsonObject = dict[str, JsonValue]

STATES: tuple[State, ...] = get_args(State)
TERMINAL: frozenset[State] = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
TRANSITIONS: dict[State, frozenset[State]] = {
    "QUEUED": frozenset({"RUNNING", "FAILED", "CANCELLED"}),
    "RUNNING": frozenset({"SUCCEEDED", "FAILED", "CANCELLED"}),
    "SUCCEEDED": frozenset(),
    "FAILED": frozenset(),
    "CANCELLED": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One row of the table `run`. `fence` grows with each change of hands (see `store`)."""

    run_id: str
    tenant: str
    kind: str
    scope: str
    state: State
    request: JsonObject
    progress: JsonObject
    error: JsonObject | None
    attempt: int
    last_sequence: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    owner: str
    fence: int

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something a run says, before it has a number."""

    kind: str
    body: JsonObject


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """Something a run said: number `sequence`, counted from 1 without a gap."""

    run_id: str
    sequence: int
    kind: str
    body: JsonObject
    terminal: bool


def run_of(row: Row) -> Run:
    error = row.decoded("error")
    return Run(
        run_id=row.text("run_id"),
        tenant=row.text("tenant"),
        kind=row.text("kind"),
        scope=row.text("scope"),
        state=state_of(row.text("state")),
        request=object_of(row.decoded("request")),
        progress=object_of(row.decoded("progress")),
        error=None if error is None else object_of(error),
        attempt=row.integer("attempt"),
        last_sequence=row.integer("last_sequence"),
        created_at=row.instant("created_at"),
        started_at=row.optional_instant("started_at"),
        ended_at=row.optional_instant("ended_at"),
        owner=row.text("owner"),
        fence=row.integer("fence"),
    )


def event_of(row: Row) -> LoggedEvent:
    return LoggedEvent(
        run_id=row.text("run_id"),
        sequence=row.integer("sequence"),
        kind=row.text("kind"),
        body=object_of(row.decoded("body")),
        terminal=row.flag("terminal"),
    )


def state_of(text: str) -> State:
    """Raises: ValueError when it is no state."""
    if text not in STATES:
        raise ValueError(f"not a run state: {text!r}")
    return text


def object_of(value: JsonValue) -> JsonObject:
    """Raises: TypeError when the value is not a JSON object."""
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value
