"""A live run as text: what was right by who answered, what each expert did, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from segmentry.insights.agent_health import AgentHealth
from segmentry.llm.model import NO_USAGE

from evals import report as offline
from evals.live import result
from evals.live.run import Judged, Repeat

BY_RULES = (
    "answers came from rules made of the reader: they agree with it by construction, so nothing is said here "
    "about accuracy"
)


def text(
    repeats: Sequence[Repeat], totals: Mapping[tuple[str, str], Mapping[str, float]], *, by_rules: bool
) -> str:
    """The tables; with answers by rules only what was asked and what it cost."""
    lines: list[str] = []
    if by_rules:
        lines.append(BY_RULES)
    elif repeats:
        first = [each.verdict for each in repeats[0].judged.values()]
        lines += [offline.text(first), *_tiers(list(repeats[0].judged.values())), ""]
        rate = result.flip_rate(result.states(repeats))
        lines.append(
            "flips          read once" if rate is None else f"flips          {100 * rate:.1f} % of cases"
        )
    lines += [*_experts(totals), "", *_spent(repeats)]
    return "\n".join(lines)


def _tiers(judged: Sequence[Judged]) -> Iterator[str]:
    yield f"{'tier':<16}{'n':>6}{'right':>8}{'silent':>8}{'flagged':>9}{'abstained':>11}"
    for tier in ("deterministic", "combined", "llm"):
        some = [each.state for each in judged if each.answer.tier == tier]
        if some:
            yield (
                f"{tier:<16}{len(some):>6}{some.count('right'):>8}{some.count('wrong_silent'):>8}"
                f"{some.count('wrong_flagged'):>9}{some.count('abstained'):>11}"
            )


def _experts(totals: Mapping[tuple[str, str], Mapping[str, float]]) -> Iterator[str]:
    yield f"{'expert':<28}{'calls':>6}{'failed':>8}{'empty':>7}{'mended':>8}{'p50 s':>7}{'p95 s':>7}  refused"
    for (agent, version), counts in sorted(totals.items()):
        each = AgentHealth(agent, version, counts)
        refused = ", ".join(f"{code} {n}" for code, n in each.by_reason("rejected"))
        half, most = each.latency_s(0.5) or 0.0, each.latency_s(0.95) or 0.0
        yield (
            f"{agent[:27]:<28}{each.count('calls'):>6}{each.failed:>8}{each.count('empty'):>7}"
            f"{each.count('mended'):>8}{half:>7.2f}{most:>7.2f}  {refused}"
        )


def _spent(repeats: Sequence[Repeat]) -> Iterator[str]:
    usage = sum((each.usage for each in repeats), NO_USAGE)
    n_cases = sum(len(each.judged) for each in repeats)
    cost = "price not known" if usage.cost_usd is None else f"{usage.cost_usd:.4f} USD"
    cached = f"{100 * usage.cached_tokens / usage.prompt_tokens:.0f} %" if usage.prompt_tokens else "none"
    yield f"{n_cases} readings, {usage.calls} calls, {cost}, {cached} of the prompt tokens cached"
    alone = sum(not each.answer.usage.calls for one in repeats for each in one.judged.values())
    if n_cases:
        yield f"{100 * alone / n_cases:.0f} % were answered without a call"
    if any(each.stopped for each in repeats):
        yield "stopped before the cap: the next case could have passed it"
