"""Outermost: whatever happens inside, the caller gets one status of ours and no text but ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

import grpc

from segmentry.errors import MalformedRequest
from segmentry.rpc import call, status
from segmentry.rpc.call import ServerContext
from segmentry.rpc.interceptors.around import Around, Stream, Unary


class Malformed:
    """Stands for a request whose bytes are no such message; `observe` refuses it before any handler."""


class Errors(Around):
    """Starts the call's record, reads its bytes safely, and turns every exception into a status."""

    def arrive(self, method: str, details: grpc.HandlerCallDetails) -> None:
        call.begin(method, details.invocation_metadata)

    def decode(self, deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
        if deserialize is None:
            return None

        def safely(raw: bytes) -> Any:
            # An exception here would reach the caller as UNKNOWN with the names of our classes.
            try:
                return deserialize(raw)
            except Exception:  # noqa: BLE001  # whatever a decoder raises, the bytes are at fault
                return Malformed()

        return safely

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        del method
        try:
            return await inner(request, context)
        except (asyncio.CancelledError, grpc.aio.AbortError):
            raise
        except BaseException as error:  # noqa: BLE001  # groups of BaseExceptions too: nothing leaks
            _reraise_fatal(error)
            await status.abort(context, error, call.request_id())

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        del method
        try:
            async with aclosing(cast("Any", inner(request, context))) as items:
                async for item in items:
                    yield item
        except (asyncio.CancelledError, grpc.aio.AbortError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001  # groups of BaseExceptions too: nothing leaks
            _reraise_fatal(error)
            await status.abort(context, error, call.request_id())

    def requests(self, handler: Any) -> Any:
        if not handler.response_streaming:
            return handler

        async def guarded(requests: AsyncIterator[Any], context: ServerContext) -> AsyncIterator[Any]:
            items = self.stream("", handler.stream_stream, _well_formed(requests), context)
            async with aclosing(cast("Any", items)) as closing:
                async for item in closing:
                    yield item

        decode = self.decode(handler.request_deserializer)
        return grpc.stream_stream_rpc_method_handler(
            cast("Any", guarded), decode, handler.response_serializer
        )


async def _well_formed(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        refuse_malformed(request)
        yield request


def refuse_malformed(request: object) -> None:
    """Raise MalformedRequest for bytes that are no such message."""
    if isinstance(request, Malformed):
        raise MalformedRequest(
            "the request cannot be decoded: it needs protobuf bytes of this message, valid UTF-8, "
            "and at most 100 nested levels (criteria 18 deep)"
        )


def _reraise_fatal(error: BaseException) -> None:
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        raise error
