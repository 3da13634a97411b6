"""A reply's bytes, counted as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

# An answer of an expert is some hundred bytes: a reply of this size is a page, or endless.
MAX_REPLY_BYTES = 256 * 1024
# Nobody is asked to compress. What is compressed all the same may be a thousand times as large when unpacked.
MAX_COMPRESSED_BYTES = MAX_REPLY_BYTES // 16


class ReplyTooLarge(Exception):
    """The reply is larger than any answer."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, maximum: int, *, cut: bool) -> None:
        self._inner = inner
        self._maximum = maximum
        self._cut = cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            size += len(part)
            if size > self._maximum:
                if self._cut:
                    return
                raise ReplyTooLarge
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


async def bound(response: httpx2.Response) -> None:
    """A hook for responses: reading one raises ReplyTooLarge beyond 256 KiB, compressed beyond 16 KiB.

    Of an error's page only that much is read: its status says enough.
    """
    if isinstance(response.stream, httpx2.AsyncByteStream):
        packed = response.headers.get("content-encoding", "identity") != "identity"
        maximum = MAX_COMPRESSED_BYTES if packed else MAX_REPLY_BYTES
        response.stream = _Bounded(response.stream, maximum, cut=not response.is_success)
