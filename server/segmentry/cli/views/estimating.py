"""What a discovery would take and cost, in lines that fit 80 columns."""

from __future__ import annotations

import textwrap

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, elapsed, many, number
from segmentry.v1 import segment_analysis_pb2 as pb

WIDTH = 80
_WHY_NOT = {
    "LLM_NOT_CONFIGURED": "no model is set up",
    "NO_USABLE_FIELDS": "no field may be told",
}


def estimate(found: pb.AnalysisEstimate, terminal: Terminal) -> None:
    """The ways to find segments, what each is good for, then what is worth knowing of the fields."""
    terminal.line(many(found.rows, "customer"))
    rows = [("", "TIME", "TOKENS", "COST", "")]
    for each in found.tiers:
        mark = "would be used" if each.tier == found.recommended_tier else ""
        # A reason that a newer server gives is better than none.
        why_not = _WHY_NOT.get(each.unavailable_reason, each.unavailable_reason)
        rows.append((_tier(each.tier), _time(each), _tokens(each), _cost(each), why_not or mark))
    head, *lines = columns(rows, right=(1, 2, 3))
    terminal.line(terminal.style(head, "bold"))
    for line, each in zip(lines, found.tiers, strict=True):
        terminal.line(printable(line))
        _wrapped(each.accuracy, terminal)
    if found.requires_confirmation:
        terminal.line("The llm tier has to be confirmed for a table of this size (--yes).")
    if found.suggested_features:
        terminal.line("good fields to compare by:")
        _wrapped(", ".join(found.suggested_features), terminal)
    used = [each.field for each in found.fields if each.used]
    terminal.line(f"{many(len(dict.fromkeys(used)), 'field')} would be used:")
    _wrapped(", ".join(dict.fromkeys(used)) or "none", terminal)
    for note in found.fields:
        if note.reason:
            _wrapped(note.message, terminal, mark="- ")
    if found.warning:
        terminal.warning(found.warning)


def _wrapped(text: str, terminal: Terminal, mark: str = "") -> None:
    lines = textwrap.wrap(
        printable(text), WIDTH, initial_indent=f"  {mark}", subsequent_indent="  " + " " * len(mark)
    )
    for line in lines:
        terminal.line(line)


def _tier(value: pb.AnalysisTier.ValueType) -> str:
    return pb.AnalysisTier.Name(value).removeprefix("ANALYSIS_TIER_").lower().replace("_", "-")


def _time(each: pb.TierEstimate) -> str:
    if each.HasField("low_duration"):
        return f"{elapsed(each.low_duration)} to {elapsed(each.high_duration)}"
    return f"about {elapsed(each.expected_duration)}" if each.HasField("expected_duration") else "-"


def _tokens(each: pb.TierEstimate) -> str:
    if not each.HasField("prompt_tokens"):
        return "-"
    return number(each.prompt_tokens + each.completion_tokens)


def _cost(each: pb.TierEstimate) -> str:
    return f"${each.cost_usd:.4f}" if each.HasField("cost_usd") else "-"
