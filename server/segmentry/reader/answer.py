"""From the row of fragments to a draft: the tree, where each leaf came from, further readings, questions."""

from __future__ import annotations

import dataclasses

from segmentry.criteria import canonical, check
from segmentry.criteria.nodes import And, Everyone, Node
from segmentry.reader import logic
from segmentry.reader.approximate import rough
from segmentry.reader.attributes import of_people
from segmentry.reader.clauses import Clauses
from segmentry.reader.confidence import OPEN, score
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading, LeafOrigin, Reason, Span
from segmentry.reader.patterns.vague import guesses
from segmentry.reader.scene import Fragment, Option, Scene
from segmentry.reader.scope import Refusal
from segmentry.reader.unknown import Unknown, suggestions, unknown_attribute

_MOST_READINGS = 4
_LEAST_READINGS = 2
# a symbolic start beside a literal end: the segment does not move on, which a person must see
FROZEN = "FROZEN_DATE: "


def of(scene: Scene, found: Clauses) -> Draft:
    """The draft for a scanned query; nothing leaves that the one validator refuses."""
    draft = _draft(scene, found)
    readings = tuple(reading for reading in draft.readings if not _faults(scene, reading.node))
    if len(readings) < len(draft.readings):
        # The questions' indices would point past the end.
        questions = tuple(DraftQuestion(question.text, question.span) for question in draft.questions)
        draft = dataclasses.replace(draft, readings=readings, questions=questions)
    faults = [] if draft.node is None else _faults(scene, draft.node)
    if not faults:
        return draft
    return dataclasses.replace(
        draft,
        outcome="ambiguous",
        node=None,
        origins=(),
        confidence=0.0,
        reason="AMBIGUOUS_QUERY",
        message=faults[0],
        ambiguities=(*draft.ambiguities, *faults),
        questions=(*draft.questions, *(DraftQuestion(fault, None) for fault in faults[:1])),
    )


def _faults(scene: Scene, node: Node) -> list[str]:
    return [fault.message for fault in check.errors(node, scene.catalog, scene.clock)]


def _draft(scene: Scene, found: Clauses) -> Draft:
    fragments = [item.fragment for item in found.items if item.fragment is not None]
    for fragment in fragments:
        rough(scene, fragment)
    arrays = scene.lexicon.arrays
    phrase = logic.combine(found.items, arrays)
    node = logic.to_node(phrase)
    open_fragments = [fragment for fragment in fragments if fragment.chosen is None]
    further = _Readings(node)
    questions: list[DraftQuestion] = []
    other = None
    if phrase is not None and not found.fixed_bracket and logic.mixed(found.items):
        other = logic.to_node(logic.combine(found.items, arrays, or_tighter=True))
    is_mixed = other is not None and further.add("with 'or' joined before 'and'", other) is not None
    if is_mixed:
        questions.append(
            DraftQuestion("Should 'or' join the conditions next to it before 'and' does?", None, (0,))
        )
    if phrase is not None:
        for fragment in fragments:
            if fragment.chosen is None or len(further.found) >= _MOST_READINGS:
                continue
            for option in fragment.chosen_options[:2]:
                whole = logic.to_node(logic.replaced(phrase, fragment, option.node))
                further.add(option.label, whole)
    for fragment in open_fragments:
        indices: list[int] = []
        for option in fragment.chosen_options:
            position = further.add(option.label, _with(node, option.node))
            if position is not None:
                indices.append(position)
        questions.append(
            DraftQuestion(fragment.question, scene.span(fragment.start, fragment.end), tuple(indices))
        )
    readings = further.found
    unexplained = _spans(scene, found.unclaimed)
    notes = [fragment.note for fragment in fragments if fragment.note]
    for at, word in scene.repaired.items():
        raw = scene.tokens[at]
        notes.append(f"'{scene.query[raw.start : raw.end]}' was read as '{word}'")
    missing = unknown_attribute(scene, found)
    confidence = score(
        scene, [item for item in fragments if item.chosen is not None], found.unclaimed, is_mixed=is_mixed
    )
    if missing is not None:
        return _unknown(scene, missing, node, readings, notes, unexplained, confidence)
    if open_fragments or of_people(scene, found.unclaimed):
        confidence = min(confidence, OPEN)
    if node is None or confidence < 0.5:
        unread = _about(scene, unexplained, bool(questions))
        options = guesses(scene) if unread else ()
        offered = [_with_two(question, further, node, ()) for question in questions]
        offered += [_with_two(question, further, node, options) for question in unread]
        questions += unread
        return Draft(
            "ambiguous",
            node,
            min(confidence, OPEN),
            _origins(scene, phrase),
            tuple(readings),
            tuple(offered),
            tuple(question.text for question in questions),
            tuple(dict.fromkeys(notes)),
            unexplained,
            _suggestions(scene, found),
            "AMBIGUOUS_QUERY",
            "The query leaves open what is meant",
        )
    ambiguities = [question.text for question in questions]
    ambiguities += [f"'{span.text}' was not understood" for span in unexplained]
    ambiguities += [note.removeprefix(FROZEN) for note in dict.fromkeys(notes) if note.startswith(FROZEN)]
    return Draft(
        "ok",
        node,
        confidence,
        _origins(scene, phrase),
        tuple(readings),
        tuple(questions),
        tuple(ambiguities),
        tuple(dict.fromkeys(notes)),
        unexplained,
        _suggestions(scene, found),
    )


