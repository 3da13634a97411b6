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
from segmentry.criteria.nodes import Node
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
    answers: Sequence[Answer], asked: Sequence[Question], offered: Sequence[Candidate]
) -> Candidate | None:
    """The reading that the answers pick, None without answers.

    Raises: InvalidParameters for a question or a reading that the same words do not lead to, and for
    answers that pick different readings: each reading is about the whole query.
    """
    by_id = {candidate.reading_id: candidate for candidate in offered}
    known = {question.question_id for question in asked}
    chosen: Candidate | None = None
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
        if chosen is not None and chosen.reading_id != candidate.reading_id:
            raise InvalidParameters(
                "the answers pick different readings; each reading is about the whole query, so pick one",
                field=f"options.answers[{index}].reading_id",
            )
        chosen = candidate
    return chosen
