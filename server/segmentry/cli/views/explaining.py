"""Counts and verdicts taken apart, in tables of 80 columns; what does not fit goes below its line."""

from __future__ import annotations

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, labelled, many, one_line
from segmentry.v1 import criteria_pb2, segment_builder_pb2

_WIDTH = 38
_SIGNS = {
    criteria_pb2.CHANGE_KIND_ADDED: "+",
    criteria_pb2.CHANGE_KIND_REMOVED: "-",
    criteria_pb2.CHANGE_KIND_CHANGED: "~",
    criteria_pb2.CHANGE_KIND_MOVED: ">",
}


def count(reply: segment_builder_pb2.ExplainCountResponse, terminal: Terminal) -> None:
    """One line per condition, then what would let somebody in."""
    for warning in reply.warnings:
        terminal.warning(printable(f"{warning.reason}: {warning.message}"))
    found = f"{reply.count:,}" if reply.HasField("count") else "too few to show a number"
    terminal.line(terminal.style(f"{found} of {many(reply.universe, 'customer')}", "bold"))
    rows = [("CONDITION", "ALONE", "RUNNING", "WITHOUT", "UNSET")]
    for leaf in reply.leaves:
        strongest = "* " if leaf.leaf_id == reply.strongest_leaf_id else "  "
        rows.append(
            (
                strongest + _cut(leaf.explanation),
                f"{leaf.alone:,}" if leaf.HasField("alone") else "-",
                f"{leaf.running:,}" if leaf.HasField("running") else "-",
                f"{leaf.without:,}" if leaf.HasField("without") else "-",
                f"{leaf.missing_value:,}" if leaf.HasField("missing_value") else "-",
            )
        )
    head, *lines = columns(rows, right=(1, 2, 3, 4))
    terminal.line(terminal.style(head, "bold"))
    for line in lines:
        terminal.line(line)
    if reply.strongest_leaf_id:
        terminal.line("* without this condition most customers come in")
    for offer in reply.relaxations:
        terminal.line(labelled("or", f"{many(offer.count, 'customer')} {offer.label}", terminal))
        terminal.line(labelled("", one_line(offer.criteria), terminal))


def member(reply: segment_builder_pb2.ExplainMemberResponse, terminal: Terminal) -> None:
    """The verdict, one line per condition, and what would change it."""
    verdict = "matches" if reply.member else "does not match"
    terminal.line(terminal.style(printable(f"customer {reply.customer_id} {verdict}"), "bold"))
    for leaf in reply.leaves:
        terminal.line(f"  {'true ' if leaf.holds else 'false'}  {printable(leaf.message)}")
    for flip in reply.flips:
        terminal.line(labelled("change", flip.message, terminal))


def comparison(reply: segment_builder_pb2.CompareCriteriaResponse, terminal: Terminal) -> None:
    """Both sides in words, what changed, and the customers of one side only."""
    for warning in reply.warnings:
        terminal.warning(printable(f"{warning.reason}: {warning.message}"))
    terminal.line(labelled("left", reply.left_explanation, terminal))
    terminal.line(labelled("right", reply.right_explanation, terminal))
    for change in reply.diff.changes:
        sign = _SIGNS.get(change.kind, "?")
        side = change.before if sign == "-" else change.after
        terminal.line(labelled("changed", f"{sign} {one_line(side)}", terminal))
    rows = [
        ("left", f"{reply.left_count:,}" if reply.HasField("left_count") else "-"),
        ("right", f"{reply.right_count:,}" if reply.HasField("right_count") else "-"),
        ("both", f"{reply.both_count:,}" if reply.HasField("both_count") else "-"),
        ("only left", f"{reply.only_left:,}" if reply.HasField("only_left") else "-"),
        ("only right", f"{reply.only_right:,}" if reply.HasField("only_right") else "-"),
    ]
    for line in columns([("CUSTOMERS", "COUNT"), *rows], right=(1,)):
        terminal.line(line)
    if reply.HasField("same_members"):
        same = "the same customers" if reply.same_members else "different customers"
        text = "the same text" if reply.same_canonical else "different texts"
        terminal.line(f"{same}, {text}")
    if reply.HasField("witness"):
        terminal.line(labelled(f"only {reply.witness_side}", one_line(reply.witness), terminal))


def _cut(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 1]}…"
