"""What a language model cost, in total and per expert."""

from __future__ import annotations

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, elapsed, labelled, many
from segmentry.v1 import events_pb2, segment_builder_pb2


def spending(
    reply: segment_builder_pb2.BuildResponse | segment_builder_pb2.RefineResponse,
    terminal: Terminal,
    *,
    each: bool = False,
) -> None:
    """One line for the model, if it was asked; with `each` a table of its experts below."""
    total(reply.usage, terminal)
    if not each or not reply.expert_usage:
        return
    rows = [("expert", "version", "calls", "copies", "repairs", "prompt", "cached", "answer", "USD", "took")]
    rows += [_row(spent) for spent in reply.expert_usage]
    for line in columns(rows, right=range(2, len(rows[0]))):
        terminal.line(f"  {terminal.style(printable(line), 'dim')}")


def total(usage: events_pb2.Usage, terminal: Terminal) -> None:
    """One line for the model, if it was asked."""
    if usage.model_calls:
        about = "about " if usage.estimated else ""
        took = f", {elapsed(usage.latency)}" if usage.HasField("latency") else ""
        said = f"{usage.model or 'planned'}: {many(usage.model_calls, 'call')}, {about}{_tokens(usage)}"
        terminal.line(labelled("model", f"{said}, {_cost(usage)}{took}", terminal))


def _row(spent: events_pb2.ExpertUsage) -> tuple[str, ...]:
    usage = spent.usage
    return (
        spent.agent,
        spent.prompt_version,
        f"{usage.model_calls:,}",
        f"{usage.hedged_calls:,}",
        f"{usage.repair_calls:,}",
        f"{usage.prompt_tokens:,}",
        f"{usage.cached_tokens:,}",
        f"{usage.completion_tokens:,}",
        f"{usage.cost_usd:.6f}" if usage.HasField("cost_usd") else "?",
        elapsed(usage.latency) if usage.HasField("latency") else "",
    )


def _tokens(usage: events_pb2.Usage) -> str:
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    return f"{many(usage.prompt_tokens + usage.completion_tokens, 'token')}{cached}"


def _cost(usage: events_pb2.Usage) -> str:
    return f"{usage.cost_usd:.6f} US dollars" if usage.HasField("cost_usd") else "price not known"
