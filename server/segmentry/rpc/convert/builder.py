"""What SegmentBuilder is asked, and what a build comes to, as messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from segmentry.builder import outcome as o
from segmentry.builder.outcome import Outcome
from segmentry.builder.request import Answer, Options
from segmentry.criteria.dates import Clock
from segmentry.criteria.diff import LeafChange
from segmentry.customers.store import Count
from segmentry.llm.model import Usage
from segmentry.reader.draft import Source, Span
from segmentry.rpc.context import RequestContext
from segmentry.rpc.convert.criteria import to_expression, to_struct
from segmentry.rpc.convert.times import duration, timestamp
from segmentry.v1 import criteria_pb2, events_pb2
from segmentry.v1 import segment_builder_pb2 as pb

_SOURCES: dict[Source, pb.LeafSource.ValueType] = {
    "said": pb.LEAF_SOURCE_SAID,
    "assumed": pb.LEAF_SOURCE_ASSUMED,
    "default": pb.LEAF_SOURCE_DEFAULT,
    "kept": pb.LEAF_SOURCE_KEPT,
    "fallback": pb.LEAF_SOURCE_FALLBACK,
}
TIERS: dict[o.Tier, pb.BuildTier.ValueType] = {
    "deterministic": pb.BUILD_TIER_DETERMINISTIC,
    "llm": pb.BUILD_TIER_LLM,
    "combined": pb.BUILD_TIER_COMBINED,
}
# Digits beyond these say nothing about how sure a reading is.
_SURE_DIGITS = 4
# Finer than a token of the cheapest model costs, and coarser than the noise of adding up.
_COST_DIGITS = 12


def options(message: pb.BuildOptions) -> Options:
    """The wishes of a build or a refinement."""
    return Options(
        require_llm=message.require_llm,
        offline_only=message.offline_only,
        skip_preview=message.skip_preview,
        dry_run=message.dry_run,
        max_model_calls=message.max_model_calls if message.HasField("max_model_calls") else None,
        max_cost_usd=message.max_cost_usd if message.HasField("max_cost_usd") else None,
        answers=tuple(Answer(each.question_id, each.reading_id) for each in message.answers),
        suggest_name=message.suggest_name,
    )


def build_response(outcome: Outcome) -> pb.BuildResponse:
    """The reply of Build."""
    message = pb.BuildResponse()
    _fill(message, outcome)
    return message


def refine_response(outcome: Outcome) -> pb.RefineResponse:
    """The reply of Refine: that of Build, what changed, and the count before."""
    message = pb.RefineResponse()
    _fill(message, outcome)
    if outcome.changes is not None:
        message.diff.CopyFrom(diff(outcome.changes))
    if outcome.previous is not None and outcome.previous.matched is not None:
        message.previous_count = outcome.previous.matched
    return message


def preview_response(
    count: Count, notices: Sequence[o.Notice], context: RequestContext
) -> pb.PreviewCountResponse:
    """The reply of PreviewCount. A share of an empty table is absent, never a division by zero."""
    matched = count.matched
    return pb.PreviewCountResponse(
        count=matched,
        universe=count.universe,
        percentage=None if matched is None or not count.universe else 100 * matched / count.universe,
        exact=count.exact,
        low=count.low,
        high=count.high,
        as_of=timestamp(context.clock.as_of),
        time_zone=context.clock.zone.key,
        snapshot_id=count.snapshot_id,
        suppressed=count.suppressed,
        warnings=[warning(each) for each in notices],
    )


def diff(changes: Sequence[LeafChange]) -> criteria_pb2.CriteriaDiff:
    """What changed between two trees."""
    return criteria_pb2.CriteriaDiff(
        changes=[_change(each) for each in changes],
        equivalent=not changes,
    )


def provenance(leaf: o.LeafProvenance) -> pb.LeafProvenance:
    """Where one leaf came from."""
    return pb.LeafProvenance(
        leaf_id=leaf.leaf_id,
        path=leaf.path,
        source=_SOURCES[leaf.source],
        spans=[span(each) for each in leaf.spans],
        tier=TIERS[leaf.tier],
        agent=leaf.agent,
        prompt_version=leaf.prompt_version,
        note=leaf.note,
        count=leaf.count,
        confidence=round(leaf.confidence, _SURE_DIGITS),
        band=leaf.band,
        agreed=leaf.agreed,
        repaired=leaf.repaired,
    )


def span(words: Span) -> pb.Span:
    """A place in the query, in code points."""
    return pb.Span(start=words.start, end=words.end, text=words.text)


def warning(notice: o.Notice) -> events_pb2.Warning:
    return events_pb2.Warning(reason=notice.reason, message=notice.message, path=notice.path)


def usage(spent: Usage, model: str = "", latency_s: float | None = None) -> events_pb2.Usage:
    """What the model cost. Without a call that is said with zeros; a price that is not known is absent."""
    return events_pb2.Usage(
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        cached_tokens=spent.cached_tokens,
        model_calls=spent.calls,
        cost_usd=None if spent.cost_usd is None else round(spent.cost_usd, _COST_DIGITS),
        model=model if spent.calls else "",
        cache_write_tokens=spent.cache_write_tokens,
        hedged_calls=spent.hedged,
        repair_calls=spent.repaired,
        latency=None if latency_s is None or not spent.calls else duration(latency_s),
        estimated=spent.estimated,
    )


def expert_usage(spent: o.ExpertUsage, model: str) -> events_pb2.ExpertUsage:
    """What one expert cost."""
    return events_pb2.ExpertUsage(
        agent=spent.agent,
        prompt_version=spent.prompt_version,
        usage=usage(spent.usage, model, spent.elapsed_s),
    )


def fallback(notice: o.Fallback) -> events_pb2.FallbackNotice:
    return events_pb2.FallbackNotice(
        from_tier=notice.from_tier,
        to_tier=notice.to_tier,
        reason=notice.reason,
        message=notice.message,
        subtask_id=notice.subtask_id,
        subtask_ids=notice.subtasks,
    )


def _fill(message: pb.BuildResponse | pb.RefineResponse, outcome: Outcome) -> None:
    message.success = outcome.result is not None
    if outcome.result is not None:
        message.result.CopyFrom(_result(outcome.result, outcome))
        message.tier = TIERS[outcome.tier]
    elif outcome.clarification is not None:
        message.clarification.CopyFrom(_clarification(outcome.clarification, outcome.clock))
        message.tier = TIERS[outcome.tier]
    if outcome.preview is not None and outcome.preview.matched is not None:
        message.preview_count = outcome.preview.matched
    message.usage.CopyFrom(usage(outcome.usage, outcome.model, outcome.latency_s))
    message.expert_usage.extend(expert_usage(each, outcome.model) for each in outcome.experts)
    message.fallbacks.extend(fallback(each) for each in outcome.fallbacks)
    message.build_id = outcome.build_id
    message.as_of.CopyFrom(timestamp(outcome.clock.as_of))
    message.time_zone = outcome.clock.zone.key
    message.prompt_variant = outcome.variant
    message.warnings.extend(warning(each) for each in outcome.warnings)
    message.snapshot_id = outcome.snapshot_id


def _result(result: o.SegmentResult, outcome: Outcome) -> pb.SegmentResult:
    return pb.SegmentResult(
        criteria=to_struct(result.node),
        explanation=result.explanation,
        fields_mapped=result.fields,
        confidence=round(result.confidence, _SURE_DIGITS),
        ambiguities=result.ambiguities,
        expression=to_expression(result.node, outcome.clock),
        resolved_criteria=to_struct(result.resolved),
        provenance=[provenance(leaf) for leaf in result.provenance],
        readings=[_reading(each, outcome.clock) for each in result.readings],
        canonical_json=result.canonical_json,
        fingerprint=result.fingerprint,
        unexplained=[span(each) for each in result.unexplained],
        name=result.name,
        name_from_model=result.name_from_model,
    )


def _clarification(question: o.Clarification, clock: Clock) -> pb.Clarification:
    return pb.Clarification(
        reason=question.reason,
        message=question.message,
        suggestions=question.suggestions,
        questions=[
            pb.Question(
                question_id=each.question_id,
                text=each.text,
                span=None if each.span is None else span(each.span),
                reading_ids=each.reading_ids,
            )
            for each in question.questions
        ],
        readings=[_reading(each, clock) for each in question.readings],
        confidence=round(question.confidence, _SURE_DIGITS),
        partial_criteria=None if question.partial is None else to_struct(question.partial),
    )


def _reading(reading: o.Reading, clock: Clock) -> pb.Reading:
    return pb.Reading(
        reading_id=reading.reading_id,
        label=reading.label,
        criteria=to_struct(reading.node),
        expression=to_expression(reading.node, clock),
        count=reading.count,
        chosen=reading.chosen,
        explanation=reading.explanation,
    )


def _change(change: LeafChange) -> criteria_pb2.LeafChange:
    return criteria_pb2.LeafChange(
        kind=_kind(change),
        path=change.path,
        before=None if change.before is None else to_struct(change.before),
        after=None if change.after is None else to_struct(change.after),
    )


def _kind(change: LeafChange) -> criteria_pb2.ChangeKind.ValueType:
    match change.kind:
        case "added":
            return criteria_pb2.CHANGE_KIND_ADDED
        case "removed":
            return criteria_pb2.CHANGE_KIND_REMOVED
        case "changed":
            return criteria_pb2.CHANGE_KIND_CHANGED
        case "moved":
            return criteria_pb2.CHANGE_KIND_MOVED
        case _:
            assert_never(change.kind)
