"""How the experts have been doing, in columns that fit 80."""

from __future__ import annotations

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, elapsed, many
from segmentry.v1 import segment_insights_pb2 as pb

_HEAD = ("CALLS", "FAILED", "EMPTY", "HEDGED", "CACHED", "REPAIRED", "P95", "USD", "AGREES")
_MOST_PHRASES = 10


def experts(found: pb.GetAgentHealthResponse, terminal: Terminal) -> None:
    """What builds came to, then one line per expert and version, with reasons below where there are any."""
    terminal.line(f"since {found.since.ToDatetime():%Y-%m-%d %H:%M} UTC: {_builds(found)}")
    for line in filter(None, (_ends(found.figures), _times(found.figures))):
        terminal.line(line)
    if found.compared_builds:
        terminal.line(
            f"reader and experts agree on {_share(found.agreement_rate)} of "
            f"{many(found.compared_builds, 'build')} that both read"
        )
    if found.HasField("outcomes"):
        terminal.line(_outcomes(found))
    if found.model:
        terminal.line(printable(vendor(found)))
    for each in found.findings:
        terminal.line(terminal.style(printable(f"{each.reason}: {each.message}"), "yellow"))
    if not found.agents:
        terminal.line("no expert was asked")
        _phrases(found, terminal)
        return
    head, *lines = columns([_HEAD, *(_row(each) for each in found.agents)], right=range(len(_HEAD)))
    terminal.line(terminal.style(f"  {head}", "bold"))
    for each, line in zip(found.agents, lines, strict=True):
        terminal.line(printable(f"{each.agent} {each.prompt_version}"))
        terminal.line(f"  {line}")
        if each.HasField("edit_rate"):
            said = f"  edited: {_share(each.edit_rate)} of {many(each.reported, 'condition')}"
            terminal.line(terminal.style(said, "dim"))
        for label, counts in (("failed", each.failures), ("refused", each.rejections)):
            if counts:
                said = ", ".join(f"{printable(one.reason)} {one.count:,}" for one in counts)
                terminal.line(terminal.style(f"  {label}: {said}", "dim"))
    _phrases(found, terminal)


def vendor(found: pb.GetAgentHealthResponse) -> str:
    """Whether the server asks its model now, and if not, why and for how long."""
    if not found.model:
        return "the server has no model"
    whom = f"{found.model} of {found.provider}"
    if not found.breaker_reason:
        return f"{whom} is asked"
    if found.breaker == "half_open":
        return f"{whom} is asked once, to see whether it is back: {found.breaker_reason}"
    return f"{whom} is left alone for {elapsed(found.breaker_wait)}: {found.breaker_reason}"


def _outcomes(found: pb.GetAgentHealthResponse) -> str:
    told = found.outcomes
    n_used = told.untouched + told.threshold_changed + told.condition_added + told.condition_removed
    n_used += told.rewritten
    edited = f", {_share(found.edit_rate)} after an edit" if found.HasField("edit_rate") else ""
    reported = many(n_used + told.abandoned + told.built_by_hand, "reported build")
    return f"of {reported} {n_used:,} were used{edited}"


def _phrases(found: pb.GetAgentHealthResponse, terminal: Terminal) -> None:
    """The phrases of which the most came to nothing."""
    failed = [each for each in found.phrases if each.edited or each.abandoned][:_MOST_PHRASES]
    if not failed:
        return
    terminal.line(terminal.style("phrases that were edited or thrown away", "bold"))
    rows = [
        (f"{each.edited + each.abandoned:,} of {each.reported:,}", printable(each.phrase)[:60])
        for each in failed
    ]
    for line in columns(rows, right=(0,)):
        terminal.line(f"  {line}")


def _builds(found: pb.GetAgentHealthResponse) -> str:
    if not found.builds:
        return "no builds"
    return f"{many(found.builds, 'build')}, {_share(found.offline_share)} without a model"


def _ends(told: pb.BuildFigures) -> str:
    """How builds ended; empty without any."""
    ends = (
        (told.deterministic + told.llm + told.combined, "with criteria"),
        (told.clarified, "with a question"),
        (told.failed, "failed"),
        (told.saved, "saved"),
    )
    return ", ".join(f"{n:,} {name}" for n, name in ends if n)


def _times(told: pb.BuildFigures) -> str:
    if not told.HasField("p50"):
        return ""
    return f"half within {elapsed(told.p50)}, 99 % within {elapsed(told.p99)}"


def _row(each: pb.AgentHealth) -> tuple[str, ...]:
    return (
        f"{each.calls:,}",
        f"{each.failed:,}",
        f"{each.empty:,}",
        f"{each.hedged:,}",
        _share(each.cached_share) if each.HasField("cached_share") else "",
        f"{each.repaired:,}",
        elapsed(each.p95) if each.HasField("p95") else "",
        f"{each.cost_usd:.4f}" if each.HasField("cost_usd") else "unknown",
        _share(each.agreement_rate) if each.HasField("agreement_rate") else "",
    )


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"
