"""Answers by rules of the edit expert: the operations by which the reader's own answer comes about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from segmentry.agents.pieces import Condition
from segmentry.criteria import canonical, witness
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Node
from segmentry.criteria.walk import leaves
from segmentry.errors import InvalidCriteria
from segmentry.reader import read
from segmentry.reader.draft import Draft, Span
from segmentry.reader.refine import refine
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.numbered import Kind, Operation, edited

_LISTED: Final = re.compile(r'^\d+ (".*")$', re.MULTILINE)
_KINDS: Final[tuple[Kind, ...]] = ("add", "widen", "exclude")


def changes(
    message: str, instruction: str, catalog: Catalog, clock: Clock, slang: Sequence[Condition]
) -> str:
    """What the reader makes of an instruction as operations over the numbered conditions of a message.

    Where no operations come to the same, there are none but an `add` for each words of `slang`: those are
    for the experts of the fields.
    """
    told = [read.read(json.loads(each), catalog, clock).node for each in _LISTED.findall(message)]
    known = [each for each in told if each is not None]
    operations: Sequence[Operation] = ()
    if known and len(known) == len(told):
        node = known[0] if len(known) == 1 else And(tuple(known))
        draft = refine(instruction, node, catalog, clock)
        current = Current.of(node, catalog, clock)
        operations = next(
            (each for each in _ways(instruction, draft, node) if _alike(instruction, each, draft, current)),
            (),
        )
    said: list[dict[str, object]] = [
        {
            "evidence": each.said.text[:200],
            "do": each.kind,
            "leaves": list(each.leaves),
            "words": "" if each.new is None else each.new.text,
        }
        for each in operations
    ]
    if not said:
        said = [
            {"evidence": each.evidence, "do": "add", "leaves": [], "words": each.evidence}
            for each in slang
            if each.evidence in instruction
        ]
    return json.dumps({"edits": said, "unhandled": []})


def _ways(instruction: str, draft: Draft, node: Node) -> Iterator[tuple[Operation, ...]]:
    """Operations that may come to what was read: conditions that went, came, or were exchanged."""
    if draft.outcome != "ok" or draft.node is None:
        return
    whole = Span(0, len(instruction), instruction)
    before = [canonical.text(each) for each in leaves(node)]
    after = [canonical.text(each) for each in leaves(draft.node)]
    gone = tuple(number for number, each in enumerate(before, start=1) if each not in after)
    fresh = [each for each in draft.origins if each.source != "kept" and each.spans]
    came = [Span(each.spans[0].start, each.spans[-1].end, "") for each in fresh]
    new = [Span(each.start, each.end, instruction[each.start : each.end]) for each in came]
    if gone and not new:
        yield (Operation("remove", whole, None, gone),)
    elif gone and len(new) == 1:
        yield (Operation("change", whole, new[0], gone),)
        yield (Operation("replace", whole, new[0], gone),)
        yield Operation("remove", whole, None, gone), Operation("add", whole, new[0])
    elif new:
        for kind in _KINDS:
            yield tuple(Operation(kind, each, each) for each in new)


def _alike(instruction: str, operations: Sequence[Operation], draft: Draft, current: Current) -> bool:
    node = edited(instruction, operations, current).draft.node
    try:
        return (
            node is not None
            and draft.node is not None
            and witness.equal(node, draft.node, current.catalog, current.clock)
        )
    except InvalidCriteria:
        return False
