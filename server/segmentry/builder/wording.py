"""A question worded by the ambiguity expert: what is asked and the options are ours, and stay ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.agents import judging_wording, prompt, replies
from segmentry.agents.pieces import Fault, WordingAnswer
from segmentry.agents.registry import Expert
from segmentry.agents.telling import Teller
from segmentry.builder.interviews import Interviews
from segmentry.builder.outcome import SURE_ENOUGH
from segmentry.builder.panel import Panel
from segmentry.builder.request import Place
from segmentry.criteria import walk
from segmentry.criteria.nodes import Leaf, Node
from segmentry.errors import JsonValue
from segmentry.reader.draft import Draft, DraftQuestion

_LONGEST_QUOTED = 80


@dataclass(frozen=True, slots=True)
class _Doubt:
    """One question of a draft: `at` is its place, `words` what it quotes, `options` our labels in order."""

    at: int
    words: str
    options: tuple[str, ...]
    nodes: tuple[Node, ...]


class Wording:
    """Words the question of one request. A failure leaves our own wording, and is said like any other."""

    def __init__(self, text: str, place: Place, panel: Panel, interviews: Interviews) -> None:
        self._text = text
        self._place = place
        self._panel = panel
        self._interviews = interviews
        self._expert = panel.experts(place.catalog, place.tenant, text).ambiguity

    async def of(self, draft: Draft) -> Draft:
        """The draft with its first question in the expert's words, where it will be a question back."""
        doubt = _doubt(draft, self._text, self._place)
        if doubt is None:
            return draft
        message = prompt.ambiguity_message(
            _kind(doubt, self._place), doubt.words, doubt.options, self._text, self._panel.secret
        )
        answer = await self._interviews.ask(
            self._expert,
            message,
            lambda value: _checked(value, self._expert, doubt, self._place),
            lambda found: len(found.options),
            "wording a question",
            courtesy=True,
        )
        return draft if answer is None else _worded(draft, doubt.at, answer)


def _doubt(draft: Draft, text: str, place: Place) -> _Doubt | None:
    """The question that the caller will get, where it may be worded: all that it tells may leave."""
    back = draft.outcome == "ambiguous" or (draft.outcome == "ok" and draft.confidence < SURE_ENOUGH)
    if not back or draft.reason not in {"", "AMBIGUOUS_QUERY"}:
        return None
    teller = Teller(place.catalog, text)
    for at, question in enumerate(draft.questions):
        words = text.strip() if question.span is None else question.span.text
        options = [draft.readings[index] for index in question.readings]
        if len(options) < 2 or not 0 < len(words) <= _LONGEST_QUOTED:
            continue
        if all(teller.whole(each.node) for each in options):
            labels = tuple(each.label for each in options)
            return _Doubt(at, words, labels, tuple(each.node for each in options))
    return None


def _kind(doubt: _Doubt, place: Place) -> str:
    """What is doubtful, in the words of the prompt."""
    leaves = [frozenset(walk.leaves(each)) for each in doubt.nodes]
    shared = leaves[0].intersection(*leaves[1:])
    apart = [each - shared for each in leaves]
    fields = {leaf.field for each in apart for leaf in each if isinstance(leaf, Leaf)}
    if not any(apart):
        return "order"
    if len(fields) != 1:
        return "field"
    known = place.catalog.get(next(iter(fields)))
    if known is None or known.type == "number":
        return "vague"
    return "date" if known.type == "datetime" else "value"


def _checked(
    value: JsonValue, expert: Expert, doubt: _Doubt, place: Place
) -> tuple[WordingAnswer | None, tuple[Fault, ...]]:
    answer, faults = replies.wording_answer(value, expert, len(doubt.options))
    if answer is None:
        return None, faults
    values = [_values(label, node, place) for label, node in zip(doubt.options, doubt.nodes, strict=True)]
    found = judging_wording.faults(answer, doubt.words, doubt.options, values)
    return (None, found) if found else (answer, ())


def _values(label: str, node: Node, place: Place) -> tuple[str, ...]:
    """The stored texts that a label names: its line has to name them too."""
    found: list[str] = []
    for leaf in walk.leaves(node):
        field = place.catalog.get(leaf.field) if isinstance(leaf, Leaf) else None
        if field is None or field.type == "datetime" or not isinstance(leaf, Leaf):
            continue
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        found += [each for each in values if isinstance(each, str) and each.casefold() in label.casefold()]
    return tuple(dict.fromkeys(found))


def _worded(draft: Draft, at: int, answer: WordingAnswer) -> Draft:
    question = draft.questions[at]
    lines = dict(zip(question.readings, answer.options, strict=True))

    def told(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(answer.question if each == question.text else each for each in texts)

    questions: list[DraftQuestion] = list(draft.questions)
    questions[at] = question._replace(text=answer.question)
    return draft._replace(
        questions=tuple(questions),
        readings=tuple(
            each._replace(label=lines[index]) if index in lines else each
            for index, each in enumerate(draft.readings)
        ),
        ambiguities=told(draft.ambiguities),
        suggestions=told(draft.suggestions),
        message=answer.question if draft.message == question.text else draft.message,
    )
