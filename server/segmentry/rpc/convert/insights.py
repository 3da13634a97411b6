"""How the experts have been doing, as messages."""

from __future__ import annotations

from segmentry.insights.agent_health import AgentHealth, Counts, by_reason, latency_s
from segmentry.insights.findings import Finding
from segmentry.insights.health_report import HealthReport
from segmentry.insights.outcome_figures import OutcomeFigures, PhraseFigures
from segmentry.insights.phrases import phrase_id
from segmentry.llm.guarded import VendorState
from segmentry.rpc.convert.times import duration, timestamp
from segmentry.v1 import segment_insights_pb2 as pb


def health_response(report: HealthReport, vendor: VendorState | None) -> pb.GetAgentHealthResponse:
    """The reply, without what is unknown; `vendor` is the server's model, None without one."""
    health, outcomes = report.health, report.outcomes
    breaker = "" if vendor is None else vendor.state
    return pb.GetAgentHealthResponse(
        agents=[_agent(each, breaker, outcomes) for each in health.agents],
        since=timestamp(health.since),
        offline_share=health.offline_share,
        agreement_rate=health.agreement,
        builds=health.builds,
        compared_builds=health.compared,
        model="" if vendor is None else vendor.model,
        provider="" if vendor is None else vendor.provider,
        breaker=breaker,
        breaker_reason="" if vendor is None or vendor.cause is None else vendor.cause,
        breaker_wait=None if vendor is None or vendor.cause is None else duration(vendor.wait_s),
        edit_rate=outcomes.edit_rate,
        outcomes=_outcomes(outcomes) if outcomes.reported else None,
        text_success_share=outcomes.text_success,
        phrases=[_phrase(each) for each in outcomes.phrases],
        cost_usd=health.cost_usd,
        findings=[_finding(each) for each in report.findings],
        reported_model="" if vendor is None else vendor.version.name,
        fingerprint="" if vendor is None else vendor.version.fingerprint,
        figures=_figures(health.answers, report.saved),
    )


def _figures(answers: Counts, saved: int) -> pb.BuildFigures | None:
    if not answers and not saved:
        return None
    tiers, failed = dict(by_reason(answers, "tier")), dict(by_reason(answers, "failed"))
    p50, p95, p99 = (latency_s(answers, share) for share in (0.5, 0.95, 0.99))
    made = sum(tiers.values())
    return pb.BuildFigures(
        deterministic=tiers.get("deterministic", 0),
        llm=tiers.get("llm", 0),
        combined=tiers.get("combined", 0),
        clarified=int(answers.get("clarified", 0)),
        failed=sum(failed.values()),
        failed_by_reason=failed,
        p50=None if p50 is None else duration(p50),
        p95=None if p95 is None else duration(p95),
        p99=None if p99 is None else duration(p99),
        saved=saved,
        saved_share=min(saved / made, 1.0) if made else None,
    )


def _outcomes(found: OutcomeFigures) -> pb.OutcomeCounts:
    return pb.OutcomeCounts(
        untouched=found.count("UNTOUCHED"),
        threshold_changed=found.count("THRESHOLD_CHANGED"),
        condition_added=found.count("CONDITION_ADDED"),
        condition_removed=found.count("CONDITION_REMOVED"),
        rewritten=found.count("REWRITTEN"),
        abandoned=found.count("ABANDONED"),
        built_by_hand=found.count("BUILT_BY_HAND"),
    )


def _phrase(each: PhraseFigures) -> pb.PhraseHealth:
    return pb.PhraseHealth(
        phrase=each.phrase,
        phrase_id=phrase_id(each.phrase),
        reported=each.reported,
        edited=each.edited,
        abandoned=each.abandoned,
        success_share=each.success,
    )


def _finding(each: Finding) -> pb.HealthFinding:
    return pb.HealthFinding(
        reason=each.reason,
        message=each.message,
        measure=each.measure,
        before=each.before,
        now=each.now,
        since=timestamp(each.since),
    )


def _agent(each: AgentHealth, breaker: str, outcomes: OutcomeFigures) -> pb.AgentHealth:
    leaves = outcomes.by_agent.get((each.agent, each.prompt_version))
    half, most = each.latency_s(0.5), each.latency_s(0.95)
    return pb.AgentHealth(
        agent=each.agent,
        prompt_version=each.prompt_version,
        calls=each.count("calls"),
        failed=each.failed,
        repaired=each.count("mended"),
        rejected=each.count("refused"),
        empty=each.count("empty"),
        hedged=each.count("hedged"),
        p50=None if half is None else duration(half),
        p95=None if most is None else duration(most),
        cost_usd=each.cost_usd,
        cached_share=each.cached_share,
        breaker=breaker,
        asked=each.count("asked"),
        unanswered=each.count("unanswered"),
        retried=each.count("retried"),
        repairs=each.count("repaired"),
        failures=[pb.ReasonCount(reason=reason, count=n) for reason, n in each.by_reason("failed")],
        rejections=[pb.ReasonCount(reason=code, count=n) for code, n in each.by_reason("rejected")],
        agreement_rate=each.agreement,
        compared=each.count("compared"),
        edit_rate=None if leaves is None else leaves.edit_rate,
        reported=None if leaves is None else leaves.reported,
        edited=None if leaves is None else leaves.edited,
    )
