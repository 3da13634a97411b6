"""Turns criteria, or one condition of them, into the opposite."""

from __future__ import annotations

from segmentry.criteria.nodes import Everyone, Leaf, Node, Not
from segmentry.reader.draft import Draft
from segmentry.reader.refining import merging, reply
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.pointing import pointed
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import joined, replaced


def negate(step: Step, current: Current) -> Draft:
    """The exact complement of the whole where that is said or all there is; else a question."""
    if isinstance(current.node, Everyone):
        return reply.asked(current, "The opposite of everyone is nobody: say who is meant", said=step.said)
    if step.old.strip():
        found = pointed(step.old, current)
        if not found.ways:
            return reply.absent(current, step.old, step.said)
        ways = [_turned(current, leaves) for leaves in found.ways]
        if len(ways) == 1:
            return reply.done(current, ways[0][1], step.said)
        return reply.asked(
            current, f"{reply.quoted(step.old)} fits more than one condition", ways, said=step.said
        )
    whole = opposite_of(current.node, current)
    if step.whole or len(current.conditions) == 1:
        return reply.done(current, whole, step.said)
    ways = [("everyone outside the whole segment", whole), _turned(current, current.conditions[-1])]
    message = f"{reply.quoted(step.said)} may mean the whole segment or its last condition"
    return reply.asked(current, message, ways, said=step.said)


def _turned(current: Current, leaves: tuple[int, ...]) -> reply.Way:
    was = joined(tuple(current.leaves[at] for at in leaves))
    new = opposite_of(was, current)
    return f"{reply.words(new)} instead of {reply.label(current, leaves)}", replaced(
        current.node, leaves, new
    )


def opposite_of(node: Node, current: Current) -> Node:
    if isinstance(node, Not):
        return node.item
    if isinstance(node, Leaf) and (single := merging.opposite(node, current)) is not None:
        return single
    return Not(node)
