"""Sets of rows kept between requests: packed bits, least recently used first out, bounded by bytes.

One cache serves all snapshots of the process, so that the bound is the bound: it is not multiplied by
tables or by versions that still have a reader. A key is a snapshot and what was asked of it. A snapshot is
one version of one table of one tenant, so tenant, schema and version are in the key by the snapshot alone,
and nothing that one snapshot computed is ever shown to another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from segmentry.customers.bitmaps import Words
from segmentry.customers.scan import Cancel

DEFAULT_BYTES = 256 * 2**20
Key = tuple[object, Hashable]


@dataclass
class _Flight:
    """A set that one thread is computing and others wait for."""

    done: threading.Event = field(default_factory=threading.Event)
    words: Words | None = None


class MaskCache:
    """Words by (owner, key). Safe to share between threads; two that ask for one key compute it once."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, Words] = OrderedDict()
        self._flights: dict[Key, _Flight] = {}
        self._gone: deque[object] = deque()
        self._lock = threading.Lock()

    def get(self, owner: object, key: Hashable, compute: Callable[[], Words], cancel: Cancel) -> Words:
        """The words of that key, computed once while they stay in the cache: read-only and not copied.

        When the thread that computes fails or is cancelled, the next one that waits takes over.

        Raises: scan.Cancelled; what `compute` raises.
        """
        full = (owner, key)
        while True:
            with self._lock:
                kept = self._kept.get(full)
                if kept is not None:
                    self._kept.move_to_end(full)
                    return kept
                flight = self._flights.get(full)
                if flight is None:
                    mine = self._flights[full] = _Flight()
                    break
            cancel.wait(flight.done)
            if flight.words is not None:
                return flight.words
        try:
            words = compute()
            words.setflags(write=False)
            mine.words = words
            self._put(full, words)
        finally:
            with self._lock:
                del self._flights[full]
            mine.done.set()
        return words

    def kept(self, owner: object, key: Hashable) -> Words | None:
        """The words of that key if they are kept."""
        with self._lock:
            found = self._kept.get((owner, key))
            if found is not None:
                self._kept.move_to_end((owner, key))
            return found

    def keep(self, owner: object, key: Hashable, words: Words) -> None:
        """Keep words that are computed already; from now on they are read-only."""
        words.setflags(write=False)
        self._put((owner, key), words)

    def forget(self, owner: object) -> None:
        """Drop what was kept for an owner, the next time something is kept.

        Not at once: the garbage collector calls this, perhaps in a thread that holds the lock.
        """
        self._gone.append(owner)

    def _put(self, key: Key, words: Words) -> None:
        if words.nbytes > self._max_bytes:
            return
        with self._lock:
            self._drop_gone()
            old = self._kept.pop(key, None)
            self._bytes += words.nbytes - (0 if old is None else old.nbytes)
            self._kept[key] = words
            while self._bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes

    def _drop_gone(self) -> None:
        while self._gone:
            owner = self._gone.popleft()
            for key in [key for key in self._kept if key[0] is owner]:
                self._bytes -= self._kept.pop(key).nbytes

    @property
    def nbytes(self) -> int:
        """Bytes of the sets that are kept."""
        return self._bytes


# Of the process.
SHARED = MaskCache()


@dataclass(frozen=True)
class Groups:
    """The sets of whole groups of one owner: a segment that was counted begins its refinement."""

    cache: MaskCache
    owner: object

    def recall(self, digest: bytes) -> Words | None:
        """The words of a group if they are kept."""
        return self.cache.kept(self.owner, digest)

    def remember(self, digest: bytes, words: Words) -> None:
        """Keep the words of a group, which are read-only from now on."""
        self.cache.keep(self.owner, digest, words)
