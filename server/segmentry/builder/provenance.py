"""Where each leaf of a tree came from, and how much of the words the tree accounts for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from segmentry.builder import vouching
from segmentry.builder.outcome import LeafProvenance
from segmentry.builder.vouching import Vouched
from segmentry.criteria import canonical, walk
from segmentry.criteria.nodes import Node
from segmentry.customers.store import Count
from segmentry.reader.draft import Draft, DraftQuestion, LeafOrigin, Span


def of_tree(
    node: Node,
    draft: Draft,
    vouched: Sequence[Vouched] = (),
    *,
    chosen: str = "",
    answered: bool = False,
) -> tuple[LeafProvenance, ...]:
    """One entry per leaf, in print order.

    A leaf that the draft has no origin for belongs to another reading: the caller chose it, and `chosen`
    says how. A leaf whose words a question is about is no surer than the whole, until that is
    `answered`. `vouched` are the words in which experts found a condition.
    """
    left = [(canonical.text(origin.leaf), origin) for origin in draft.origins]
    found: list[LeafProvenance] = []
    for number, leaf in enumerate(walk.leaves(node), start=1):
        text = canonical.text(leaf)
        index = next((index for index, (known, _) in enumerate(left) if known == text), None)
        origin = None if index is None else left.pop(index)[1]
        entry = _entry(f"l{number}", leaf.path, origin, vouched, chosen)
        if not answered and any(_about(question, entry) for question in draft.questions):
            entry = replace(entry, confidence=min(entry.confidence, draft.confidence))
        found.append(entry)
    return tuple(found)


def with_counts(entries: Sequence[LeafProvenance], counts: Sequence[Count]) -> tuple[LeafProvenance, ...]:
    """The same entries with the count of each leaf alone; unchanged when nothing was counted."""
    if not counts:
        return tuple(entries)
    return tuple(replace(entry, count=count.matched) for entry, count in zip(entries, counts, strict=True))


def coverage(draft: Draft) -> float:
    """Share of the content words that a leaf accounts for, 0-1. Without any content word: 0."""
    read = _words({span for origin in draft.origins for span in origin.spans})
    return read / total if (total := read + _words(set(draft.unexplained))) else 0.0


def _about(question: DraftQuestion, entry: LeafProvenance) -> bool:
    asked = question.span
    return asked is not None and any(
        asked.start < each.end and each.start < asked.end for each in entry.spans
    )


def _words(spans: set[Span]) -> int:
    return sum(len(span.text.split()) for span in spans)


def _entry(
    leaf_id: str, path: str, origin: LeafOrigin | None, vouched: Sequence[Vouched], chosen: str
) -> LeafProvenance:
    if origin is None:
        return LeafProvenance(leaf_id, path, "said", (), 1.0, note=chosen)
    return LeafProvenance(
        leaf_id,
        path,
        origin.source,
        origin.spans,
        origin.confidence,
        origin.note,
        origin.band,
        origin.agent,
        prompt_version=origin.prompt_version,
        agreed=vouching.agreed(origin, vouched),
        repaired=vouching.repaired(origin, vouched),
    )
