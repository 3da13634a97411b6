"""A build on its way, and what came of it."""

from __future__ import annotations

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import elapsed, labelled, many, one_line
from segmentry.v1 import criteria_pb2, events_pb2, segment_builder_pb2

_SOURCES = {
    segment_builder_pb2.LEAF_SOURCE_ASSUMED: "assumed",
    segment_builder_pb2.LEAF_SOURCE_DEFAULT: "by default",
    segment_builder_pb2.LEAF_SOURCE_FALLBACK: "from the fallback",
}
_TIERS = {
    segment_builder_pb2.BUILD_TIER_DETERMINISTIC: "read offline",
    segment_builder_pb2.BUILD_TIER_LLM: "read by the model",
    segment_builder_pb2.BUILD_TIER_COMBINED: "read offline and by the model",
}
_CHANGES = {
    criteria_pb2.CHANGE_KIND_ADDED: "+",
    criteria_pb2.CHANGE_KIND_REMOVED: "-",
    criteria_pb2.CHANGE_KIND_CHANGED: "~",
}


class Progress:
    """The events of a build as lines on stderr, each as it comes."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def show(
        self, item: segment_builder_pb2.StreamBuildResponse | segment_builder_pb2.StreamRefineResponse
    ) -> None:
        """Say what one event means; the completed reply is the view's business."""
        match item.WhichOneof("event"):
            case "started":
                agents = ", ".join(item.started.planned_agents) or "the offline reader alone"
                self._say("started", f"asking {agents}" if item.started.planned_agents else agents)
            case "subtask":
                self._subtask(item.subtask)
            case "partial":
                share = f"{item.partial.coverage:.0%} of the words"
                kind = "draft" if item.partial.draft else "criteria"
                self._say(kind, f"{one_line(item.partial.criteria)}   ({share})")
            case "preview":
                if item.preview.HasField("count"):
                    what = f"condition {item.preview.leaf_id}" if item.preview.leaf_id else "all conditions"
                    about = "" if item.preview.exact else "about "
                    self._say("counted", f"{what}: {about}{item.preview.count:,}")
            case "fallback":
                self._terminal.warning(printable(f"{item.fallback.reason}: {item.fallback.message}"))
            case "notice":
                if item.notice.WhichOneof("kind") == "draining":
                    self._terminal.warning("the server is shutting down; the answer may not come")
            case "completed" | None:
                pass

    def _subtask(self, event: events_pb2.SubtaskEvent) -> None:
        took = elapsed(event.elapsed)
        match event.WhichOneof("change"):
            case "started":
                self._say(event.agent, event.started.detail or "at work")
            case "retried":
                again = "asked to repair its answer" if event.retried.repair else "asked again"
                self._say(event.agent, f"{again}: {event.retried.cause.message}")
            case "succeeded":
                found = event.succeeded.leaves
                done = "named" if event.agent == "name" else f"{found} condition{'' if found == 1 else 's'}"
                spent = event.succeeded.usage.prompt_tokens + event.succeeded.usage.completion_tokens
                tokens = f", {spent:,} tokens" if spent else ""
                self._say(event.agent, f"{done} in {took}{tokens}")
            case "failed":
                self._say(event.agent, f"failed after {took}: {event.failed.error.message}")
            case None:
                pass

    def _say(self, label: str, text: str) -> None:
        # The specialists' own names are long; who they are asked about says it.
        shown = self._terminal.style(label.removeprefix("specialist_").ljust(10), "cyan", error=True)
        self._terminal.note(f"{shown} {printable(text)}")


