"""A discovery on its way: one bar per number of segments; then the cards."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views import spending
from segmentry.cli.views.lines import Redrawn, columns, elapsed, labelled, many
from segmentry.v1 import segment_analysis_pb2

_BLOCKS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_BAR_WIDTH = 24
_SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def bar(value: float, width: int = _BAR_WIDTH) -> str:
    """A silhouette (0 to 1; below 0 is no bar) as a bar of eighths of a character."""
    eighths = round(max(0.0, min(1.0, value)) * width * 8)
    return ("█" * (eighths // 8) + _BLOCKS[eighths % 8]).strip()


def scores(found: dict[int, segment_analysis_pb2.ClusterScore], chosen: int | None = None) -> list[str]:
    """The silhouette for each number of segments, with its interval, as aligned lines."""
    rows: list[tuple[str, ...]] = []
    known = {k: score.value for k, score in found.items() if score.HasField("value") and _may_win(score)}
    best = max(known, key=lambda k: known[k], default=None)
    for k, score in sorted(found.items()):
        if not score.HasField("value"):
            rows.append((f"k={k}", "none", "", "", ""))
            continue
        interval = f"{score.low:.3f} to {score.high:.3f}" if score.HasField("low") else ""
        mark = "chosen" if k == chosen else "best so far" if chosen is None and k == best else ""
        if not _may_win(score):
            mark = f"smallest segment {score.smallest_share:.1f} %"
        rows.append((f"k={k}", f"{score.value:.3f}", bar(score.value).ljust(_BAR_WIDTH), interval, mark))
    return columns(rows)


def evidence(found: Sequence[segment_analysis_pb2.ClusterScore]) -> list[str]:
    """What else was measured of each number of segments, as a table; empty where nothing was."""
    if not any(score.HasField("squared") for score in found):
        return []
    rows = [("", "SQUARED", "SIMPLIFIED", "ABOVE NULL", "STABILITY", "SMALLEST")]
    for score in sorted(found, key=lambda each: each.k):
        excess = "-"
        if score.HasField("excess_over_null"):
            excess = f"{score.excess_over_null:.3f} ± {score.excess_se:.3f}"
        rows.append(
            (
                f"k={score.k}",
                f"{score.squared:.3f}" if score.HasField("squared") else "-",
                f"{score.simplified:.3f}" if score.HasField("simplified") else "-",
                excess,
                f"{score.stability:.2f}" if score.HasField("stability") else "-",
                f"{score.smallest_share:.1f} %",
            )
        )
    return columns(rows)


def density(found: segment_analysis_pb2.Density) -> list[str]:
    """What DBSCAN took for dense, and the curve that its radius comes from, as lines."""

    def origin(is_found: bool, /) -> str:
        return "found" if is_found else "given"

    taken = f"{many(found.min_samples, 'neighbour')} ({origin(found.min_samples_found)})"
    within = f"eps {found.eps:.4g} ({origin(found.eps_found)})"
    lines = [f"dense: {taken} within {within}; {found.noise_percentage:.1f} % in no dense group"]
    if len(found.curve) > 1 and found.curve[-1] > 0:
        heights = [max(1, round(8 * each / found.curve[-1])) for each in found.curve]
        lines.append(
            f"distance to neighbour {found.min_samples}: {''.join(_HEIGHTS[each] for each in heights)}  "
            f"{found.curve[0]:.3g} to {found.curve[-1]:.3g}"
        )
    return lines


def _may_win(score: segment_analysis_pb2.ClusterScore) -> bool:
    return score.provisional or score.eligible or not score.HasField("eligible")


class Progress:
    """The events of a discovery on stderr: bars that grow in place, or plain lines."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._block = Redrawn(terminal)
        self._scores: dict[int, segment_analysis_pb2.ClusterScore] = {}
        self._stage = ""

    def __enter__(self) -> Self:
        self._block.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._block.__exit__(kind, error, trace)

    def show(self, event: segment_analysis_pb2.AnalysisEvent) -> None:
        """Say what one event means; the result is the view's business."""
        match event.WhichOneof("kind"):
            case "run":
                self._run(event.run)
            case "plan":
                used = dict.fromkeys(note.field for note in event.plan.fields if note.used)
                if used:
                    self._say(f"comparing by {', '.join(used)}")
                for note in event.plan.fields:
                    if note.message and (note.used or note.reason):
                        self._say(note.message if note.used else f"left out: {note.message}")
            case "score":
                self._score(event.score)
            case "card":
                if not event.card.provisional:
                    self._say(f"card: {event.card.name} ({many(event.card.size, 'customer')})")
            case "fallback":
                self._terminal.warning(printable(f"{event.fallback.reason}: {event.fallback.message}"))
            case "subtask":
                self._say(f"{event.subtask.agent}: {event.subtask.WhichOneof('change')}")
            case "selection":
                self._say(event.selection.picked_reason)
            case "notice":
                if event.notice.WhichOneof("kind") == "draining":
                    self._terminal.warning("the server is shutting down; the run goes on")
            case "preparation":
                for each in event.preparation.fields:
                    self._say(_prepared(each))
            case "continuity":
                self._say(f"continues run {event.continuity.previous_run_id}")
            case "profile" | "result" | None:
                pass

    def _run(self, run: segment_analysis_pb2.AnalysisRun) -> None:
        state = segment_analysis_pb2.RunState.Name(run.state).removeprefix("RUN_STATE_").lower()
        stage = f"{state}: {run.stage}" if run.stage and run.stage != state else state
        if stage != self._stage:
            self._stage = stage
            self._say(stage)

    def _score(self, score: segment_analysis_pb2.ClusterScore) -> None:
        first = score.k not in self._scores
        self._scores[score.k] = score
        if self._block.active:
            self._block.draw(["silhouette per number of segments", *scores(self._scores)])
        elif not score.provisional or first:
            kind = "first look" if score.provisional else elapsed(score.elapsed)
            self._terminal.note(f"{scores({score.k: score}, chosen=0)[0]}  {kind}")

    def _say(self, text: str) -> None:
        self._terminal.note(self._terminal.style("· ", "cyan", error=True) + printable(text))


