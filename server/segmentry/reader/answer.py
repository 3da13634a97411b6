"""From the row of fragments to a draft: the tree, where each leaf came from, further readings, questions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from segmentry.criteria import canonical, check
from segmentry.criteria.nodes import Everyone, Node
from segmentry.reader import logic
from segmentry.reader.brackets import denied_together
from segmentry.reader.clauses import Clauses
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading, LeafOrigin, Reason, Span
from segmentry.reader.outcomes import impossible
from segmentry.reader.outcomes.approximate import rough
from segmentry.reader.outcomes.attributes import of_people
from segmentry.reader.outcomes.between_fields import compared_fields
from segmentry.reader.outcomes.confidence import GUESSED, OPEN, score
from segmentry.reader.outcomes.doubt import Doubt, Kind
from segmentry.reader.outcomes.evidence import ALONE, CAPS, cap, doubts
from segmentry.reader.outcomes.questions import LEAST, MOST, Readings, ask, bracket, exception, joined, runs
from segmentry.reader.outcomes.scope import Refusal
from segmentry.reader.outcomes.thousands import parted
from segmentry.reader.outcomes.unknown import Unknown, suggestions, unknown_attribute
from segmentry.reader.patterns.vague import guesses
from segmentry.reader.scene import Fragment, Scene

# a symbolic start beside a literal end: the segment does not move on, which a person must see
FROZEN = "FROZEN_DATE: "
_TOGETHER = {False: "leaving out only those who are both", True: "leaving out those who are either"}
_JOINED = {True: "with 'or' joined before 'and'", False: "with 'and' joined before 'or'"}


def of(scene: Scene, found: Clauses, caps: Mapping[Kind, float] = CAPS) -> Draft:
    """The draft for a scanned query; nothing leaves that the one validator refuses.

    `caps` bounds the confidence by what speaks against the answer.
    """
    draft = _draft(scene, found, caps)
    kept = [at for at, reading in enumerate(draft.readings) if not _faults(scene, reading.node)]
    if len(kept) < len(draft.readings):
        draft = _only(draft, {old: new for new, old in enumerate(kept)})
    faults = [] if draft.node is None else _faults(scene, draft.node)
    if not faults:
        return draft
    return draft._replace(
        outcome="ambiguous",
        node=None,
        origins=(),
        confidence=0.0,
        reason="AMBIGUOUS_QUERY",
        message=faults[0],
        ambiguities=(*draft.ambiguities, *faults),
        questions=(*draft.questions, *(DraftQuestion(fault, None) for fault in faults[:1])),
    )


def _only(draft: Draft, places: dict[int, int]) -> Draft:
    """The draft with the readings of `places` alone, which holds their old positions and the new ones."""
    questions = tuple(
        each._replace(readings=tuple(places[at] for at in each.readings if at in places))
        for each in draft.questions
    )
    return draft._replace(readings=tuple(draft.readings[at] for at in places), questions=questions)


def _faults(scene: Scene, node: Node) -> list[str]:
    return [fault.message for fault in check.errors(node, scene.catalog, scene.clock)]


def _draft(scene: Scene, found: Clauses, caps: Mapping[Kind, float]) -> Draft:
    fragments = [item.fragment for item in found.items if item.fragment is not None]
    has_dot = "." in scene.query
    for fragment in fragments:
        rough(scene, fragment)
        if has_dot:
            parted(scene, fragment)
    arrays = scene.lexicon.arrays
    phrase, other, or_first = _bracketed(found, arrays)
    node = logic.to_node(phrase)
    open_fragments = [fragment for fragment in fragments if fragment.chosen is None]
    further = Readings(node)
    mixed = None if other is None else further.add(_JOINED[not or_first], other)
    together = _together(scene, found, further)
    if phrase is not None:
        for fragment in fragments:
            if fragment.chosen is None or len(further.found) >= MOST:
                continue
            for option in fragment.chosen_options[:2]:
                whole = logic.to_node(logic.replaced(phrase, fragment, option.node))
                further.add(option.label, whole)
    unexplained = tuple(runs(scene, found.unclaimed))
    notes = [fragment.note for fragment in fragments if fragment.note]
    notes += [f"'{scene.words(at, at + 1)}' was read as '{word}'" for at, word in scene.repaired.items()]
    misread = _kept(scene, node)
    missing = unknown_attribute(scene, found)
    confidence = score(
        scene,
        [item for item in fragments if item.chosen is not None],
        found.unclaimed,
        is_mixed=mixed is not None,
    )
    if misread:
        confidence = min(confidence, GUESSED)
    doubted: list[Doubt] = []
    if caps and confidence >= ALONE and node is not None and missing is None:
        doubted = doubts(scene, found, node)
        confidence = min(confidence, cap(doubted, caps))
    if missing is not None:
        return _unknown(scene, missing, node, further, notes, unexplained, confidence)
    if open_fragments or of_people(scene, found.unclaimed):
        confidence = min(confidence, OPEN)
    if node is None or confidence < 0.5:
        further = Readings(node)  # settled first: what is open, then the brackets
        asked: list[DraftQuestion] = []
        if node is not None and any(each.kind == "impossible" for each in doubted):
            which = impossible.ask(scene, node, fragments, further)
            asked = [] if which is None else [which]
        asked = asked or ask(scene, node, open_fragments, found.unclaimed, further)
        never = compared_fields(scene, open_fragments) if len(open_fragments) > 1 else ""
        if never:
            left = [each for each in asked[2:] if each.span is None or each.span.text not in never]
            asked = [asked[0]._replace(text=never), *left]
        asked += _brackets(node, other, or_first, further, scene)
        return Draft(
            "ambiguous",
            node,
            min(confidence, OPEN),
            _origins(scene, phrase),
            tuple(further.found),
            tuple(asked),
            tuple(question.text for question in asked),
            tuple(dict.fromkeys(notes)),
            unexplained,
            _suggestions(scene, found),
            "AMBIGUOUS_QUERY",
            never or "The query leaves open what is meant",
        )
    questions = [] if mixed is None else [bracket(scene, mixed)]
    if together is not None and found.excepted is not None:
        questions.append(exception(scene, found.excepted, together, either=found.is_either))
    ambiguities = [question.text for question in questions]
    ambiguities += [f"'{span.text}' was not understood" for span in unexplained]
    ambiguities += [each.text for each in doubted]
    ambiguities += misread
    ambiguities += [note.removeprefix(FROZEN) for note in dict.fromkeys(notes) if note.startswith(FROZEN)]
    return Draft(
        "ok",
        node,
        confidence,
        _origins(scene, phrase),
        tuple(further.found),
        tuple(questions),
        tuple(ambiguities),
        tuple(dict.fromkeys(notes)),
        unexplained,
        _suggestions(scene, found),
    )


def _kept(scene: Scene, node: Node | None) -> list[str]:
    """What to ask about repaired words that may be right as they are, or that a value keeps as written."""
    if node is None or not scene.repaired:
        return []
    text = canonical.text(node).casefold()
    found: list[str] = []
    for at, word in scene.repaired.items():
        typed = scene.words(at, at + 1)
        if at in scene.guessed or re.search(rf"\b{re.escape(typed.casefold())}\b", text):
            found.append(f"'{typed}' may be a misspelt '{word}'")
    return found


def _bracketed(found: Clauses, arrays: frozenset[str]) -> tuple[logic.Phrase | None, Node | None, bool]:
    """The tree, that of the other bracketing if any, and whether the first joins "or" before "and"."""
    phrase = logic.combine(found.items, arrays)
    if phrase is None or found.fixed_bracket or not logic.mixed(found.items):
        return phrase, None, False
    other = logic.combine(found.items, arrays, or_tighter=True)
    if logic.enclosed(found.items):
        return other, logic.to_node(phrase), True
    return phrase, logic.to_node(other), False


def _together(scene: Scene, found: Clauses, further: Readings) -> int | None:
    """Offer the reading in which a denial is of both conditions behind it together."""
    if found.excepted is None:
        return None
    items = denied_together(scene, found.items, found.excepted)
    node = logic.to_node(logic.combine(items, scene.lexicon.arrays))
    return None if node is None else further.add(_TOGETHER[found.is_either], node)


def _brackets(
    node: Node | None, other: Node | None, or_first: bool, further: Readings, scene: Scene
) -> list[DraftQuestion]:
    """The question about "and" beside "or" in a query that leaves more open, where there is room for it."""
    if node is None or other is None:
        return []
    chosen = further.keep(_JOINED[or_first], node)
    position = further.add(_JOINED[not or_first], other)
    if chosen is None or position is None:
        return []
    return [bracket(scene, position)._replace(readings=(chosen, position))]


def refused(refusal: Refusal, rest: Draft | None) -> Draft:
    """A refusal; what the rest of the sentence would select is offered as a reading, never as the answer."""
    readings: tuple[DraftReading, ...] = ()
    if rest is not None and rest.node is not None and rest.origins:
        readings = (DraftReading("the customers the sentence describes", rest.node),)
    reason: Reason = "UNSUPPORTED_LANGUAGE" if refusal.reason == "UNSUPPORTED_LANGUAGE" else "OUT_OF_SCOPE"
    return Draft("refuse", None, 0.0, readings=readings, reason=reason, message=refusal.message)


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
    return LeafOrigin(
        leaf, source, tuple(spans), round(sure, 4), note, first.band, first.agent, first.prompt_version
    )


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


def _suggestions(scene: Scene, found: Clauses) -> tuple[str, ...]:
    words = [scene.tokens[at].norm for at in found.unclaimed if scene.tokens[at].kind == "word"]
    near = [name for word in words[:4] for name in suggestions(word, scene.lexicon)]
    return tuple(dict.fromkeys(near))[:3]


def _unknown(  # noqa: PLR0917 - the parts of a draft
    scene: Scene,
    missing: Unknown,
    node: Node | None,
    further: Readings,
    notes: list[str],
    unexplained: tuple[Span, ...],
    confidence: float,
) -> Draft:
    said = scene.words(missing.start, missing.end)
    offered = Readings(None)
    offered.keep(f"without '{said}'", Everyone() if node is None else node)
    for each in missing.options[: MOST - 1]:
        offered.keep(each.label, joined(node, each.node))
    for each in guesses(scene) if len(offered.found) < LEAST else ():
        offered.keep(each.label, joined(node, each.node))
    places = tuple(range(len(offered.found)))
    question = DraftQuestion(missing.message, scene.span(missing.start, missing.end), places)
    for reading in further.found:
        offered.keep(reading.label, reading.node)
    return Draft(
        "invalid_field",
        None,
        min(confidence, 0.3),
        (),
        tuple(offered.found),
        (question,),
        (missing.message, *_beside(scene, missing, unexplained)),
        tuple(dict.fromkeys(notes)),
        unexplained,
        missing.suggestions,
        missing.reason,
        missing.message,
    )


def _beside(scene: Scene, missing: Unknown, unexplained: tuple[Span, ...]) -> tuple[str, ...]:
    """What else was not understood in a query whose first unknown attribute is named already."""
    said = scene.span(missing.start, missing.end)
    rest = [span for span in unexplained if span.start >= said.end or span.end <= said.start]
    return tuple(f"'{span.text}' was not understood" for span in rest)