def outcome(
    reply: segment_builder_pb2.BuildResponse | segment_builder_pb2.RefineResponse, terminal: Terminal
) -> None:
    """The segment with its evidence, or the questions."""
    for warning in reply.warnings:
        terminal.warning(printable(f"{warning.reason}: {warning.message}"))
    if reply.WhichOneof("outcome") == "clarification":
        _clarification(reply.clarification, terminal)
        return
    result = reply.result
    terminal.line(terminal.style(printable(result.explanation), "bold"))
    if result.name:
        by = "   by the model" if result.name_from_model else ""
        terminal.line(labelled("name", f"{result.name}{by}", terminal))
    terminal.line(labelled("criteria", one_line(result.criteria), terminal))
    if result.HasField("resolved_criteria"):
        resolved = one_line(result.resolved_criteria)
        if resolved != one_line(result.criteria):
            terminal.line(labelled("resolved", resolved, terminal))
    if isinstance(reply, segment_builder_pb2.RefineResponse):
        _difference(reply, terminal)
    if reply.HasField("preview_count"):
        was = ""
        if isinstance(reply, segment_builder_pb2.RefineResponse) and reply.HasField("previous_count"):
            more = reply.preview_count - reply.previous_count
            was = f" (before: {reply.previous_count:,}{f', {more:+,}' if more else ''})"
        terminal.line(labelled("customers", f"{reply.preview_count:,}{was}", terminal))
    if result.HasField("confidence"):
        how = _TIERS.get(reply.tier, "")
        terminal.line(
            labelled("confidence", f"{result.confidence:.2f}{f'   {how}' if how else ''}", terminal)
        )
    for leaf in result.provenance:
        if leaf.source in _SOURCES:
            note = leaf.note or leaf.band or leaf.path
            terminal.line(labelled(_SOURCES[leaf.source], note, terminal))
        if leaf.prompt_version:
            terminal.line(labelled("by expert", _of_expert(leaf), terminal))
    for ambiguity in result.ambiguities:
        terminal.line(labelled("open", ambiguity, terminal))
    for reading in result.readings:
        if not reading.chosen:
            _reading(reading, terminal)
    if result.unexplained:
        words = ", ".join(f"“{span.text}”" for span in result.unexplained)
        terminal.line(labelled("not used", words, terminal))


def _of_expert(leaf: segment_builder_pb2.LeafProvenance) -> str:
    """Whose condition it is, of which words, and what else is known of how it came about."""
    words = " ".join(f"“{span.text}”" for span in leaf.spans) or leaf.path
    said = [leaf.agent.removeprefix("specialist_")]
    if leaf.agreed:
        said.append("read alike offline")
    if leaf.repaired:
        said.append("put right first")
    return f"{words}: {', '.join(said)}"


def _difference(reply: segment_builder_pb2.RefineResponse, terminal: Terminal) -> None:
    for change in reply.diff.changes:
        sign = _CHANGES.get(change.kind)
        if change.kind == criteria_pb2.CHANGE_KIND_MOVED and change.before != change.after:
            # Moved under a `$not` or out of one: it now means the opposite.
            sign = "~"
        if sign is not None:
            shown = one_line(change.before if sign == "-" else change.after)
            if sign == "~":
                shown = f"{one_line(change.before)} -> {shown}"
            terminal.line(labelled("changed", f"{sign} {shown}", terminal))


def _clarification(question: segment_builder_pb2.Clarification, terminal: Terminal) -> None:
    terminal.line(terminal.style(f"{question.reason}: {printable(question.message)}", "bold"))
    for asked in question.questions:
        if asked.text != question.message:
            terminal.line(labelled("question", asked.text, terminal))
    asked_already = {asked.text for asked in question.questions}
    for suggestion in question.suggestions:
        if suggestion not in asked_already:
            terminal.line(labelled("try", suggestion, terminal))
    for reading in question.readings:
        _reading(reading, terminal)
        terminal.line(labelled("", f"take it with --answer {reading.reading_id}", terminal))


def _reading(reading: segment_builder_pb2.Reading, terminal: Terminal) -> None:
    count = f"{many(reading.count, 'customer')}: " if reading.HasField("count") else ""
    terminal.line(labelled("or", f"{reading.label}", terminal))
    terminal.line(labelled("", f"{count}{one_line(reading.criteria)}", terminal))


def count(reply: segment_builder_pb2.PreviewCountResponse, terminal: Terminal) -> None:
    """`342 of 100,000 customers (0.34 %)`."""
    for warning in reply.warnings:
        terminal.warning(printable(f"{warning.reason}: {warning.message}"))
    if reply.suppressed:
        terminal.line("too few customers to show a number")
        return
    about = "" if reply.exact or not reply.HasField("exact") else "about "
    share = f" ({reply.percentage:.1f} %)" if reply.HasField("percentage") else ""
    terminal.line(f"{about}{reply.count:,} of {many(reply.universe, 'customer')}{share}")