def continuity(found: segment_analysis_pb2.AnalysisResult) -> list[str]:
    """What became of the last run's segments: continued, retired, and who moved, as lines."""
    told = found.continuity
    names = {card.card_id: card.name for card in found.segments}
    names.update({each.card_id: each.name for each in told.retired})
    names[""] = "in none"
    lines = [f"since run {told.previous_run_id}"]
    rows = [
        (
            f"  {names[each.card_id]}",
            f"{each.previous_size:,} to {each.size:,}",
            f"{each.overlap:.0%} the same",
        )
        for each in told.matches
    ]
    rows += [(f"  {each.name}", f"{each.size:,} to none", "no longer a segment") for each in told.retired]
    lines += columns(rows)
    if not told.HasField("migration"):
        return lines
    moved = told.migration
    joined, left = (sum(each.customers for each in side) for side in (moved.joined, moved.left))
    sample = " (of a sample)" if moved.sample else ""
    lines.append(f"  {moved.moved:,} of {moved.compared:,} moved, {joined:,} joined, {left:,} left{sample}")
    lines += columns(
        [
            (f"    {names[each.from_card_id]}", "->", names[each.to_card_id], f"{each.customers:,}")
            for each in moved.flows
            if each.from_card_id != each.to_card_id
        ]
    )
    return lines


def _prepared(field: segment_analysis_pb2.FieldPreparation) -> str:
    """What was done to one field, in a line."""
    told = [field.transform]
    if field.filled:
        told.append(f"{field.filled:,} without a value")
    if field.clipped_low or field.clipped_high:
        told.append(f"{field.clipped_low + field.clipped_high:,} clipped to {field.low:g} .. {field.high:g}")
    return f"{field.field}: {', '.join(told)}"


def result(found: segment_analysis_pb2.AnalysisResult, terminal: Terminal) -> None:
    """The choice, then one card per segment."""
    # What was said as a fallback is said already.
    said = {(each.reason, each.message) for each in found.fallbacks}
    for warning in found.warnings:
        if (warning.reason, warning.message) in said:
            continue
        terminal.warning(printable(f"{warning.reason}: {warning.message}"))
    head = f"{many(len(found.segments), 'segment')} in {many(found.rows, 'customer')}"
    if found.HasField("unassigned") and found.unassigned:
        head += f", {found.unassigned:,} of them in none"
    if found.overlaps:
        head += "; some in more than one"
    terminal.line(terminal.style(head, "bold"))
    # A result without surprises says in its message what the line above says.
    plain = f"{many(len(found.segments), 'segment')} of {many(found.rows, 'customer')}."
    if found.message and found.message != plain:
        terminal.line(printable(found.message))
    if found.scores:
        terminal.line()
        final = {score.k: score for score in found.scores}
        for line in scores(final, chosen=found.chosen_k if found.HasField("chosen_k") else 0):
            terminal.line(f"  {line}")
        for line in evidence(found.scores):
            terminal.line(f"  {line}")
    if found.HasField("density"):
        terminal.line()
        for line in density(found.density):
            terminal.line(f"  {line}")
    if found.HasField("selection"):
        terminal.line(printable(f"  silhouette: {found.selection.picked_reason}"))
        if found.selection.excess_reason:
            terminal.line(printable(f"  excess: {found.selection.excess_reason}"))
    if found.HasField("continuity"):
        terminal.line()
        for line in continuity(found):
            terminal.line(printable(line))
    units = _units(found)
    for position, card in enumerate(found.segments, start=1):
        terminal.line()
        _card(position, card, terminal, units)
    if found.usage.model_calls:
        terminal.line()
        spending.total(found.usage, terminal)


