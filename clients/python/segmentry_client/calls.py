"""One call over the wire: metadata, deadline, repetition where a retry helps, errors decoded."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from segmentry_client.errors import SegmentryCallError
from segmentry_client.settings import Patience

Request = TypeVar("Request", bound=Message)
Reply = TypeVar("Reply", bound=Message)
Metadata = Sequence[tuple[str, str]]


async def unary(
    method: grpc.aio.UnaryUnaryMultiCallable[Request, Reply],
    request: Request,
    *,
    timeout_s: float,
    metadata: Metadata = (),
    patience: Patience | None = None,
) -> Reply:
    """Call once, or again as long as the server names a delay that still fits into the deadline.

    `patience` is None for a call that must not be repeated: one that changes something or costs money and
    carries no request_id.

    Raises: SegmentryCallError.
    """
    ends = time.monotonic() + timeout_s
    attempt = 1
    while True:
        try:
            return await method(
                request, timeout=max(0.001, ends - time.monotonic()), metadata=tuple(metadata)
            )
        except grpc.aio.AioRpcError as error:
            failure = SegmentryCallError.from_rpc(error)
        pause = _pause(failure, patience, attempt, ends - time.monotonic())
        if pause is None:
            raise failure
        await asyncio.sleep(pause)
        attempt += 1


def _pause(
    failure: SegmentryCallError, patience: Patience | None, attempt: int, left_s: float
) -> float | None:
    if patience is None or failure.retry_after_s is None or attempt >= patience.attempts:
        return None
    pause = failure.retry_after_s
    return pause if pause <= min(patience.longest_wait_s, left_s) else None


async def stream(
    method: grpc.aio.UnaryStreamMultiCallable[Request, Reply],
    request: Request,
    *,
    timeout_s: float | None,
    metadata: Metadata = (),
) -> AsyncGenerator[Reply]:
    """The items of one stream. Leaving the iteration early cancels the call.

    Raises: SegmentryCallError.
    """
    call = method(request, timeout=timeout_s, metadata=tuple(metadata))
    try:
        async for item in call:
            yield item
    except grpc.aio.AioRpcError as error:
        raise SegmentryCallError.from_rpc(error) from None
    finally:
        call.cancel()


async def resumed(
    open_stream: Callable[[str], AsyncGenerator[Reply]],
    *,
    token: str,
    token_of: Callable[[Reply], str],
    ends_with: Callable[[Reply], bool],
    patience: Patience,
) -> AsyncGenerator[Reply]:
    """Follow a logged stream to its terminal item, however often the connection is lost on the way.

    `open_stream` opens it after a resume token. A lost connection, and an end without the terminal item
    (the server's hour, or its drain), are taken up again; every item starts the patience anew.

    Raises: SegmentryCallError when the server refuses, or stays away for `patience.resumes` attempts.
    """
    failures = 0
    while True:
        try:
            async with contextlib.aclosing(open_stream(token)) as items:
                async for item in items:
                    failures = 0
                    token = token_of(item) or token
                    yield item
                    if ends_with(item):
                        return
        except SegmentryCallError as error:
            if error.code is not grpc.StatusCode.UNAVAILABLE or not token or failures >= patience.resumes:
                raise
        failures += 1
        if failures > patience.resumes:
            raise SegmentryCallError(
                grpc.StatusCode.UNAVAILABLE,
                "STREAM_ENDED",
                "the stream ended again and again without its result; watch the run later by its id",
            )
        await asyncio.sleep(min(patience.longest_pause_s, patience.first_pause_s * 2 ** (failures - 1)))
