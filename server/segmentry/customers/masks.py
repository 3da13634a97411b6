"""Masks of leaves kept between requests: packed bits, least recently used first out, bounded by bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segmentry.customers.columns import Mask

DEFAULT_BYTES = 256 * 2**20


class MaskCache:
    """Masks of one snapshot by the text of their resolved leaf. Safe to share between threads."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, npt.NDArray[np.uint8]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, rows: int, compute: Callable[[], Mask]) -> Mask:
        """The mask of that key, computed once while it stays in the cache. The array is the caller's own."""
        with self._lock:
            packed = self._kept.get(key)
            if packed is not None:
                self._kept.move_to_end(key)
        if packed is not None:
            # `count` cuts the padding bits of the last byte, which are no customers.
            return np.unpackbits(packed, count=rows).view(np.bool_)
        mask = compute()
        self._put(key, np.packbits(mask))
        return mask

    def _put(self, key: str, packed: npt.NDArray[np.uint8]) -> None:
        if packed.nbytes > self._max_bytes:
            return
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes += packed.nbytes - (0 if old is None else old.nbytes)
            self._kept[key] = packed
            while self._bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes

    @property
    def nbytes(self) -> int:
        return self._bytes
