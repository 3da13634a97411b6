"""A real grpc.aio server whose methods answer as a test scripts them: what the client does about faults."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.protobuf import struct_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from segmentry.v1 import error_reason_pb2, segment_analysis_pb2, segment_builder_pb2

Unary = Callable[[Any, Any], Awaitable[Message]]
Stream = Callable[[Any, Any], AsyncIterator[Message]]

BUILDER = "segmentry.v1.SegmentBuilder"
ANALYSIS = "segmentry.v1.SegmentAnalysis"


def _encode(message: Message) -> bytes:
    return message.SerializeToString()


def _request(service: str, method: str) -> Callable[[bytes], Message]:
    module = segment_builder_pb2 if service == BUILDER else segment_analysis_pb2
    kind: type[Message] = getattr(module, f"{method}Request")
    return kind.FromString


@asynccontextmanager
async def serving(
    unary: Mapping[tuple[str, str], Unary] | None = None,
    streams: Mapping[tuple[str, str], Stream] | None = None,
) -> AsyncGenerator[str]:
    """The address of a server with these methods and no others."""
    server = grpc.aio.server()
    for service in (BUILDER, ANALYSIS):
        handlers: dict[str, Any] = {}
        for (owner, method), behaviour in (unary or {}).items():
            if owner == service:
                handlers[method] = grpc.unary_unary_rpc_method_handler(
                    behaviour,
                    request_deserializer=_request(service, method),
                    response_serializer=_encode,
                )
        for (owner, method), behaviour in (streams or {}).items():
            if owner == service:
                handlers[method] = grpc.unary_stream_rpc_method_handler(
                    behaviour,
                    request_deserializer=_request(service, method),
                    response_serializer=_encode,
                )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def refuse(
    context: Any,
    code: grpc.StatusCode,
    reason: str,
    message: str,
    *,
    retry_after_s: float | None = None,
    violation: error_reason_pb2.CriteriaViolation | None = None,
) -> None:
    """End a call as our server does: a status with its details."""
    status = status_pb2.Status(code=code.value[0], message=message)
    info = error_details_pb2.ErrorInfo(reason=reason, domain="segmentry.v1", metadata={"requestId": "r-1"})
    status.details.add().Pack(info)
    if retry_after_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(retry_after_s * 1e9))
        status.details.add().Pack(retry)
    if violation is not None:
        status.details.add().Pack(error_reason_pb2.CriteriaViolations(violations=[violation]))
    to_status: Callable[[status_pb2.Status], Any] = rpc_status.to_status  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  untyped package
    await context.abort_with_status(to_status(status))


def misspelt() -> error_reason_pb2.CriteriaViolation:
    """The fault of a misspelt field."""
    return error_reason_pb2.CriteriaViolation(
        path="$and[0].engagmentScore",
        reason="INVALID_FIELD",
        field="engagmentScore",
        message="unknown field 'engagmentScore'",
        suggestions=[struct_pb2.Value(string_value="engagementScore"), struct_pb2.Value(number_value=70)],
    )