def part(value: float) -> str:
    """A part (0 to 1) in whole percent: all of it and none of it are said only when that is so.

    >>> part(0.934), part(1421 / 1423), part(1.0), part(0.001), part(0.0)
    ('93%', 'over 99%', '100%', 'under 1%', '0%')
    """
    if 0.995 <= value < 1:
        return "over 99%"
    return "under 1%" if 0 < value < 0.005 else f"{value:.0%}"


def _card(
    position: int, card: segment_analysis_pb2.SegmentCard, terminal: Terminal, units: dict[str, str]
) -> None:
    share = f"{many(card.size, 'customer')} ({card.percentage:.1f} %)"
    terminal.line(f"{position}. {terminal.style(printable(card.name), 'bold')}   {share}")
    if card.description:
        terminal.line(f"  {printable(card.description)}")
    if card.name_from_model:
        terminal.line(labelled("name", "by the model", terminal))
    for characteristic in card.characteristics:
        text = f"{characteristic.feature}: {characteristic.value}"
        terminal.line(labelled(f"{characteristic.importance:.2f}", text, terminal))
    if card.filter_rules:
        said = " and ".join(_rule(rule, units.get(rule.field, "")) for rule in card.filter_rules)
        terminal.line(labelled("rules", said, terminal))
    if card.HasField("fidelity"):
        measured = card.fidelity
        terminal.line(
            labelled(
                "rules find",
                f"{many(measured.matched_count, 'customer')}, {part(measured.precision)} of them in this "
                f"segment, {part(measured.recall)} of the segment",
                terminal,
            )
        )
        if measured.HasField("held_out_customers"):
            terminal.line(labelled("held out", _held_out(measured), terminal))
    if card.HasField("fidelity_best"):
        terminal.line(labelled("better", _better(card.fidelity_best), terminal))
    for warning in card.warnings:
        terminal.line(labelled("beware", warning.message, terminal))
    if card.suggested_use:
        terminal.line(labelled("use", card.suggested_use, terminal))


def _held_out(measured: segment_analysis_pb2.RuleFidelity) -> str:
    """The same on the customers that the rules were not learnt from."""
    precision = part(measured.held_out_precision) if measured.HasField("held_out_precision") else "none"
    recall = part(measured.held_out_recall) if measured.HasField("held_out_recall") else "none"
    who = many(measured.held_out_customers, "customer")
    return f"{precision} and {recall} on {who} they were not learnt from"


def _better(measured: segment_analysis_pb2.RuleFidelity) -> str:
    """What a rule of several parts would find."""
    return (
        f"a rule of several parts (apply --best) finds {many(measured.matched_count, 'customer')}, "
        f"{part(measured.precision)} of them in this segment, {part(measured.recall)} of the segment"
    )


def _rule(rule: segment_analysis_pb2.FilterRule, unit: str = "") -> str:
    # Averages of cents are said as money; the rule is as `preview` takes it, so that both are shown.
    money = unit == "cents" and rule.value.WhichOneof("kind") == "number_value"
    said = f" cents ({rule.value.number_value / 100:,.2f})" if money else ""
    return f"{rule.field} {_SIGNS.get(rule.operator, rule.operator)} {_value(rule)}{said}"


def _units(found: segment_analysis_pb2.AnalysisResult) -> dict[str, str]:
    """What the values of each field that is known here are in."""
    heatmap = found.plots.heatmap
    units = dict(zip(heatmap.fields, heatmap.units, strict=False))
    for card in found.segments:
        units |= {each.feature: each.unit for each in card.characteristics if each.unit}
    return units


def _threshold(value: float) -> str:
    """A number of a rule to its last digit: rounded it would be another rule."""
    return f"{int(value):,}" if value.is_integer() else f"{value:,.15g}"


def _value(rule: segment_analysis_pb2.FilterRule) -> str:
    value = rule.value
    match value.WhichOneof("kind"):
        case "number_value":
            return _threshold(value.number_value)
        case "string_value":
            return value.string_value
        case "bool_value":
            return "yes" if value.bool_value else "no"
        case "list_value":
            return ", ".join(
                item.string_value or _threshold(item.number_value) for item in value.list_value.values
            )
        case _:
            return "unset"
