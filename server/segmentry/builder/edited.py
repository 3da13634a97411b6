"""The reader's answer to an instruction and the edit expert's, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.builder.assemble import AGREED, ALONE, OPEN, same
from segmentry.builder.outcome import SURE_ENOUGH, Tier
from segmentry.builder.plan import LOST, answers_alone
from segmentry.builder.request import Place
from segmentry.builder.vouching import Vouched
from segmentry.criteria import walk
from segmentry.criteria.nodes import Node
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading, LeafOrigin
from segmentry.reader.refining import clashes
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.numbered import Edited, Operation
from segmentry.reader.refining.reply import words
from segmentry.reader.refining.uncovered import uncovered

# As of any words that nothing accounts for (understanding.md, 1.6).
_PER_LOST = 0.85
_MOST_READINGS = 4


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction with the checked criteria it is about, and what the reader made of it."""

    text: str
    node: Node
    read: Draft


def joined(
    said: Instruction, found: Edited, operations: Sequence[Operation], version: str, place: Place
) -> tuple[Draft, Tier, tuple[Vouched, ...]]:
    """The reader's answer and the expert's as one: alike they are sure, apart they are a question.

    The words are those that both read alike.
    """
    current = Current.of(said.node, place.catalog, place.clock)
    read, draft = said.read, clashes.asked(found.draft, current)
    if answers_alone(read):
        agreed = draft.outcome == "ok" and _alike(draft, read, place)
        return (read, "combined", _both(read)) if agreed else (read, "deterministic", ())
    if draft.outcome != "ok" or draft.node is None:
        lost_reader = not read.readings or read.confidence < LOST
        if read.outcome == "ok" or not draft.readings or not lost_reader:
            return read, "deterministic", ()
        return _signed(draft, version), "combined", ()
    node = draft.node
    lost, share = uncovered(said.text, operations, current, node)
    confidence = min(draft.confidence, ALONE, _PER_LOST * share if lost else 1.0)
    draft = _signed(draft, version)._replace(
        confidence=confidence,
        unexplained=tuple(dict.fromkeys((*draft.unexplained, *lost))),
    )
    tier: Tier = "combined" if any(each.source == "kept" for each in draft.origins) else "llm"
    if read.outcome == "ok" and read.node is not None:
        if _alike(draft, read, place):
            return draft._replace(confidence=confidence if lost else AGREED), "combined", _both(draft)
        # The reader passed words over that the expert accounts for: then the two do not answer the same.
        passed_over = bool(read.unexplained) and not lost
        if read.confidence >= SURE_ENOUGH and not passed_over:
            return _either(read, draft, said), "combined", ()
    known: list[Node] = [node, *(each.node for each in draft.readings)]
    told = [] if read.confidence < LOST else [*read.readings]
    if read.outcome == "ok" and read.node is not None:
        told.insert(0, DraftReading(_told(read, said.node), read.node))
    others = [each for each in told if not any(same(each.node, one, place) for one in known)]
    draft = draft._replace(readings=(*draft.readings, *others)[:_MOST_READINGS])
    if lost and confidence < SURE_ENOUGH:
        words = ", ".join(f"'{each.text}'" for each in lost[:3])
        message = f"It is not clear what {words} should change"
        draft = draft._replace(reason="AMBIGUOUS_QUERY", message=message)
    return draft, tier, ()


def _both(draft: Draft) -> tuple[Vouched, ...]:
    """All words that changed something, as read by both."""
    spans = (span for each in draft.origins if each.source != "kept" for span in each.spans)
    return tuple(Vouched(span, agreed=True) for span in dict.fromkeys(spans))


def _alike(one: Draft, other: Draft, place: Place) -> bool:
    return one.node is not None and other.node is not None and same(one.node, other.node, place)


def _either(read: Draft, draft: Draft, said: Instruction) -> Draft:
    """Both ways to understand the instruction, for the caller to choose."""
    assert read.node is not None
    assert draft.node is not None
    spans = [span for each in draft.origins if each.source != "kept" for span in each.spans]
    readings = (
        DraftReading(_told(read, said.node), read.node),
        DraftReading(_told(draft, said.node), draft.node),
    )
    text = f"What should '{said.text.strip()[:80]}' change?"
    return read._replace(
        outcome="ambiguous",
        confidence=OPEN,
        readings=readings,
        questions=(DraftQuestion(text, spans[0] if spans else None, (0, 1)),),
        reason="AMBIGUOUS_QUERY",
        message="The instruction can be understood in two ways",
    )


def _told(draft: Draft, before: Node) -> str:
    """What a draft changes, in a few words each."""
    assert draft.node is not None
    fresh = [words(each.leaf) for each in draft.origins if each.source != "kept"]
    if fresh:
        return " and ".join(fresh[:3])
    left = [words(each) for each in walk.leaves(draft.node)]
    gone = [each for each in map(words, walk.leaves(before)) if each not in left]
    return f"without {' and '.join(gone[:3])}" if gone else "the criteria in another order"


def _signed(draft: Draft, version: str) -> Draft:
    """The draft with the edit expert named at what the reader read only because it said so."""
    return draft._replace(origins=tuple(_by_edit(each, version) for each in draft.origins))


def _by_edit(origin: LeafOrigin, version: str) -> LeafOrigin:
    if origin.source == "kept" or origin.agent != "reader":
        return origin
    sure = min(origin.confidence, ALONE)
    return origin._replace(agent="edit", prompt_version=version, confidence=sure)
