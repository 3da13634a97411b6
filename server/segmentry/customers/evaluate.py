"""The steps of a plan, one after the other, over packed sets of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, assert_never

import numpy as np

from segmentry.criteria.nodes import Event, Everyone, Leaf
from segmentry.customers import bitmaps
from segmentry.customers.bitmaps import Words
from segmentry.customers.plan import Both, Complement, Either, Highest, Nobody, Plan, Step, operands
from segmentry.customers.scan import Cancel

# What a leaf, an event or a `$top` (with the set of its members) selects; the words may be shared and are
# never written to here.
Source = Callable[[Leaf | Event | Highest, Words | None], Words]


class Memory(Protocol):
    """Where the sets of whole groups are kept between calls, by `Plan.digest`."""

    def recall(self, digest: bytes) -> Words | None: ...

    def remember(self, digest: bytes, words: Words) -> None: ...


def evaluate(
    plan: Plan,
    rows: int,
    source: Source,
    cancel: Cancel,
    see: Callable[[int, Words], None],
    *,
    memory: Memory | None = None,
) -> None:
    """Show `see` the words of every root, with the root's place among the roots, as soon as they are known.

    A set lives until its last reader had it, so a plan of many trees needs as many sets at once as are
    still to be read, not one per step. What `see` gets may be shared: it may be kept, not written to.
    Groups that `memory` has are not computed, nor is what only they would read.

    Raises: scan.Cancelled; what `source` raises.
    """
    roots: dict[int, list[int]] = {}
    for place, root in enumerate(plan.roots):
        roots.setdefault(root, []).append(place)
    known = {} if memory is None else _recalled(plan, memory)
    left = plan.uses(known)
    # Sets made here and read once more only: their words may become the result.
    ours: set[int] = set()
    for position, step in enumerate(plan.steps):
        if not left[position]:
            continue
        cancel.check()
        reads = () if position in known else operands(step)
        if position not in known:
            spare = next((known[each] for each in reads if each in ours and left[each] == 1), None)
            known[position] = _step(step, [known[each] for each in reads], rows, source, spare)
            if position in roots:
                if memory is not None and isinstance(step, Both | Either):
                    memory.remember(plan.digest(position), known[position])
            elif reads and not isinstance(step, Highest):
                ours.add(position)
        for place in roots.get(position, ()):
            see(place, known[position])
            left[position] -= 1
        for each in reads:
            left[each] -= 1
        for each in (*reads, position):
            if left[each] <= 0:
                known.pop(each, None)


def _recalled(plan: Plan, memory: Memory) -> dict[int, Words]:
    """The groups that are kept, from the roots down: what stands under one of them is not looked for."""
    found: dict[int, Words] = {}
    seen: set[int] = set()
    ahead = list(plan.roots)
    while ahead:
        position = ahead.pop()
        if position in seen:
            continue
        seen.add(position)
        step = plan.steps[position]
        words = memory.recall(plan.digest(position)) if isinstance(step, Both | Either) else None
        if words is None:
            ahead.extend(operands(step))
        else:
            found[position] = words
    return found


def _step(step: Step, read: list[Words], rows: int, source: Source, spare: Words | None) -> Words:
    match step:
        case Everyone():
            return bitmaps.everyone(rows)
        case Nobody():
            return bitmaps.none(rows)
        case Complement():
            return bitmaps.complement(read[0], rows, out=spare)
        case Both():
            return np.bitwise_and(*read, out=spare)
        case Either():
            return np.bitwise_or(*read, out=spare)
        case Leaf() | Event():
            return source(step, None)
        case Highest():
            return source(step, read[0])
        case _:
            assert_never(step)
