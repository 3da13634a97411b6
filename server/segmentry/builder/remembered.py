"""What experts found about a request, kept for a while: an answer to their question asks nobody again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

from segmentry.agents.registry import content_of
from segmentry.builder.consulted import Consulted
from segmentry.builder.request import Options, Place
from segmentry.builder.settled import settled
from segmentry.criteria import canonical
from segmentry.criteria.nodes import Node
from segmentry.llm.model import NO_USAGE

# People answer within minutes; as long as the events of a build are kept (contract.md, 7).
_KEPT_S: Final = 600.0
_MOST: Final = 256


@dataclass(slots=True)
class Remembered:
    """Bounded in number and time, and only of this process: elsewhere the experts are asked again."""

    now: Callable[[], float] = monotonic
    _kept: OrderedDict[bytes, tuple[float, Consulted]] = field(
        default_factory=OrderedDict[bytes, tuple[float, Consulted]],
        # what people asked for is printed nowhere, least of all by accident
        repr=False,
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, key: bytes, found: Consulted) -> None:
        """Keep what leaves something to choose; a later finding about the same request takes its place."""
        if not found.draft.readings and not found.draft.questions:
            return
        with self._lock:
            self._kept[key] = self.now() + _KEPT_S, found
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def settled(self, key: bytes, place: Place, options: Options) -> Consulted | None:
        """What was found about the same request, if the caller's answers are about it: free now."""
        if not options.answers:
            return None
        with self._lock:
            ends_at, found = self._kept.get(key, (0.0, None))
        if found is None or ends_at < self.now() or not settled(found.draft, place, options):
            return None
        return replace(found, usage=NO_USAGE, fallbacks=(), errors=(), experts=(), latency_s=None)


def key_of(text: str, place: Place, current: Node | None = None) -> bytes:
    """The same for the same words of the same tenant about the same table and criteria.

    Instants do not count: conditions name them by placeholders, and an answer comes later than the question.
    """
    about = "" if current is None else canonical.text(current, place.catalog)
    parts = (place.tenant, place.schema_id, place.clock.zone.key, text, about)
    digest = hashlib.sha256(content_of(place.catalog))
    for part in parts:
        told = part.encode("utf-8", "surrogatepass")
        digest.update(len(told).to_bytes(4, "big") + told)
    return digest.digest()
