"""A refinement that nobody can meet ("over 20" beside "under 10") is asked about, never answered."""

from __future__ import annotations

from segmentry.criteria import check
from segmentry.criteria.nodes import Everyone, Leaf, Node, Or
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading
from segmentry.reader.outcomes.confidence import OPEN
from segmentry.reader.refining import merging, reply
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.trees import field_of, joined, replaced, without


def asked(draft: Draft, current: Current) -> Draft:
    """The draft as it is, or a question with readings when the change makes two conditions fight.

    A contradiction that stood in the criteria before is not the instruction's doing and stays out of it.
    """
    if draft.outcome != "ok" or draft.node is None:
        return draft
    after = current.now(draft.node)
    clashing = _contradicted(after)
    if not clashing:
        return draft
    before = _contradicted(current)
    fields = tuple(name for name in clashing if name not in before)
    if not fields:
        return draft
    kept = [origin.source == "kept" for origin in draft.origins]
    there = [at for at, leaf in enumerate(after.leaves) if field_of(leaf) in fields]
    old = [at for at in there if kept[at]]
    new = [at for at in there if not kept[at]]
    readings = _readings(after, old, new)
    said = "; ".join(reply.words(after.leaves[at]) for at in new)
    text = f"Nobody can meet {', '.join(fields)} both as it is and as '{said}' asks."
    if readings:
        text += " Should it be " + " / ".join(reading.label for reading in readings) + "?"
    return draft._replace(
        outcome="ambiguous",
        confidence=min(draft.confidence, OPEN),
        readings=readings,
        questions=(DraftQuestion(text, None, tuple(range(len(readings)))),),
        ambiguities=(text,),
        reason="AMBIGUOUS_QUERY",
        message=text,
    )


def _contradicted(current: Current) -> tuple[str, ...]:
    # What a saved segment says is not known here, and says nothing about the conditions beside it.
    found = check.check(current.node, current.catalog, current.clock, lambda _id, _version: Everyone())
    return tuple(dict.fromkeys(each.field for each in found.warnings if each.code == "CONTRADICTION"))


def _readings(after: Current, old: list[int], new: list[int]) -> tuple[DraftReading, ...]:
    """Either condition may hold, or the new one takes the place of the old."""
    if not old or not new:
        return ()
    bare = after.now(without(after.node, new))
    places = [at - sum(1 for each in new if each < at) for at in old]
    fresh = joined(tuple(after.leaves[at] for at in new))
    was = joined(tuple(after.leaves[at] for at in old))
    lists = merging.listed(bare, fresh.field) if isinstance(fresh, Leaf) else []
    widened: Node
    if len(places) == 1 and isinstance(fresh, Leaf) and merging.is_value(fresh, bare) and places == lists:
        widened = merging.with_values(bare, places[0], fresh)
    else:
        widened = replaced(bare.node, places, Or((was, fresh)))
    instead = replaced(bare.node, places, fresh)
    words, before = reply.words(fresh), reply.words(was)
    return (DraftReading(f"{before}, or {words}", widened), DraftReading(f"{words} instead", instead))
