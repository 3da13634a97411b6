"""An analysis run as callers see it, and how it lies in the generic run's row and log.

A run's `request` says what was asked, its `progress` where it stands. A `run` event in the log holds the
whole standing of that moment, so that a replay shows what was true then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from segmentry import errors
from segmentry.analysis import codec
from segmentry.analysis.events import AnalysisResult, Event
from segmentry.analysis.parameters import TIERS, Parameters, Tier
from segmentry.criteria.segments import Saved
from segmentry.errors import JsonValue, SegmentryError
from segmentry.runs.run import JsonObject, LoggedEvent, NewEvent, Run, State, object_of, state_of

KIND = "analysis"


@dataclass(frozen=True, slots=True)
class AnalysisRun:
    """Where one run stands. `progress` is 0-1; `error` is set exactly in the state FAILED;
    `queue_position` counts from 1 while it waits for its turn."""

    run_id: str
    tenant: str
    state: State
    schema_id: str
    parameters: Parameters
    tier: Tier
    stage: str
    progress: float | None
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    error: SegmentryError | None
    snapshot_id: str
    attempt: int
    last_sequence: int
    queue_position: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The terminal event of a run that succeeded."""

    run: AnalysisRun
    result: AnalysisResult


Said = AnalysisRun | Event | Finished


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of a run for a watcher; `resume_token` continues after it."""

    sequence: int
    resume_token: str
    said: Said
    terminal: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked of a run, fixed when it was accepted."""

    parameters: Parameters
    as_of: datetime
    time_zone: str
    snapshot_id: str
    saved: Saved = field(default_factory=Saved)

    def to_json(self) -> JsonObject:
        return {
            "parameters": codec.encode_parameters(self.parameters),
            "as_of": self.as_of.isoformat(),
            "time_zone": self.time_zone,
            "snapshot_id": self.snapshot_id,
            "saved": self.saved.to_json(),
        }

    @classmethod
    def of(cls, run: Run) -> Order:
        request = run.request
        return cls(
            codec.decode_parameters(object_of(request["parameters"])),
            datetime.fromisoformat(str(request["as_of"])),
            str(request["time_zone"]),
            str(request["snapshot_id"]),
            Saved.of_json(request.get("saved")),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of a run that changes while it goes on. `attempt` counts its beginnings, `deaths` the
    workers that were lost under it; a server that is lost is no death."""

    state: State
    tier: Tier
    parameters: Parameters
    stage: str = ""
    fraction: float | None = None
    attempt: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    error: JsonObject | None = None
    queue_position: int | None = None
    deaths: int = 0

    def to_json(self) -> JsonObject:
        return {
            "state": self.state,
            "tier": self.tier,
            "parameters": codec.encode_parameters(self.parameters),
            "stage": self.stage,
            "fraction": self.fraction,
            "attempt": self.attempt,
            "started": _text(self.started),
            "ended": _text(self.ended),
            "error": self.error,
            "queue_position": self.queue_position,
            "deaths": self.deaths,
        }

    @classmethod
    def of(cls, body: JsonObject) -> Standing:
        fraction, attempt, error = body.get("fraction"), body.get("attempt"), body.get("error")
        place, deaths = body.get("queue_position"), body.get("deaths")
        return cls(
            state=state_of(str(body["state"])),
            tier=tier_of(body["tier"]),
            parameters=codec.decode_parameters(object_of(body["parameters"])),
            stage=str(body.get("stage", "")),
            fraction=float(fraction) if isinstance(fraction, int | float) else None,
            attempt=attempt if isinstance(attempt, int) else 0,
            started=_instant(body.get("started")),
            ended=_instant(body.get("ended")),
            error=None if error is None else object_of(error),
            queue_position=place if isinstance(place, int) else None,
            deaths=deaths if isinstance(deaths, int) else 0,
        )

    @classmethod
    def of_run(cls, run: Run) -> Standing:
        return cls.of(run.progress)

    def event(self) -> NewEvent:
        return NewEvent("run", self.to_json())


def view(run: Run, standing: Standing | None = None, last_sequence: int | None = None) -> AnalysisRun:
    """The run as it stands, or as it stood."""
    now = standing or Standing.of_run(run)
    return AnalysisRun(
        run_id=run.run_id,
        tenant=run.tenant,
        state=now.state,
        schema_id=run.scope,
        parameters=now.parameters,
        tier=now.tier,
        stage=now.stage,
        progress=now.fraction,
        create_time=run.created_at,
        start_time=now.started,
        end_time=now.ended,
        error=None if now.error is None else error_of(now.error),
        snapshot_id=str(run.request["snapshot_id"]),
        attempt=now.attempt,
        last_sequence=run.last_sequence if last_sequence is None else last_sequence,
        queue_position=now.queue_position if now.state == "QUEUED" else None,
    )


def said_of(run: Run, event: LoggedEvent) -> Said:
    """What a logged event says."""
    if event.kind == "run":
        return view(run, Standing.of(event.body), event.sequence)
    if event.kind == "result":
        return finished_of(run, event)
    return codec.decode(object_of(event.body))


def finished_of(run: Run, event: LoggedEvent) -> Finished:
    result = codec.decode(object_of(event.body["result"]))
    assert isinstance(result, AnalysisResult)
    return Finished(view(run, Standing.of(object_of(event.body["run"])), event.sequence), result)


def finished_event(standing: Standing, result: AnalysisResult) -> NewEvent:
    return NewEvent("result", {"run": standing.to_json(), "result": codec.encode(result)})


def error_json(error: SegmentryError) -> JsonObject:
    # Several kinds share a reason, and their status codes differ.
    kind = type(error).__name__
    return {"kind": kind, "reason": error.reason, "message": error.message, "metadata": {**error.metadata}}


def error_of(body: JsonObject) -> SegmentryError:
    """The error that ended a run; one that this version does not know is Internal."""
    metadata = body.get("metadata")
    named, reason = _KINDS.get(str(body.get("kind"))), str(body.get("reason"))
    kind = named or _ENDS.get(reason, errors.Internal)
    error = kind(str(body.get("message", "")))
    error.metadata.update({key: str(value) for key, value in object_of(metadata or {}).items()})
    return error


# How a run can fail. Everything else is a bug of ours, and its text stays in the log.
_FAILURES: tuple[type[SegmentryError], ...] = (
    errors.WorkerLost,
    errors.DatasetTooLarge,
    errors.DeadlineExceeded,
    errors.EmptyDataset,
    errors.NoUsableFields,
    errors.NoClusters,
    errors.InvalidParameters,
    errors.InvalidField,
    errors.InvalidValue,
    errors.ParseError,
    errors.StorageFull,
    errors.Unavailable,
    errors.Internal,
    errors.BudgetExhausted,
    errors.TierFailed,
    errors.ModelNotUsable,
    errors.ModelUnavailable,
    errors.ModelRateLimited,
    errors.UnusableModelOutput,
)
_KINDS = {each.__name__: each for each in _FAILURES}
# Logs that were written before kinds were know reasons; of kinds that share one the first was meant.
_ENDS = {each.reason: each for each in reversed(_FAILURES)}


def tier_of(value: JsonValue) -> Tier:
    if value not in TIERS:
        raise ValueError(f"not a tier: {value!r}")
    return value


def now() -> datetime:
    return datetime.now(UTC)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(value: JsonValue) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
