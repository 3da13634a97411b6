"""Saved segments, their versions and what is odd about them, in lines that fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segmentry_client import to_dict
from segmentry_client.segments import VersionComparison

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views import explaining
from segmentry.cli.views.lines import columns, labelled, many, one_line
from segmentry.errors import JsonValue
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_builder_pb2 as pb

Warned = events_pb2.Warning

_NAME = 26


def listed(found: Sequence[pb.Segment], terminal: Terminal, *, versions: bool) -> None:
    """One line each."""
    if terminal.json:
        for each in found:
            terminal.value(to_dict(each))
        return
    if not found:
        terminal.line("no segments; `segmentry segments create NAME CRITERIA` saves one")
        return
    rows = [("SEGMENT", "VERSION", "STATE", "CUSTOMERS", "SAVED", "NAME")]
    for each in found:
        saved = each.update_time.ToDatetime().date().isoformat()
        rows.append(
            (each.segment_id, str(each.version), _state(each), _count(each), saved, _short(each.name))
        )
    head, *lines = columns(rows, right=(1, 3))
    terminal.line(terminal.style(head, "bold"))
    for line in lines:
        terminal.line(line)
    if versions:
        terminal.note(f"next: segmentry segments diff {found[-1].segment_id}")


def changed(segment: pb.Segment, warnings: Iterable[Warned], terminal: Terminal) -> None:
    """One segment as it is now, and what is odd about it."""
    warned = list(warnings)
    if terminal.json:
        told: dict[str, JsonValue] = {**to_dict(segment)}
        if warned:
            told["warnings"] = [to_dict(each) for each in warned]
        terminal.value(told)
        return
    terminal.line(f"segment {segment.segment_id} is {_state(segment)}, version {segment.version}")
    terminal.line(labelled("name", segment.name, terminal))
    if segment.description:
        terminal.line(labelled("what for", segment.description, terminal))
    terminal.line(labelled("table", segment.schema_id, terminal))
    terminal.line(labelled("criteria", one_line(segment.criteria), terminal))
    terminal.line(labelled("customers", _count(segment), terminal))
    by = f" by {segment.updated_by}" if segment.updated_by else ""
    saved = segment.update_time.ToDatetime().isoformat(" ", "minutes")
    terminal.line(labelled("saved", f"{saved} UTC{by}", terminal))
    if segment.build_id:
        terminal.line(labelled("build", segment.build_id, terminal))
    if segment.query:
        terminal.line(labelled("words", segment.query, terminal))
    who = list(dict.fromkeys(each.agent for each in segment.read_by))
    if who:
        terminal.line(labelled("read by", ", ".join(who), terminal))
    if segment.HasField("contract"):
        terminal.line(labelled("must stay", _contract(segment.contract), terminal))
    for each in segment.forced_past:
        terminal.line(labelled("forced past", each, terminal))
    if segment.referenced_by:
        terminal.line(labelled("used by", ", ".join(segment.referenced_by), terminal))
    _warn(warned, terminal)


def versions(found: VersionComparison, terminal: Terminal) -> None:
    """What was changed between two versions, then how the criteria differ."""
    older, newer = found.older, found.newer
    if terminal.json:
        terminal.value(
            {
                "from": to_dict(older),
                "to": to_dict(newer),
                "comparison": to_dict(found.comparison),
            }
        )
        return
    terminal.line(f"segment {newer.segment_id}, version {older.version} and version {newer.version}")
    for label, before, after in (
        ("name", older.name, newer.name),
        ("what for", older.description, newer.description),
        ("state", _state(older), _state(newer)),
    ):
        if before != after:
            terminal.line(labelled(label, f"{before or 'none'} -> {after or 'none'}", terminal))
    explaining.comparison(found.comparison, terminal)


def tests(found: pb.TestSegmentResponse, terminal: Terminal) -> None:
    """One line per test, and under a failed one of a customer the conditions that do not fit."""
    if terminal.json:
        terminal.value(to_dict(found))
        return
    if not found.results:
        terminal.line("no contract; `segmentry segments update ID --in CUSTOMER --max-size N` makes one")
    for each in found.results:
        mark = ("pass" if each.passed else "FAIL") if each.HasField("passed") else "?"
        terminal.line(printable(f"{mark:4}  {each.message}"))
        for leaf in each.leaves:
            if leaf.holds != (each.kind == "included"):
                terminal.line(printable(f"        {leaf.message}"))
    n_failed = sum(each.HasField("passed") and not each.passed for each in found.results)
    if found.results:
        terminal.note(f"{n_failed:,} of {many(len(found.results), 'test')} failed")


def lint(found: pb.LintSegmentResponse, terminal: Terminal) -> None:
    """Every warning with its place, or that there is none."""
    if terminal.json:
        terminal.value(to_dict(found))
        return
    if not found.warnings:
        terminal.line("nothing odd")
    for each in found.warnings:
        place = f" at {each.path}" if each.path else ""
        terminal.line(printable(f"{each.reason}{place}: {each.message}"))


def _contract(contract: pb.SegmentContract) -> str:
    said: list[str] = []
    if contract.included_customers:
        said.append(f"in: {', '.join(contract.included_customers)}")
    if contract.excluded_customers:
        said.append(f"out: {', '.join(contract.excluded_customers)}")
    if contract.HasField("min_size"):
        said.append(f"at least {contract.min_size:,}")
    if contract.HasField("max_size"):
        said.append(f"at most {contract.max_size:,}")
    return "; ".join(said)


def _warn(warnings: Iterable[Warned], terminal: Terminal) -> None:
    for each in warnings:
        place = f" at {each.path}" if each.path else ""
        terminal.warning(f"{each.reason}{place}: {each.message}")


def _state(segment: pb.Segment) -> str:
    return pb.SegmentState.Name(segment.state).removeprefix("SEGMENT_STATE_").lower()


def _count(segment: pb.Segment) -> str:
    return f"{segment.last_count:,}" if segment.HasField("last_count") else "not counted"


def _short(name: str) -> str:
    said = printable(name)
    return said if len(said) <= _NAME else f"{said[: _NAME - 1]}…"
