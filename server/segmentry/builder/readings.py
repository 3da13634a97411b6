"""The ways to understand a query: their ids, and the one that a caller picked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.builder import exact
from segmentry.builder.outcome import Question
from segmentry.builder.request import Answer, Place
from segmentry.builder.tidy import tidied
from segmentry.criteria import canonical, render
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import And, Everyone, Node
from segmentry.errors import InvalidParameters
from segmentry.reader.draft import Draft

_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading that passed the check."""

    reading_id: str
    label: str
    checked: Checked


def reading_id(node: Node, place: Place) -> str:
    """The same for the same canonical criteria, whatever words led there."""
    fingerprint = canonical.fingerprint(node, place.catalog)
    return "r_" + fingerprint.partition(":")[2][:_ID_LENGTH]


def candidates(draft: Draft, place: Place) -> tuple[Candidate | None, ...]:
    """One entry per reading of the draft, None for one that the check refuses: it is never shown."""
    found: list[Candidate | None] = []
    for reading in draft.readings:
        node = tidied(reading.node)
        if node is None:
            found.append(None)
            continue
        checked = place.check(render.with_paths(node))
        refused = checked.errors or exact.faults(checked.node)
        found.append(None if refused else Candidate(reading_id(checked.node, place), reading.label, checked))
    return tuple(found)


def questions(draft: Draft, found: Sequence[Candidate | None]) -> tuple[Question, ...]:
    """The questions with ids `q1`, `q2` ... in order, and the ids of the readings that answer them."""
    return tuple(
        Question(
            f"q{number}",
            question.text,
            question.span,
            tuple(
                candidate.reading_id for index in question.readings if (candidate := found[index]) is not None
            ),
        )
        for number, question in enumerate(draft.questions, start=1)
    )


def picked(
    answers: Sequence[Answer],
    asked: Sequence[Question],
    offered: Sequence[Candidate],
    understood: Candidate | None,
    place: Place,
) -> Candidate | None:
    """The reading that the answers pick, None without answers; answers to several questions hold together.

    `understood` is what was read of the query without the open words, None where nothing was.

    Raises: InvalidParameters for a question or a reading that the same words do not lead to, and for
    answers of which one takes back what another one says.
    """
    by_id = {candidate.reading_id: candidate for candidate in offered}
    known = {question.question_id for question in asked}
    chosen: dict[str, tuple[Candidate, frozenset[str]]] = {}
    for index, answer in enumerate(answers):
        if answer.question_id and answer.question_id not in known:
            raise InvalidParameters(
                f"no question {answer.question_id!r} was asked about these words; "
                f"questions: {', '.join(sorted(known)) or 'none'}",
                field=f"options.answers[{index}].question_id",
            )
        candidate = by_id.get(answer.reading_id)
        if candidate is None:
            raise InvalidParameters(
                f"no reading {answer.reading_id!r} belongs to these words; "
                f"readings: {', '.join(by_id) or 'none'}",
                field=f"options.answers[{index}].reading_id",
            )
        answered = frozenset([answer.question_id]) if answer.question_id else _answered(candidate, asked)
        for other, others in chosen.values():
            if other.reading_id != candidate.reading_id and not _apart(answered, others):
                raise InvalidParameters(
                    f"the answers pick two readings for one question, {other.label!r} and "
                    f"{candidate.label!r}; pick one for each question",
                    field=f"options.answers[{index}].reading_id",
                )
        chosen[candidate.reading_id] = candidate, answered
    picks = [candidate for candidate, _ in chosen.values()]
    if len(picks) < 2:
        return picks[0] if picks else None
    found = _together(picks, understood, place)
    if found is None:
        raise InvalidParameters(
            "the answers pick readings that cannot hold together: "
            + " and ".join(repr(each.label) for each in picks)
            + "; each of them is about the whole query, so pick one",
            field="options.answers",
        )
    return found


def _answered(candidate: Candidate, asked: Sequence[Question]) -> frozenset[str]:
    return frozenset(each.question_id for each in asked if candidate.reading_id in each.reading_ids)


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two picks may answer two questions; readings of no question are about the whole."""
    return not one or not other or len(one | other) > 1


def _together(picks: Sequence[Candidate], understood: Candidate | None, place: Place) -> Candidate | None:
    """All that the picks add to what was understood; None where one of them does not keep that."""
    base = () if understood is None else _parts(understood.checked.node)
    kept = {canonical.text(part): part for part in base}
    whole = dict(kept)
    for pick in picks:
        parts = {canonical.text(part): part for part in _parts(pick.checked.node)}
        if not kept.keys() <= parts.keys():
            return None
        whole |= parts
    node = tidied(And(tuple(whole.values()))) if len(whole) > 1 else next(iter(whole.values()), None)
    if node is None:
        return None
    checked = place.check(render.with_paths(node))
    if checked.errors or exact.faults(checked.node):
        return None
    label = " and ".join(each.label for each in picks)
    return Candidate(reading_id(checked.node, place), label, checked)


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Everyone):
        return ()
    return node.items if isinstance(node, And) else (node,)