def _with_two(
    question: DraftQuestion, further: _Readings, node: Node | None, options: tuple[Option, ...]
) -> DraftQuestion:
    """The question with two readings at least: without the words, and shares of the customers."""
    indices = list(question.readings)
    said = "these words" if question.span is None else f"'{question.span.text}'"
    if len(indices) < _LEAST_READINGS and node is not None:
        indices.append(further.keep(f"without {said}", node))
    for option in options if len(indices) < _LEAST_READINGS else ():
        position = further.add(option.label, _with(node, option.node))
        if position is not None and position not in indices:
            indices.append(position)
    if len(indices) == 1 and node is None:
        indices.append(further.keep(f"everyone, without {said}", Everyone()))
    return dataclasses.replace(question, readings=tuple(dict.fromkeys(indices))[:_MOST_READINGS])


def refused(refusal: Refusal, rest: Draft | None) -> Draft:
    """A refusal; what the rest of the sentence would select is offered as a reading, never as the answer."""
    readings: tuple[DraftReading, ...] = ()
    if rest is not None and rest.node is not None and rest.origins:
        readings = (DraftReading("the customers the sentence describes", rest.node),)
    reason: Reason = "UNSUPPORTED_LANGUAGE" if refusal.reason == "UNSUPPORTED_LANGUAGE" else "OUT_OF_SCOPE"
    return Draft("refuse", None, 0.0, readings=readings, reason=reason, message=refusal.message)


class _Readings:
    """Further readings that differ from the answer and from each other, each printed once."""

    def __init__(self, node: Node | None) -> None:
        self.found: list[DraftReading] = []
        self._node = node
        self._texts: list[str] = []
        self._own: str | None = None

    def add(self, label: str, whole: Node | None) -> int | None:
        """The position of the reading, or None when it says nothing new or there is no room."""
        if whole is None or len(self.found) >= _MOST_READINGS:
            return None
        text = canonical.text(whole)
        if self._own is None and self._node is not None:
            self._own = canonical.text(self._node)
        if text == self._own:
            return None
        if text in self._texts:
            return self._texts.index(text)
        self.found.append(DraftReading(label, whole))
        self._texts.append(text)
        return len(self.found) - 1

    def keep(self, label: str, whole: Node) -> int:
        """The position of a reading that a question needs, even where it is what was understood so far."""
        text = canonical.text(whole)
        if text in self._texts:
            return self._texts.index(text)
        self.found.append(DraftReading(label, whole))
        self._texts.append(text)
        return len(self.found) - 1


def _with(node: Node | None, option: Node) -> Node:
    if node is None:
        return option
    if isinstance(node, And):
        return And((*node.items, option))
    return And((node, option))


