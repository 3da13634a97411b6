"""Which words of an instruction no operation accounts for: nothing that was asked is left out unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.criteria import walk
from segmentry.criteria.nodes import Node
from segmentry.reader.draft import Span
from segmentry.reader.outcomes.confidence import content
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.numbered import Operation
from segmentry.reader.refining.trees import field_of
from segmentry.reader.scene import Scene


def uncovered(
    instruction: str, operations: Sequence[Operation], current: Current, node: Node
) -> tuple[tuple[Span, ...], float]:
    """The content words outside every operation, and the share of those inside one (0-1).

    A word that names a field is inside an operation only where that field is one of the conditions that the
    operation is about, or of those that came of it.
    """
    scene = current.scene(instruction)
    fresh = frozenset(field_of(leaf) for leaf in walk.leaves(node)) - current.fields
    said = content(scene)
    lost = [at for at in said if not any(_inside(scene, at, each, current, fresh) for each in operations)]
    if not lost:
        return (), 1.0
    spans = tuple(scene.span(at, at + 1) for at in lost)
    return spans, 1 - len(lost) / len(said)


def _inside(scene: Scene, at: int, operation: Operation, current: Current, fresh: frozenset[str]) -> bool:
    token = scene.tokens[at]
    if not _within(token.start, token.end, operation.said):
        return operation.new is not None and _within(token.start, token.end, operation.new)
    if operation.new is not None and _within(token.start, token.end, operation.new):
        return True
    fields = {entry.field for match in scene.matches_at(at) for entry in match.entries} & current.fields
    about = {
        field_of(current.leaves[number - 1]) for number in operation.leaves if number <= len(current.leaves)
    }
    return not fields or bool(fields & (about | fresh)) or not operation.leaves


def _within(start: int, end: int, span: Span) -> bool:
    return span.start <= start and end <= span.end
