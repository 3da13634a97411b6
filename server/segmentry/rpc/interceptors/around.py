"""The base of our interceptors: one place that knows gRPC's handler kinds."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, cast

import grpc

from segmentry.rpc.call import ServerContext

# Requests and responses are any message, and gRPC's handler types say nothing about async handlers.
Unary = Callable[[Any, ServerContext], Awaitable[Any]]
Stream = Callable[[Any, ServerContext], AsyncIterator[Any]]
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Any]]


class Around(grpc.aio.ServerInterceptor):
    """Wraps every RPC that answers one request. Subclasses override `unary` and `stream`.

    A handler that writes by itself (the health servicer's Watch) is wrapped as a unary one that answers
    nothing. RPCs with a stream of requests (reflection alone) go through `requests`.
    """

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        method = str(handler_call_details.method)
        self.arrive(method, handler_call_details)
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        return self.requests(handler) if handler.request_streaming else self._wrapped(method, handler)

    def arrive(self, method: str, details: grpc.HandlerCallDetails) -> None:
        """Called for every RPC before its handler is looked up."""

    def decode(self, deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
        """Return what reads the request's bytes."""
        return deserialize

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        del method
        return await inner(request, context)

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        del method
        async with aclosing(cast("Any", inner(request, context))) as items:
            async for item in items:
                yield item

    def requests(self, handler: Any) -> Any:
        """Wrap the handler of an RPC with a stream of requests."""
        return handler

    def _wrapped(self, method: str, handler: Any) -> Any:
        decode = self.decode(handler.request_deserializer)
        # Partials of plain functions, not closures: gRPC and the next interceptor see the kind through them.
        if not handler.response_streaming:
            unary = partial(type(self).unary, self, method, handler.unary_unary)
            return grpc.unary_unary_rpc_method_handler(unary, decode, handler.response_serializer)
        if inspect.isasyncgenfunction(handler.unary_stream):
            stream = partial(type(self).stream, self, method, handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(stream, decode, handler.response_serializer)
        writes = partial(type(self).unary, self, method, handler.unary_stream)
        return grpc.unary_stream_rpc_method_handler(cast("Any", writes), decode, handler.response_serializer)
