"""Text that UTF-8 cannot carry, told as an error of the call like every other fault of a request.

Python keeps bytes that are no UTF-8 (from an argument or a file) as lone surrogates, and protobuf refuses
those with a UnicodeEncodeError while the request is built.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import grpc

from segmentry_client.errors import SegmentryCallError

P = ParamSpec("P")
R = TypeVar("R")


def refusal(error: UnicodeEncodeError) -> SegmentryCallError:
    """The error for the caller. It names the character escaped, so it can be printed anywhere."""
    character = ascii(error.object[error.start : error.start + 1]).strip("'")
    return SegmentryCallError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_TEXT",
        f"a text of the request holds {character} at character {error.start + 1}, which UTF-8 cannot carry; "
        "write the text in UTF-8",
        metadata={"character": character, "position": str(error.start + 1)},
    )


def refused(method: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """The method, with the client's error in place of protobuf's."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await method(*args, **kwargs)
        except UnicodeEncodeError as error:
            raise refusal(error) from None

    return call


def refused_stream(method: Callable[P, AsyncGenerator[R]]) -> Callable[P, AsyncGenerator[R]]:
    """As `refused`, for a method that yields the items of a stream."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[R]:
        try:
            async with contextlib.aclosing(method(*args, **kwargs)) as items:
                async for item in items:
                    yield item
        except UnicodeEncodeError as error:
            raise refusal(error) from None

    return call
