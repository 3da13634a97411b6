"""Work on trees and words beside the event loop, where they are large enough to hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from segmentry.criteria import walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import Leaf, Node
from segmentry.reader.lexicon import lexicon

T = TypeVar("T")

# Up to here a tree is checked, printed and compared in about a millisecond; a thread would only add to it.
_MOST_OPERANDS: Final = 40
# As long as all but a few queries are; read in one to two milliseconds.
_MOST_CHARACTERS: Final = 200


def large(*nodes: Node | None) -> bool:
    """True for trees that are too large to be worked on in the event loop.

    >>> from segmentry.criteria.nodes import And, Operator
    >>> small = Leaf("city", Operator.EQ, "Paarl")
    >>> large(small, None), large(And((small,) * 41))
    (False, True)
    """
    found = 0
    for node in nodes:
        for leaf in () if node is None else walk.leaves(node):
            found += len(leaf.value) if isinstance(leaf, Leaf) and isinstance(leaf.value, tuple) else 1
            if found > _MOST_OPERANDS:
                return True
    return False


async def aside(work: Callable[[], T], *nodes: Node | None) -> T:
    """What `work` gives, worked out in a thread if the trees that it is about are large.

    Raises: whatever `work` raises.
    """
    return await asyncio.to_thread(work) if large(*nodes) else work()


async def reading(work: Callable[[], T], words: str, catalog: Catalog) -> T:
    """What `work` gives that reads words about a catalog, in a thread if that takes long.

    It does where there are many words, and where nobody read any about this catalog before. Else a thread is
    the slower way under load: it waits for the interpreter while the loop runs, up to 5 ms at a time.

    Raises: whatever `work` raises.
    """
    if len(words) <= _MOST_CHARACTERS and lexicon.is_built(catalog):
        return work()
    return await asyncio.to_thread(work)
