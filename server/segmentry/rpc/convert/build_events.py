"""The progress of a build as stream messages."""

from __future__ import annotations

from typing import TypeVar, assert_never

from segmentry.builder.events import (
    Event,
    Partial,
    Preview,
    Started,
    Subtask,
    SubtaskFailed,
    SubtaskRetried,
    SubtaskStarted,
    SubtaskSucceeded,
)
from segmentry.builder.outcome import Fallback
from segmentry.rpc import relay, status
from segmentry.rpc.convert.builder import fallback, provenance, usage
from segmentry.rpc.convert.criteria import to_expression, to_struct
from segmentry.rpc.convert.times import duration, timestamp
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_builder_pb2 as pb

M = TypeVar("M", pb.StreamBuildResponse, pb.StreamRefineResponse)


def message(event: Event, kind: type[M], request_id: str) -> tuple[M, str | None]:
    """The message of an event, and the key under which a slow reader may be given only the newest."""
    match event:
        case Started():
            return kind(started=_started(event)), None
        case SubtaskStarted() | SubtaskRetried() | SubtaskSucceeded() | SubtaskFailed():
            return kind(subtask=_subtask(event, request_id)), f"subtask {event.subtask_id}"
        case Partial():
            return kind(partial=_partial(event)), "partial"
        case Preview():
            return kind(preview=_preview(event)), f"preview {event.leaf_id}"
        case Fallback():
            return kind(fallback=fallback(event)), None
        case _:
            assert_never(event)


def notice(said: relay.Notice, kind: type[M]) -> M:
    """A word about the stream itself."""
    match said:
        case relay.Heartbeat(at):
            told = events_pb2.ServerNotice(heartbeat=events_pb2.Heartbeat(at=timestamp(at)))
        case relay.Draining(retry_after_s):
            draining = events_pb2.Draining(retry_after=duration(retry_after_s))
            told = events_pb2.ServerNotice(draining=draining)
        case _:
            assert_never(said)
    return kind(notice=told)


def _started(event: Started) -> pb.BuildStarted:
    return pb.BuildStarted(
        build_id=event.build_id,
        as_of=timestamp(event.clock.as_of),
        time_zone=event.clock.zone.key,
        planned_agents=event.planned_agents,
    )


def _subtask(event: Subtask, request_id: str) -> events_pb2.SubtaskEvent:
    told = events_pb2.SubtaskEvent(
        subtask_id=event.subtask_id,
        agent=event.agent,
        attempt=1 if isinstance(event, SubtaskStarted) else event.attempt,
        prompt_version=event.prompt_version,
    )
    match event:
        case SubtaskStarted():
            told.elapsed.CopyFrom(duration(0))
            told.started.CopyFrom(events_pb2.SubtaskStarted(detail=event.detail))
        case SubtaskSucceeded():
            told.elapsed.CopyFrom(duration(event.elapsed_s))
            spent = None if event.usage is None else usage(event.usage)
            told.succeeded.CopyFrom(events_pb2.SubtaskSucceeded(leaves=event.leaves, usage=spent))
        case SubtaskRetried():
            told.elapsed.CopyFrom(duration(event.elapsed_s))
            told.retried.CopyFrom(
                events_pb2.SubtaskRetried(
                    cause=status.to_status(event.error, request_id),
                    delay=duration(event.delay_s),
                    repair=event.repair,
                )
            )
        case SubtaskFailed():
            told.elapsed.CopyFrom(duration(event.elapsed_s))
            told.failed.CopyFrom(
                events_pb2.SubtaskFailed(
                    error=status.to_status(event.error, request_id), degraded=event.degraded
                )
            )
        case _:
            assert_never(event)
    return told


def _partial(event: Partial) -> pb.PartialCriteria:
    return pb.PartialCriteria(
        criteria=to_struct(event.node),
        expression=to_expression(event.node),
        provenance=[provenance(leaf) for leaf in event.provenance],
        coverage=event.coverage,
        draft=event.draft,
    )


def _preview(event: Preview) -> pb.PreviewUpdate:
    count = event.count
    return pb.PreviewUpdate(
        leaf_id=event.leaf_id, count=count.matched, exact=count.exact, low=count.low, high=count.high
    )
