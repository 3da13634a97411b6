"""One pass over the stored queries, as the state store has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, cast

from segmentry.canaries.answers import Answer, answers_of
from segmentry.llm.model import NO_USAGE, UNSAID, ModelVersion, Usage
from segmentry.state.row import Row

Cause = Literal["schedule", "model_changed", "request"]
State = Literal["running", "finished", "stopped"]
# Why a run stopped, where it was neither the model nor the money.
CANCELLED: Final = "CANCELLED"
LOST: Final = "SERVER_LOST"


@dataclass(frozen=True, slots=True)
class Run:
    """A pass; `answers` are of all queries, in their order.

    `held_against` is the newest accepted run when it began, empty without one. `usage` has calls and price
    alone. `version` is what the vendor called itself last.
    """

    run_id: str
    provider: str
    model: str
    state: State
    cause: Cause
    stored_version: str
    started_at: datetime
    answers: tuple[Answer, ...] = ()
    ended_at: datetime | None = None
    version: ModelVersion = UNSAID
    usage: Usage = NO_USAGE
    held_against: str = ""
    stop_reason: str = ""
    accepted_at: datetime | None = None

    @property
    def answered(self) -> int:
        return sum(each.answered for each in self.answers)

    @property
    def changed(self) -> tuple[Answer, ...]:
        return tuple(each for each in self.answers if each.state == "changed")

    @property
    def agreed(self) -> int:
        return sum(each.agreed is True for each in self.answers)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why queries have no answer, one cause for each."""
        return tuple(each.failure for each in self.answers if each.state == "failed")

    def with_answer(self, answer: Answer, usage: Usage, version: ModelVersion) -> Run:
        """The run with the answer to one query in its place, and what it cost."""
        answers = tuple(answer if each.query == answer.query else each for each in self.answers)
        return replace(
            self,
            answers=answers,
            usage=self.usage + usage,
            version=self.version if version == UNSAID else version,
        )


@dataclass(frozen=True, slots=True)
class Decider:
    """Who starts, accepts or cancels a run, and by which request."""

    tenant: str
    name: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What answers are held against: by query, and the newest accepted run, empty without one."""

    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    run_id: str = ""


def baseline_of(runs: Sequence[Run]) -> Baseline:
    """The accepted answers of finished runs, newest first: where one run has no answer, an earlier one's."""
    answers: dict[str, Answer] = {}
    for run in runs:
        for each in run.answers:
            # The first answer to a query is accepted without anybody's word.
            if each.answered and (run.accepted_at is not None or each.state == "first"):
                answers.setdefault(each.query, each)
    accepted = next((run.run_id for run in runs if run.accepted_at is not None), "")
    return Baseline(answers, accepted)


def run_of(row: Row) -> Run:
    """A row of `canary_run`."""
    return Run(
        run_id=row.text("run_id"),
        provider=row.text("provider"),
        model=row.text("model"),
        state=cast("State", row.text("state")),  # a CHECK of the table
        cause=cast("Cause", row.text("cause")),  # a CHECK of the table
        stored_version=row.text("stored_version"),
        started_at=row.instant("started_at"),
        answers=answers_of(row.text("answers")),
        ended_at=row.optional_instant("ended_at"),
        version=ModelVersion(row.text("name"), row.text("fingerprint")),
        usage=Usage(calls=row.integer("calls"), cost_usd=row.optional_number("cost_usd")),
        held_against=row.text("held_against"),
        stop_reason=row.text("stop_reason"),
        accepted_at=row.optional_instant("accepted_at"),
    )
