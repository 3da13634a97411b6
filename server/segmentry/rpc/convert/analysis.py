"""Analyses: messages of the contract to and from what the service says."""

from __future__ import annotations

from typing import assert_never

from google.rpc import status_pb2

from segmentry.analysis import events
from segmentry.analysis.continuity import Continuity
from segmentry.analysis.records import AnalysisRun, Finished, Said
from segmentry.criteria import parse
from segmentry.errors import InvalidParameters, Violation
from segmentry.llm.model import CallFailed
from segmentry.llm.required import as_error
from segmentry.rpc import status
from segmentry.rpc.convert import analysis_fields as fields
from segmentry.rpc.convert import analysis_lineage as lineage
from segmentry.rpc.convert import analysis_plots, criteria, struct
from segmentry.rpc.convert.analysis_parameters import parameters, tier
from segmentry.rpc.convert.builder import usage
from segmentry.rpc.convert.times import duration, timestamp
from segmentry.runs.run import State
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_analysis_pb2 as pb

SHORT_FIELDS = 20
SHORT_BYTES = 4096

_STATES: dict[State, pb.RunState.ValueType] = {
    "QUEUED": pb.RUN_STATE_QUEUED,
    "RUNNING": pb.RUN_STATE_RUNNING,
    "SUCCEEDED": pb.RUN_STATE_SUCCEEDED,
    "FAILED": pb.RUN_STATE_FAILED,
    "CANCELLED": pb.RUN_STATE_CANCELLED,
}
_STATE_OF: dict[int, State] = {int(number): state for state, number in _STATES.items()}


def state_from(number: int) -> State | None:
    """The state of a filter; None means all.

    Raises: InvalidParameters for a number that is no state.
    """
    if number == 0:
        return None
    state = _STATE_OF.get(number)
    if state is None:
        text = f"state {number} is none of {', '.join(_STATES)}"
        raise InvalidParameters(text, violations=[Violation("state", "INVALID_VALUE", text)], field="state")
    return state


def run(value: AnalysisRun, resume_token: str) -> pb.AnalysisRun:
    message = pb.AnalysisRun(
        run_id=value.run_id,
        state=_STATES[value.state],
        schema_id=value.schema_id,
        parameters=parameters(value.parameters),
        tier=tier(value.tier),
        stage=value.stage,
        progress=value.progress,
        create_time=timestamp(value.create_time),
        resume_token=resume_token,
        snapshot_id=value.snapshot_id,
        attempt=value.attempt,
        queue_position=value.queue_position,
    )
    if value.start_time is not None:
        message.start_time.CopyFrom(timestamp(value.start_time))
    if value.end_time is not None:
        message.end_time.CopyFrom(timestamp(value.end_time))
    if value.error is not None:
        message.error.CopyFrom(status.to_status(value.error))
    return message


def event(said: Said, resume_token: str) -> pb.AnalysisEvent:
    """One event of a run. `resume_token` continues after it."""
    match said:
        case AnalysisRun():
            return pb.AnalysisEvent(run=run(said, resume_token))
        case Finished():
            return pb.AnalysisEvent(result=result(said.run, said.result, resume_token))
        case events.AnalysisEstimate():
            return pb.AnalysisEvent(plan=estimate(said))
        case events.FieldProfile():
            return pb.AnalysisEvent(profile=fields.profile(said))
        case events.Preparation():
            return pb.AnalysisEvent(preparation=fields.preparation(said))
        case Continuity():
            return pb.AnalysisEvent(continuity=lineage.continuity(said))
        case events.ClusterScore():
            return pb.AnalysisEvent(score=_score(said))
        case events.Subtask():
            return pb.AnalysisEvent(subtask=_subtask(said))
        case events.Selection():
            return pb.AnalysisEvent(selection=_selection(said))
        case events.SegmentCard():
            return pb.AnalysisEvent(card=card(said))
        case events.Fallback():
            return pb.AnalysisEvent(fallback=_fallback(said))
        case events.Progress() | events.Notice() | events.AnalysisResult():
            raise AssertionError(f"{type(said).__name__} is never an event of its own in the log")
        case _:
            assert_never(said)


