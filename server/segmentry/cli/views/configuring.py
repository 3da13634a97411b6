"""The configuration of analyses, in lines that fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, number
from segmentry.v1 import segment_analysis_pb2
from segmentry.v1 import segment_insights_pb2 as pb

WIDTH = 80
_ORIGINS = {"tenant": "saved", "environment": "server"}


def config(found: pb.AnalysisConfig, settings: Iterable[pb.AnalysisSetting], terminal: Terminal) -> None:
    """One line per value: what it is, where it comes from, what may be set."""
    rows = [("NAME", "VALUE", "FROM", "MAY BE")]
    lists: list[str] = []
    for each in settings:
        value = _value(found, each.field)
        if len(value) > 20:
            lists.append(f"  {each.field}: {value}")
            value = "see below"
        rows.append((each.field, value, _ORIGINS.get(each.origin, each.origin), _allowed(each)))
    head, *lines = columns(rows)
    terminal.line(terminal.style(head, "bold"))
    for line in lines:
        terminal.line(printable(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"))
    for line in lists:
        terminal.line(printable(line))
    if found.HasField("update_time"):
        when = found.update_time.ToDatetime()
        terminal.line(
            printable(f"changed {when:%Y-%m-%d %H:%M} UTC by {found.updated_by}; etag {found.etag}")
        )


def _value(found: pb.AnalysisConfig, name: str) -> str:
    value = getattr(found, name)
    if name == "preferred_tier":
        tier = segment_analysis_pb2.AnalysisTier.Name(value)
        return tier.removeprefix("ANALYSIS_TIER_").lower().replace("_", "-")
    if name == "included_features":
        return ", ".join(value) or "all that fit"
    if name == "min_segment_share":
        return f"{value:g} %"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)


def _allowed(setting: pb.AnalysisSetting) -> str:
    if setting.options:
        return ", ".join(each.replace("_", "-") for each in setting.options)
    if setting.HasField("minimum"):
        unit = " %" if setting.field == "min_segment_share" else ""
        return f"{number(setting.minimum)} to {number(setting.maximum)}{unit}"
    if setting.HasField("most_values"):
        return f"up to {setting.most_values} fields"
    return "yes, no"
