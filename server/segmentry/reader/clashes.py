"""A refinement that nobody can meet: "also inactive" on active customers is asked about, never answered."""

from __future__ import annotations

import dataclasses

from segmentry.criteria import check, walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Node, Or
from segmentry.reader import edits
from segmentry.reader.confidence import OPEN
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading
from segmentry.reader.edits import AnyLeaf
from segmentry.reader.scene import label


def asked(draft: Draft, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    """The draft as it is, or a question with readings when the change makes two conditions fight.

    A contradiction that stood in `current` before is not the instruction's doing and stays out of it.
    """
    if draft.outcome != "ok" or draft.node is None:
        return draft
    before = _contradicted(current, catalog, clock)
    fields = tuple(name for name in _contradicted(draft.node, catalog, clock) if name not in before)
    if not fields:
        return draft
    old = [leaf for leaf in walk.leaves(current) if edits.field_of(leaf) in fields]
    new = [leaf for leaf in walk.leaves(draft.node) if edits.field_of(leaf) in fields and leaf not in old]
    readings = _readings(draft.node, old, new)
    said = "; ".join(label(leaf) for leaf in new)
    text = f"Nobody can meet {', '.join(fields)} both as it is and as '{said}' asks."
    if readings:
        text += " Should it be " + " / ".join(reading.label for reading in readings) + "?"
    return dataclasses.replace(
        draft,
        outcome="ambiguous",
        confidence=min(draft.confidence, OPEN),
        readings=readings,
        questions=(DraftQuestion(text, None, tuple(range(len(readings)))),),
        ambiguities=(text,),
        reason="AMBIGUOUS_QUERY",
        message=text,
    )


def _contradicted(node: Node, catalog: Catalog, clock: Clock) -> tuple[str, ...]:
    # What a saved segment says is not known here, and says nothing about the conditions beside it.
    found = check.check(node, catalog, clock, lambda _id, _version: Everyone()).warnings
    return tuple(dict.fromkeys(each.field for each in found if each.code == "CONTRADICTION"))


def _readings(node: Node, old: list[AnyLeaf], new: list[AnyLeaf]) -> tuple[DraftReading, ...]:
    """Either condition may hold, or the new one takes the place of the old."""
    if not old or not new:
        return ()
    bare = edits.removed(node, new)
    fresh: Node = new[0] if len(new) == 1 else And(tuple(new))
    widened = edits.grown(bare, fresh) if len(old) == 1 else None
    if widened is None:
        was: Node = old[0] if len(old) == 1 else And(tuple(old))
        widened = edits.exchanged(bare, old, Or((was, fresh)))
    instead = edits.exchanged(bare, old, fresh)
    words = " and ".join(label(leaf) for leaf in new)
    before = " and ".join(label(leaf) for leaf in old)
    return (DraftReading(f"{before}, or {words}", widened), DraftReading(f"{words} instead", instead))