def estimate(value: events.AnalysisEstimate) -> pb.AnalysisEstimate:
    return pb.AnalysisEstimate(
        rows=value.rows,
        requires_confirmation=value.requires_confirmation,
        recommended_tier=tier(value.recommended_tier),
        tiers=[
            pb.TierEstimate(
                tier=tier(each.tier),
                available=each.available,
                accuracy=each.accuracy,
                prompt_tokens=each.prompt_tokens,
                completion_tokens=each.completion_tokens,
                cost_usd=each.cost_usd,
                expected_duration=duration(each.expected_s),
                low_duration=None if each.low_s is None else duration(each.low_s),
                high_duration=None if each.high_s is None else duration(each.high_s),
                measured_runs=each.measured_runs,
                unavailable_reason=each.unavailable_reason,
                model=each.model,
                prices_as_of=each.prices_as_of,
            )
            for each in value.tiers
        ],
        warning=value.warning,
        fields=[fields.note(each) for each in value.fields],
        effective_parameters=parameters(value.effective_parameters),
        suggested_features=value.suggested_features,
    )


def short_estimate(value: events.AnalysisEstimate) -> pb.AnalysisEstimate:
    """The estimate as an error's detail: trailers are limited, so only notes on fields that fit."""
    message = estimate(value)
    del message.fields[SHORT_FIELDS:]
    if message.ByteSize() > SHORT_BYTES:
        message.ClearField("fields")
        message.effective_parameters.ClearField("within")
        del message.effective_parameters.included_features[SHORT_FIELDS:]
    return message


def result(ended: AnalysisRun, value: events.AnalysisResult, resume_token: str) -> pb.AnalysisResult:
    return pb.AnalysisResult(
        run=run(ended, resume_token),
        segments=[card(each) for each in value.segments],
        chosen_k=value.chosen_k,
        chosen_by=value.chosen_by,
        alternative_k=value.alternative_k,
        scores=[_score(each) for each in value.scores],
        fallbacks=[_fallback(each) for each in value.fallbacks],
        fields=[fields.note(each) for each in value.fields],
        usage=usage(value.usage, value.model, value.model_s),
        no_clear_segments=value.no_clear_segments,
        message=value.message,
        rows=value.rows,
        unassigned=value.unassigned,
        warnings=[fields.warning(each) for each in value.notices],
        continuity=None if value.continuity is None else lineage.continuity(value.continuity),
        preparation=None if value.preparation is None else fields.preparation(value.preparation),
        selection=None if value.selection is None else _selection(value.selection),
        plots=None if value.plots is None else analysis_plots.plots(value.plots),
        overlaps=[
            pb.SegmentOverlap(card_id=each.card_id, other_card_id=each.other_card_id, count=each.count)
            for each in value.overlaps
        ],
        covered_percentage=value.covered_percentage,
        density=None if value.density is None else _density(value.density),
    )


def card(value: events.SegmentCard) -> pb.SegmentCard:
    node = parse.loads(value.criteria)
    best = parse.loads(value.criteria_best) if value.criteria_best else None
    return pb.SegmentCard(
        card_id=value.card_id,
        name=value.name,
        description=value.description,
        size=value.size,
        percentage=value.percentage,
        filter_rules=[
            pb.FilterRule(field=each.field, operator=each.operator, value=struct.value_from_json(each.value))
            for each in value.filter_rules
        ],
        characteristics=[
            pb.Characteristic(
                feature=each.feature,
                value=each.value,
                importance=each.importance,
                segment_average=each.segment_average,
                population_average=each.population_average,
                top_values=[fields.share(share) for share in each.top_values],
                unit=each.unit,
            )
            for each in value.characteristics
        ],
        suggested_use=value.suggested_use,
        criteria=criteria.to_struct(node),
        expression=criteria.to_expression(node),
        fidelity=_fidelity(value.fidelity),
        tier=tier(value.tier),
        name_from_model=value.name_from_model,
        previous_card_id=value.previous_card_id,
        headline=value.headline,
        provisional=value.provisional,
        warnings=[fields.warning(each) for each in value.notices],
        revision=value.revision,
        criteria_best=None if best is None else criteria.to_struct(best),
        expression_best=None if best is None else criteria.to_expression(best),
        fidelity_best=None if value.fidelity_best is None else _fidelity(value.fidelity_best),
    )


