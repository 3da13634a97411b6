"""How the experts have been doing, in columns that fit 80."""

from __future__ import annotations

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, elapsed, many
from segmentry.v1 import segment_insights_pb2 as pb

_NAME, _VERSION = 20, 8
_HEAD = ("EXPERT", "VERSION", "CALLS", "FAILED", "MENDED", "P95", "USD", "AGREES")


def experts(found: pb.GetAgentHealthResponse, terminal: Terminal) -> None:
    """What builds came to, then one line per expert and version, with reasons below where there are any."""
    terminal.line(f"since {found.since.ToDatetime():%Y-%m-%d %H:%M} UTC: {_builds(found)}")
    if found.compared_builds:
        terminal.line(
            f"reader and experts agree on {_share(found.agreement_rate)} of "
            f"{many(found.compared_builds, 'build')} that both read"
        )
    if not found.agents:
        terminal.line("no expert was asked")
        return
    head, *lines = columns([_HEAD, *(_row(each) for each in found.agents)], right=range(2, len(_HEAD)))
    terminal.line(terminal.style(head, "bold"))
    for each, line in zip(found.agents, lines, strict=True):
        terminal.line(line)
        for label, counts in (("failed", each.failures), ("refused", each.rejections)):
            if counts:
                said = ", ".join(f"{printable(one.reason)} {one.count:,}" for one in counts)
                terminal.line(terminal.style(f"  {label}: {said}", "dim"))
    states = {each.breaker for each in found.agents} - {"", "closed"}
    if states:
        terminal.line(f"calls are held back for now: the breaker is {', '.join(sorted(states))}")


def _builds(found: pb.GetAgentHealthResponse) -> str:
    if not found.builds:
        return "no builds"
    return f"{many(found.builds, 'build')}, {_share(found.offline_share)} without a model"


def _row(each: pb.AgentHealth) -> tuple[str, ...]:
    name = printable(each.agent)
    return (
        name if len(name) <= _NAME else f"{name[: _NAME - 1]}…",
        each.prompt_version[:_VERSION],
        f"{each.calls:,}",
        f"{each.failed:,}",
        f"{each.repaired:,}",
        elapsed(each.p95) if each.HasField("p95") else "",
        f"{each.cost_usd:.4f}" if each.HasField("cost_usd") else "unknown",
        _share(each.agreement_rate) if each.HasField("agreement_rate") else "",
    )


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"
