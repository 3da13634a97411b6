"""How the experts have been doing, as messages."""

from __future__ import annotations

from segmentry.insights.agent_health import AgentHealth, Health
from segmentry.llm.guarded import VendorState
from segmentry.rpc.convert.times import duration, timestamp
from segmentry.v1 import segment_insights_pb2 as pb


def health_response(health: Health, vendor: VendorState | None) -> pb.GetAgentHealthResponse:
    """The reply, without what is unknown; `vendor` is the server's model, None without one."""
    breaker = "" if vendor is None else vendor.state
    return pb.GetAgentHealthResponse(
        agents=[_agent(each, breaker) for each in health.agents],
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
    )


def _agent(each: AgentHealth, breaker: str) -> pb.AgentHealth:
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
    )