def _fidelity(value: events.RuleFidelity) -> pb.RuleFidelity:
    return pb.RuleFidelity(
        precision=value.precision,
        recall=value.recall,
        matched_count=value.matched_count,
        measured_on=value.measured_on,
        held_out_precision=value.held_out_precision,
        held_out_recall=value.held_out_recall,
        held_out_customers=value.held_out,
    )


def _score(value: events.ClusterScore) -> pb.ClusterScore:
    return pb.ClusterScore(
        k=value.k,
        metric=value.metric,
        value=value.value,
        low=value.low,
        high=value.high,
        exact=value.exact,
        sample_size=value.sample_size,
        excess_over_null=value.excess_over_null,
        smallest_share=value.smallest_share,
        stability=value.stability,
        inertia=value.inertia,
        provisional=value.provisional,
        best_so_far=value.best_so_far,
        elapsed=duration(value.elapsed_s),
        squared=value.squared,
        simplified=value.simplified,
        excess_se=value.excess_se,
        eligible=value.eligible,
    )


def _density(value: events.Density) -> pb.Density:
    return pb.Density(
        eps=value.eps,
        eps_found=value.eps_found,
        min_samples=value.min_samples,
        min_samples_found=value.min_samples_found,
        curve=value.curve,
        noise_percentage=value.noise_percentage,
        fitted_customers=value.fitted,
    )


def _selection(value: events.Selection) -> pb.Selection:
    return pb.Selection(
        chosen_k=value.chosen_k,
        picked_k=value.picked_k,
        excess_k=value.excess_k,
        rule=value.rule,
        picked_reason=value.picked_reason,
        excess_reason=value.excess_reason,
        no_clear_segments=value.no_clear_segments,
    )


def _subtask(value: events.Subtask) -> events_pb2.SubtaskEvent:
    told = events_pb2.SubtaskEvent(
        subtask_id=value.subtask_id,
        agent=value.agent,
        attempt=value.attempt,
        elapsed=duration(value.elapsed_s),
        prompt_version=value.prompt_version,
    )
    match value.change:
        case "started":
            told.started.CopyFrom(events_pb2.SubtaskStarted(detail=value.detail))
        case "succeeded":
            spent = None if value.usage is None else usage(value.usage)
            told.succeeded.CopyFrom(events_pb2.SubtaskSucceeded(usage=spent, leaves=value.given))
        case "retried":
            retried = events_pb2.SubtaskRetried(
                cause=_cause(value), delay=duration(value.delay_s), repair=value.repair
            )
            told.retried.CopyFrom(retried)
        case "failed":
            told.failed.CopyFrom(events_pb2.SubtaskFailed(error=_cause(value), degraded=True))
        case _:
            assert_never(value.change)
    return told


def _cause(value: events.Subtask) -> status_pb2.Status:
    failure = CallFailed(value.cause or "LLM_UNAVAILABLE", value.message)
    return status.to_status(as_error(failure, value.provider, value.agent, value.attempt))


def _fallback(value: events.Fallback) -> events_pb2.FallbackNotice:
    return events_pb2.FallbackNotice(
        from_tier=value.from_tier,
        to_tier=value.to_tier,
        reason=value.reason,
        message=value.message,
        # One alone is named where there is room for one, as in builds.
        subtask_id=value.subtask_ids[0] if len(value.subtask_ids) == 1 else "",
        subtask_ids=value.subtask_ids,
    )
