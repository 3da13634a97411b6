"""Recommendations, rules and verdicts, in lines that fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns, labelled, many, one_line
from segmentry.v1 import events_pb2, segment_analysis_pb2
from segmentry.v1 import segment_insights_pb2 as pb

_NAME = 28
_MARKS = {True: "yes", False: "no", None: "?"}


def applied(
    made: segment_analysis_pb2.ApplySegmentResponse, kept: pb.Recommendation, terminal: Terminal
) -> None:
    """The recommendation as it is `kept`, both sizes, how well the rule fits, and the step that is left."""
    state = _stands(kept)
    terminal.line(f"recommendation {made.recommendation_id} is {state}")
    terminal.line(labelled("name", kept.card.name, terminal))
    terminal.line(
        labelled(
            "sizes",
            f"{made.cluster_size:,} in the segment, {_count(made, 'rule_size')} match the rule",
            terminal,
        )
    )
    terminal.line(labelled("fit", _fit(made.fidelity), terminal))
    if kept.rule_id:
        terminal.note(f"applied and accepted before; next: segmentry rules show {kept.rule_id}")
    else:
        terminal.note(f"next: segmentry recommendations accept {made.recommendation_id}")


def _stands(found: pb.Recommendation) -> str:
    return pb.RecommendationState.Name(found.state).removeprefix("RECOMMENDATION_STATE_").lower()


def recommendations(found: Sequence[pb.Recommendation], terminal: Terminal) -> None:
    """One line each."""
    if not found:
        terminal.line("no recommendations; `segmentry apply RUN CARD` makes one")
        return
    rows = [("RECOMMENDATION", "STATE", "SIZE", "NAME")]
    rows.extend(
        (each.recommendation_id, _stands(each), f"{each.card.size:,}", _short(each.card.name))
        for each in found
    )
    _table(rows, terminal, right=(2,))


def recommendation(found: pb.Recommendation, terminal: Terminal) -> None:
    """One recommendation with what its card says."""
    recommendations([found], terminal)
    terminal.line(labelled("run", found.run_id, terminal))
    terminal.line(labelled("who", found.card.description, terminal))
    terminal.line(labelled("criteria", one_line(found.card.criteria), terminal))
    terminal.line(labelled("fit", _fit(found.card.fidelity), terminal))
    terminal.line(labelled("use", found.card.suggested_use, terminal))
    if found.rule_id:
        terminal.line(labelled("rule", found.rule_id, terminal))
    if found.dismiss_comment:
        terminal.line(labelled("dismissed", found.dismiss_comment, terminal))


def rules(found: Sequence[pb.QualificationRule], terminal: Terminal) -> None:
    """One line each."""
    if not found:
        terminal.line("no rules; `segmentry recommendations accept ID` makes one")
        return
    rows = [("RULE", "STATE", "STAGE", "MATCH", "NAME")]
    rows += [
        (each.rule_id, _state(each), each.stage, _count(each, "matched_count"), _short(each.name, 22))
        for each in found
    ]
    _table(rows, terminal, right=(3,))


def rule(found: pb.QualificationRule, warnings: Iterable[events_pb2.Warning], terminal: Terminal) -> None:
    """One rule with its criteria."""
    terminal.line(f"rule {found.rule_id} is {_state(found)}, version {found.version}")
    terminal.line(labelled("name", found.name, terminal))
    terminal.line(labelled("stage", f"{found.stage} ({found.type})", terminal))
    terminal.line(labelled("criteria", one_line(found.criteria), terminal))
    terminal.line(labelled("customers", _count(found, "matched_count"), terminal))
    for each in warnings:
        terminal.warning(f"{each.reason}: {each.message}")


def verdicts(found: pb.CheckQualificationResponse, terminal: Terminal) -> None:
    """One line per customer and rule, then the reason."""
    if not any(each.verdicts for each in found.customers):
        terminal.line("no rule is in use; `segmentry rules activate ID` puts one into use")
        return
    n_yes = 0
    for customer in found.customers:
        for each in customer.verdicts:
            told = each.qualifies if each.HasField("qualifies") else None
            n_yes += told is True
            said = f"{printable(customer.customer_id)}  {_MARKS[told]:3}  {each.rule_id}  {each.message}"
            terminal.line(printable(said))
    asked = sum(len(each.verdicts) for each in found.customers)
    terminal.note(f"{n_yes:,} of {many(asked, 'verdict')} say yes")


def _table(rows: Sequence[Sequence[str]], terminal: Terminal, *, right: Sequence[int]) -> None:
    head, *lines = columns(rows, right=right)
    terminal.line(terminal.style(head, "bold"))
    for line in lines:
        terminal.line(line)


def _state(found: pb.QualificationRule) -> str:
    return pb.QualificationRuleState.Name(found.state).removeprefix("QUALIFICATION_RULE_STATE_").lower()


def _short(name: str, width: int = _NAME) -> str:
    said = printable(name)
    return said if len(said) <= width else f"{said[: width - 1]}…"


def _count(found: pb.QualificationRule | segment_analysis_pb2.ApplySegmentResponse, field: str) -> str:
    value: int = getattr(found, field)
    return f"{value:,}" if found.HasField(field) else "unknown"  # pyright: ignore[reportArgumentType]  (a field of both)


def _fit(fidelity: segment_analysis_pb2.RuleFidelity) -> str:
    if not fidelity.HasField("precision") or not fidelity.HasField("recall"):
        return "not measured"
    return f"precision {fidelity.precision:.2f}, recall {fidelity.recall:.2f} ({fidelity.measured_on})"
