"""What the reader made of one query, as the object that a line of output holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.criteria import check, english, render
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.errors import JsonValue
from segmentry.reader.draft import Draft, LeafOrigin, Outcome
from segmentry.reader.outcomes.scope import MAX_CHARACTERS

# An answer below this has points that a person should look at, so it carries them.
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Reply:
    """One answered query: its outcome and the keys of its line after `id`."""

    outcome: Outcome
    keys: dict[str, JsonValue]


def of(draft: Draft, query: str, catalog: Catalog, clock: Clock, *, least: float, full: bool) -> Reply:
    """The reply for a draft; below a confidence of `least` an answer becomes a question."""
    outcome = _outcome(draft, least)
    node = draft.node if outcome in ("ok", "ambiguous") else None
    keys: dict[str, JsonValue] = {"outcome": outcome, "criteria": None}
    if node is not None:
        criteria = render.to_json(node)
        keys["criteria"] = criteria
        resolved = render.to_json(check.require(node, catalog, clock).bound)
        if resolved != criteria:
            keys["resolved"] = resolved
    keys["confidence"] = draft.confidence
    keys["explanation"] = _explanation(draft, outcome, query, catalog, clock)
    keys["suggestions"] = list(_suggestions(draft, outcome, catalog, clock))
    if full:
        keys |= _details(draft, catalog, clock)
    return Reply(outcome, keys)


def _outcome(draft: Draft, least: float) -> Outcome:
    if draft.outcome == "ok":
        return "ok" if draft.confidence >= least else "ambiguous"
    if draft.outcome == "ambiguous" and draft.node is not None and draft.confidence >= least:
        # Who lowers the bar takes the best reading, with its questions as suggestions.
        return "ok"
    return draft.outcome


def _explanation(draft: Draft, outcome: Outcome, query: str, catalog: Catalog, clock: Clock) -> str:
    if outcome == "refuse":
        unreadable = len(query) > MAX_CHARACTERS or not any(char.isalnum() for char in query)
        return f"{'INVALID_ARGUMENT' if unreadable else draft.reason}: {draft.message}"
    if outcome == "invalid_field":
        return draft.message
    said = "" if draft.node is None else english.english(draft.node, catalog, clock)
    if outcome == "ok":
        lost = ", ".join(f"'{span.text}'" for span in draft.unexplained)
        return f"{said}; not understood: {lost}" if lost else said
    asked = draft.ambiguities[:1] or (
        draft.message or "The confidence is below the least that was asked for",
    )
    return f"Best reading: {said}. {asked[0]}" if said else asked[0]


def _suggestions(draft: Draft, outcome: Outcome, catalog: Catalog, clock: Clock) -> Sequence[str]:
    if outcome == "invalid_field":
        return draft.suggestions
    if outcome == "refuse":
        return [english.english(reading.node, catalog, clock) for reading in draft.readings]
    if outcome == "ok" and draft.confidence >= SURE:
        return ()
    asked = [_question(draft, index) for index in range(len(draft.questions))]
    return list(dict.fromkeys(asked)) or draft.ambiguities or draft.suggestions


def _question(draft: Draft, index: int) -> str:
    """A question with those of its options that it does not name itself."""
    question = draft.questions[index]
    labels = [draft.readings[at].label for at in question.readings]
    options = [label for label in labels if label and label not in question.text]
    return f"{question.text} {' / '.join(options)}" if options else question.text


def _details(draft: Draft, catalog: Catalog, clock: Clock) -> dict[str, JsonValue]:
    return {
        "reason": draft.reason,
        "readings": [
            {
                "label": reading.label,
                "criteria": render.to_json(reading.node),
                "explanation": english.english(reading.node, catalog, clock),
            }
            for reading in draft.readings
        ],
        "questions": [
            {
                "text": question.text,
                "phrase": question.span.text if question.span else "",
                "readings": list(question.readings),
            }
            for question in draft.questions
        ],
        "provenance": [_origin(origin) for origin in draft.origins],
        "unexplained": [span.text for span in draft.unexplained],
        "notes": list(draft.notes),
    }


def _origin(origin: LeafOrigin) -> JsonValue:
    leaf: Node = origin.leaf
    return {
        "criteria": render.to_json(leaf),
        "source": origin.source,
        "words": [span.text for span in origin.spans],
        "spans": [[span.start, span.end] for span in origin.spans],
        "confidence": origin.confidence,
        "note": origin.note,
        "band": origin.band,
        "tier": "OFFLINE",
    }
