"""A reply's bytes, counted as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

# An answer of an expert is some hundred bytes: a reply of this size is a page, or endless.
MAX_REPLY_BYTES = 256 * 1024


class ReplyTooLarge(Exception):
    """The reply is larger than any answer."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            size += len(part)
            if size > MAX_REPLY_BYTES:
                raise ReplyTooLarge
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


async def bound(response: httpx2.Response) -> None:
    """A hook for responses: reading one raises ReplyTooLarge beyond 256 KiB."""
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)
