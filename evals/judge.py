"""Whether a reading is right: by the rows its criteria select, never by their text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria import check, witness
from segmentry.criteria.nodes import Node
from segmentry.reader.draft import Draft, Outcome
from segmentry.reader.read import read
from segmentry.reader.refine import refine

from evals.case_files import Case

State = Literal["right", "wrong_silent", "wrong_flagged", "abstained"]
ALONE = 0.9
LEAST = 0.5
Reader = Callable[[Case], Draft]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One case, read and judged.

    `outcome` is what a caller gets: an answer below `LEAST` is a question. `invalid` says that a tree of the
    draft does not pass the check, which is a fault of the reader whatever the case expects.
    """

    case: Case
    draft: Draft
    outcome: Outcome
    state: State
    invalid: bool

    @property
    def right(self) -> bool:
        return self.state == "right"

    @property
    def alone(self) -> bool:
        """Whether it was answered with no question and no flag."""
        return self.outcome == "ok" and self.draft.confidence >= ALONE


def by_reader(case: Case) -> Draft:
    """What the reader says to a case."""
    if case.current is not None:
        return refine(case.query, case.current, case.catalog, case.clock)
    return read(case.query, case.catalog, case.clock)


def judge(case: Case, reader: Reader = by_reader) -> Verdict:
    """Read a case and compare with all that it accepts."""
    draft = reader(case)
    outcome: Outcome = draft.outcome
    if outcome == "ok" and (draft.node is None or draft.confidence < LEAST):
        outcome = "ambiguous"
    invalid = any(_refused(node, case) for node in _trees(draft))
    return Verdict(case, draft, outcome, _state(case, draft, outcome), invalid)


def _state(case: Case, draft: Draft, outcome: Outcome) -> State:
    if outcome == "ok":
        node = draft.node
        assert node is not None
        if not _refused(node, case) and any(
            witness.equal(node, each, case.catalog, case.clock) for each in case.expect
        ):
            return "right"
        return "wrong_silent" if draft.confidence >= ALONE else "wrong_flagged"
    if outcome in case.words and all(_quoted(phrase, draft) for phrase in case.asks):
        return "right"
    return "abstained"


def _quoted(phrase: str, draft: Draft) -> bool:
    said = (draft.message, *draft.ambiguities, *(each.text for each in draft.questions))
    return any(phrase.casefold() in text.casefold() for text in said)


def _trees(draft: Draft) -> list[Node]:
    best = [] if draft.node is None else [draft.node]
    return best + [each.node for each in draft.readings]


def _refused(node: Node, case: Case) -> bool:
    return bool(check.check(node, case.catalog, case.clock).errors)
