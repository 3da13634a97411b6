"""Keeps what the words name and takes away the rest: "keep only the country", "remove all but the tier"."""

from __future__ import annotations

from segmentry.criteria.nodes import Everyone, Leaf
from segmentry.reader.draft import Draft
from segmentry.reader.refining import adding, merging, reply
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.elliptic import known
from segmentry.reader.refining.pointing import pointed
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import without


def keep(step: Step, current: Current) -> Draft:
    """The criteria with nothing but the conditions that the words name.

    "Keep only gold" beside further tiers narrows the tiers, so words that set a condition of their own are
    added, and where that would change nothing both meanings are offered.
    """
    draft = current.read(step.old)
    found = pointed(step.old, current)
    if known(draft) and not draft.unexplained and not step.loose:
        narrowed = adding.add(Step("add", step.said, new=step.old, manner="only"), current)
        if narrowed.node is not None and not current.unchanged(narrowed.node):
            return narrowed
    if not found.ways:
        if known(draft):
            return adding.add(Step("add", step.said, new=step.old, manner="only"), current)
        return reply.absent(current, step.old, step.said)
    rest = [_rest(current, leaves) for leaves in found.ways]
    ways = [
        (f"only {reply.label(current, leaves)}", without(current.node, gone) if gone else current.node)
        for leaves, gone in zip(found.ways, rest, strict=True)
    ]
    said = draft.node
    if isinstance(said, Leaf) and len(ways) == 1 and merging.is_value(said, current):
        leaves = found.ways[0]
        wider = [
            at for at in merging.listed(current, said.field) if not merging.only_holds(current, at, said)
        ]
        if wider and set(wider) <= set(leaves):
            ways.append((f"only {reply.words(said)}", said))
    if len(ways) > 1:
        message = f"{reply.quoted(step.old)} fits more than one condition"
        return reply.asked(current, message, ways, said=step.said)
    if found.lost:
        message = f"It is not clear what {reply.quoted(' '.join(found.lost))} means"
        return reply.asked(current, message, ways, said=step.said)
    if not rest[0] or isinstance(current.node, Everyone):
        message = f"{reply.quoted(step.said)} changes nothing: that is all there is"
        return reply.asked(current, message, said=step.said)
    return reply.done(current, ways[0][1], step.said)


def _rest(current: Current, leaves: tuple[int, ...]) -> set[int]:
    return set(range(len(current.leaves))) - set(leaves)
