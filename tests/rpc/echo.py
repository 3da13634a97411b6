"""A real grpc.aio server on port 0 with a small echo service, for what does not need the contract."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

UNARY = "/segmentry.test.Echo/Unary"
STREAM = "/segmentry.test.Echo/Stream"

UnaryHandler = Callable[[str, Any], Awaitable[str]]
StreamHandler = Callable[[str, Any], AsyncIterator["Item"]]


@dataclasses.dataclass
class Item:
    """A stream item as the relay sees it: a number, a token, and something to say."""

    text: str = ""
    sequence: int = 0
    resume_token: str = ""

    def encode(self) -> bytes:
        return json.dumps(dataclasses.asdict(self)).encode()

    @classmethod
    def decode(cls, raw: bytes) -> Item:
        return cls(**json.loads(raw))


def encode_text(text: str | bytes) -> bytes:
    # gRPC encodes plain text by itself before it asks the serialiser.
    return text if isinstance(text, bytes) else text.encode()


def decode_text(raw: bytes) -> str:
    return raw.decode()


@dataclasses.dataclass
class Echo:
    """An open channel to a server that serves two given handlers."""

    channel: grpc.aio.Channel
    address: str

    def unary(self, text: str = "", **options: Any) -> Any:
        channel: Any = self.channel
        call = channel.unary_unary(UNARY, request_serializer=encode_text, response_deserializer=decode_text)
        return call(text, **options)

    def raw(self, payload: bytes, **options: Any) -> Any:
        channel: Any = self.channel
        return channel.unary_unary(UNARY)(payload, **options)

    def stream(self, text: str = "", **options: Any) -> Any:
        channel: Any = self.channel
        call = channel.unary_stream(STREAM, request_serializer=encode_text, response_deserializer=Item.decode)
        return call(text, **options)

    def raw_stream(self, payload: bytes, **options: Any) -> Any:
        channel: Any = self.channel
        return channel.unary_stream(STREAM)(payload, **options)


Serve = Callable[..., AbstractAsyncContextManager[Echo]]


@asynccontextmanager
async def serve_echo(
    unary: UnaryHandler | None = None,
    stream: StreamHandler | None = None,
    interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    also: Callable[[grpc.aio.Server], object] | None = None,
) -> AsyncGenerator[Echo]:
    server = grpc.aio.server(interceptors=list(interceptors))
    methods: dict[str, Any] = {}
    if unary is not None:
        methods["Unary"] = grpc.unary_unary_rpc_method_handler(
            unary,
            request_deserializer=decode_text,
            response_serializer=encode_text,
        )
    if stream is not None:
        methods["Stream"] = grpc.unary_stream_rpc_method_handler(
            stream,
            request_deserializer=decode_text,
            response_serializer=Item.encode,
        )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("segmentry.test.Echo", methods),))
    if also is not None:
        also(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    address = f"127.0.0.1:{port}"
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Echo(channel, address)
    finally:
        await server.stop(0)


def details(metadata: Any) -> status_pb2.Status:
    """The `google.rpc.Status` of a call's trailing metadata."""
    raw = dict(metadata)["grpc-status-details-bin"]
    return status_pb2.Status.FromString(raw)


def error_info(metadata: Any) -> error_details_pb2.ErrorInfo:
    """The one ErrorInfo of a call's trailing metadata."""
    found: list[error_details_pb2.ErrorInfo] = []
    for detail in details(metadata).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            found.append(info)
    assert len(found) == 1
    return found[0]


async def outcome(call: Any) -> tuple[grpc.StatusCode, str]:
    """Read a call, unary or stream, to its end: its code, and the reason when it failed."""
    try:
        if hasattr(call, "read"):
            while await call.read() is not grpc.aio.EOF:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return error.code(), error_info(error.trailing_metadata()).reason
    return grpc.StatusCode.OK, ""
