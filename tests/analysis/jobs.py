"""Jobs of misbehaving workers, and one that says a little and ends well."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from segmentry.analysis import codec, job
from segmentry.analysis.events import AnalysisResult, FilterRule, RuleFidelity, SegmentCard
from segmentry.errors import DatasetTooLarge, JsonValue

Emit = Callable[[JsonValue], None]
# The folder of marks stands beside the tables of all runs, which the test owns.
MARKS = "marks"


def _mark(argument: JsonValue) -> int:
    """How often a job ran here before."""
    assert isinstance(argument, dict)
    marks = Path(str(argument["table"])).parents[1] / MARKS
    marks.mkdir(exist_ok=True)
    seen = len(list(marks.iterdir()))
    (marks / str(seen)).touch()
    return seen


def _score(k: int) -> JsonValue:
    return {"event": "score", "k": k, "value": 0.5, "provisional": True}


def brief(argument: JsonValue, emit: Emit) -> JsonValue:
    """Say some scores and one card. Imports neither numpy nor scikit-learn: it starts at once."""
    match argument:
        case {"parameters": dict(parameters)}:
            pass
        case _:
            raise ValueError("no order")
    card = SegmentCard(
        card_id="seg_1",
        name="Everyone",
        description="400 customers",
        size=400,
        percentage=100.0,
        filter_rules=(FilterRule("engagementScore", "gte", 0),),
        characteristics=(),
        suggested_use="",
        criteria='{"engagementScore":{"$gte":0}}',
        fidelity=RuleFidelity(1.0, 1.0, 400, "all rows"),
        tier="ML_WORKER",
    )
    for k in (2, 3):
        emit(_score(k))
    emit(codec.encode(card))
    result = AnalysisResult("ML_WORKER", (card,), 400, 0, codec.decode_parameters(parameters), chosen_k=2)
    return codec.encode(result)


def die_once(argument: JsonValue, emit: Emit) -> JsonValue:
    """Be killed after a score, then answer."""
    if _mark(argument) == 0:
        _be_killed(emit)
    return brief(argument, emit)


def die(argument: JsonValue, emit: Emit) -> JsonValue:
    _mark(argument)
    _be_killed(emit)
    return None


def _be_killed(emit: Emit) -> None:
    emit(_score(2))
    time.sleep(0.05)  # the score is on its way
    os.kill(os.getpid(), signal.SIGKILL)


def hang(argument: JsonValue, emit: Emit) -> JsonValue:
    _mark(argument)
    emit({"event": "progress", "stage": "hanging", "fraction": 0.5})
    time.sleep(600)
    return None


def die_then_hang(argument: JsonValue, emit: Emit) -> JsonValue:
    if _mark(argument) == 0:
        _be_killed(emit)
    return hang(argument, emit)


def hang_once(argument: JsonValue, emit: Emit) -> JsonValue:
    if _mark(argument) == 0:
        return hang(argument, emit)
    return brief(argument, emit)


def too_large(argument: JsonValue, emit: Emit) -> JsonValue:
    raise DatasetTooLarge("this needs more memory than a worker may take")


def fail(argument: JsonValue, emit: Emit) -> JsonValue:
    raise RuntimeError("secret text of an exception")


def stumble(argument: JsonValue, emit: Emit) -> JsonValue:
    """The real analysis, which stops for good at the stage that the file `stage` names, in its first process.

    Whoever comes later notes the checkpoint that it was given. The file `how` says what happens there.
    """
    match argument:
        case {"table": str(table), **order}:
            pass
        case _:
            raise ValueError("no order")
    folder = Path(table).parents[1]
    seen = _mark(argument)
    checkpoint = order.get("checkpoint")
    given = str(checkpoint["stage"]) if isinstance(checkpoint, dict) else "nothing"
    (folder / MARKS / str(seen)).write_text(f"{given} {order.get('deaths')}")
    stage, how = ((folder / name).read_text() for name in ("stage", "how"))

    def say(event: JsonValue) -> None:
        emit(event)
        if seen == 0 and _stage_of(event) == stage:
            if how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            emit({"event": "progress", "stage": "hanging", "fraction": 0.5})
            time.sleep(600)

    return job.run(argument, say)


def _stage_of(event: JsonValue) -> str:
    match event:
        case {"checkpoint": {"stage": str(stage)}}:
            return stage
        case {"event": "score", "provisional": bool(provisional)}:
            return "provisional" if provisional else "final"
        case {"event": str(kind)}:
            return kind
        case _:
            return ""