def _origins(scene: Scene, phrase: logic.Phrase | None) -> tuple[LeafOrigin, ...]:
    if phrase is None:
        return ()
    return tuple(_origin(scene, leaf, fragments) for leaf, fragments in logic.origins(phrase))


def _origin(scene: Scene, leaf: logic.AnyLeaf, fragments: tuple[Fragment, ...]) -> LeafOrigin:
    first = fragments[0]
    spans = [span for fragment in fragments for span in _of(scene, fragment)]
    sure = min([0.97 * each.factor if each.cap >= 0.97 else each.cap for each in fragments])
    if scene.repaired:
        said = [at for each in fragments for at in range(each.start, each.end)]
        sure *= 0.98 ** sum(1 for at in said if at in scene.repaired)
    source, note = first.source, first.note
    if len(fragments) > 1:
        source = "assumed" if any(each.source == "assumed" for each in fragments) else source
        note = "; ".join(dict.fromkeys(each.note for each in fragments if each.note))
        spans = list(dict.fromkeys(spans))
    return LeafOrigin(leaf, source, tuple(spans), round(sure, 4), note, first.band)


def _of(scene: Scene, fragment: Fragment) -> list[Span]:
    start = fragment.start
    if not fragment.extra:
        return [scene.span(start, fragment.end)]
    before = sorted(at for at in fragment.extra if at < start)
    # "haven't booked in 60 days" is one span: the negation stands right before its verb
    for at in reversed(before):
        if all(scene.tokens[step].kind == "punct" or step in before for step in range(at, start)):
            start = at
    spans = [scene.span(at, at + 1) for at in before if at < start]
    return [*dict.fromkeys(spans), scene.span(start, fragment.end)]


def _spans(scene: Scene, unclaimed: list[int]) -> tuple[Span, ...]:
    """Neighbouring words that nothing explains stand together."""
    found: list[Span] = []
    run: list[int] = []
    for at in sorted(set(unclaimed)):
        if run and at != run[-1] + 1:
            found.append(scene.span(run[0], run[-1] + 1))
            run = []
        run.append(at)
    if run:
        found.append(scene.span(run[0], run[-1] + 1))
    return tuple(found)


def _about(scene: Scene, unexplained: tuple[Span, ...], asked: bool) -> list[DraftQuestion]:
    if asked and not unexplained:
        return []
    questions = [
        DraftQuestion(f"What does '{span.text}' mean for these customers?", span) for span in unexplained[:3]
    ]
    if not questions:
        names = ", ".join(field.name for field in scene.catalog.visible[:5])
        questions.append(DraftQuestion(f"Which customers do you mean? Fields you can use: {names}", None))
    return questions


def _suggestions(scene: Scene, found: Clauses) -> tuple[str, ...]:
    words = [scene.tokens[at].norm for at in found.unclaimed if scene.tokens[at].kind == "word"]
    near = [name for word in words[:4] for name in suggestions(word, scene.lexicon)]
    return tuple(dict.fromkeys(near))[:3]


def _unknown(  # noqa: PLR0917 - the parts of a draft
    scene: Scene,
    missing: Unknown,
    node: Node | None,
    readings: list[DraftReading],
    notes: list[str],
    unexplained: tuple[Span, ...],
    confidence: float,
) -> Draft:
    said = scene.words(missing.start, missing.end)
    rest = [DraftReading(f"without '{said}'", Everyone() if node is None else node)]
    rest += [
        DraftReading(each.label, _with(node, each.node)) for each in missing.options[: _MOST_READINGS - 1]
    ]
    if len(rest) < _LEAST_READINGS:
        rest += [DraftReading(each.label, _with(node, each.node)) for each in guesses(scene)[:1]]
    question = DraftQuestion(missing.message, scene.span(missing.start, missing.end), tuple(range(len(rest))))
    return Draft(
        "invalid_field",
        None,
        min(confidence, 0.3),
        (),
        tuple([*rest, *readings][:_MOST_READINGS]),
        (question,),
        (missing.message,),
        tuple(dict.fromkeys(notes)),
        unexplained,
        missing.suggestions,
        missing.reason,
        missing.message,
    )
