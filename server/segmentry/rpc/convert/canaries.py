"""Runs of the stored queries as messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf.struct_pb2 import Struct

from segmentry.canaries.answers import Answer, node_of, prompts_changed
from segmentry.canaries.run import Run
from segmentry.rpc.convert.criteria import to_struct
from segmentry.rpc.convert.times import timestamp
from segmentry.v1 import segment_insights_pb2 as pb


def canary_run(run: Run, accepted: Mapping[str, Answer] | None = None) -> pb.CanaryRun:
    """A run; with the `accepted` answers by query also each of its own."""
    found = pb.CanaryRun(
        run_id=run.run_id,
        state=run.state,
        cause=run.cause,
        start_time=timestamp(run.started_at),
        end_time=None if run.ended_at is None else timestamp(run.ended_at),
        model=run.model,
        reported_model=run.version.name,
        fingerprint=run.version.fingerprint,
        queries=len(run.answers),
        answered=run.answered,
        changed=len(run.changed),
        agreed=run.agreed,
        calls=run.usage.calls,
        cost_usd=run.usage.cost_usd,
        accepted=run.accepted_at is not None,
        stop_reason=run.stop_reason,
        held_against=run.held_against,
    )
    if accepted is not None:
        found.changes.extend(_change(each) for each in run.changed)
        found.answers.extend(_answer(each) for each in run.answers)
        found.prompts_changed.extend(prompts_changed(run.answers, accepted))
    return found


def canaries_response(
    runs: Sequence[Run], accepted: Mapping[str, Answer], every_days: int
) -> pb.GetCanariesResponse:
    """The last run with all answers, and those before it without."""
    return pb.GetCanariesResponse(
        run=canary_run(runs[0], accepted) if runs else None,
        every_days=every_days,
        earlier=[canary_run(each) for each in runs[1:]],
    )


def _change(each: Answer) -> pb.CanaryChange:
    return pb.CanaryChange(
        query=each.query,
        before=_struct(each.before),
        now=_struct(each.criteria),
        change=each.change,
        difference=each.difference,
    )


def _answer(each: Answer) -> pb.CanaryAnswer:
    return pb.CanaryAnswer(
        query=each.query,
        state=each.state,
        now=_struct(each.criteria),
        agreed=each.agreed if each.answered else None,
        failure=each.failure,
    )


def _struct(criteria: str | None) -> Struct | None:
    return None if criteria is None else to_struct(node_of(criteria))
