"""One expert's answer, judged piece by piece: a condition with its place, or a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from segmentry.agents import literals
from segmentry.agents.evidence import locate
from segmentry.agents.literals import Literal
from segmentry.agents.marks import one_line
from segmentry.agents.pieces import Condition, Fault, FieldAnswer
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Span


@dataclass(frozen=True, slots=True)
class Found:
    """One condition that passed, and the words of the request that it is about.

    `repaired`: it was no part of the answer that the expert gave before it was told what was wrong.
    """

    span: Span
    literal: Literal
    agent: str
    prompt_version: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer after the check: `faults` are of pieces that were dropped.

    `unhandled` are words of the request that the expert knows to be its own and cannot say.
    """

    agent: str
    prompt_version: str
    found: tuple[Found, ...]
    faults: tuple[Fault, ...]
    unhandled: tuple[Span, ...]


def judge(
    answer: FieldAnswer, own: Mapping[str, str], request: str, catalog: Catalog, clock: Clock
) -> Judged:
    """Judge every condition of an answer; `own` are the names that the expert was asked about, with its keys.

    Never raises for anything that a model may write.
    """
    found: list[Found] = []
    faults: list[Fault] = []
    for at, condition in enumerate(answer.conditions):
        span = locate(condition.evidence, request, (each.span for each in found))
        judged = _judged(condition, span, own, request, catalog, clock)
        if isinstance(judged, Fault):
            faults.append(replace(judged, place=f"conditions[{at}].{judged.place}"))
        elif span is not None:
            found.append(Found(span, judged, answer.agent, answer.prompt_version))
    unhandled = [locate(words, request) for words in answer.unhandled]
    return Judged(
        answer.agent,
        answer.prompt_version,
        tuple(found),
        tuple(faults),
        tuple(span for span in unhandled if span is not None),
    )


def _judged(  # noqa: PLR0917 - the parts of one judgement
    condition: Condition,
    span: Span | None,
    own: Mapping[str, str],
    request: str,
    catalog: Catalog,
    clock: Clock,
) -> Literal | Fault:
    if condition.field not in own:
        keys = tuple(own.values())[:12]
        return Fault("UNKNOWN_FIELD", "field", "this is none of the fields asked about", keys)
    if span is None:
        return Fault("EVIDENCE_NOT_FOUND", "evidence", "these words are not in the request")
    # The words as the request has them: an expert may have changed case or blanks.
    return literals.read(replace(condition, evidence=span.text), request, catalog, clock)


def repair_message(faults: Sequence[Fault]) -> str:
    """What is said to the expert, once: each fault by place and code, with what would be taken.

    Nothing but codes, places, names of the catalog and values that its cards tell, each on one line; the
    expert has its own answer before it.
    """
    lines = [
        f"- {fault.place}: {fault.code}, {one_line(fault.message)}"
        + (f"; allowed: {', '.join(one_line(each, 64) for each in fault.allowed)}" if fault.allowed else "")
        for fault in faults
    ]
    return "\n".join(
        (
            "These pieces of your answer cannot be taken:",
            *lines,
            "Answer once more in full, with these put right; leave out what the request does not say.",
        )
    )
