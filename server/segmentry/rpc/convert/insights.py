"""How the experts have been doing, as messages."""

from __future__ import annotations

from segmentry.insights.agent_health import AgentHealth, Health
from segmentry.rpc.convert.times import duration, timestamp
from segmentry.v1 import segment_insights_pb2 as pb


def health_response(health: Health, breaker: str) -> pb.GetAgentHealthResponse:
    """The reply, without what is unknown; `breaker` is that of this server's model, empty without one."""
    return pb.GetAgentHealthResponse(
        agents=[_agent(each, breaker) for each in health.agents],
        since=timestamp(health.since),
        offline_share=health.offline_share,
        agreement_rate=health.agreement,
        builds=health.builds,
        compared_builds=health.compared,
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
