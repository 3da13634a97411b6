"""Server reflection under both names: grpcio serves `v1alpha` only, and tools ask for `v1` first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection as v1alpha
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

V1 = "grpc.reflection.v1.ServerReflection"


def add_to_server(server: grpc.aio.Server, services: Sequence[str]) -> None:
    """Tell callers about `services`.

    The v1 name is served and not advertised: it has no descriptor, and a tool that lists it would fail.
    """
    # The vendor's packages have no types.
    vendor: Any = v1alpha
    messages: Any = reflection_pb2
    stubs: Any = reflection_pb2_grpc
    servicer = vendor.aio.ReflectionServicer([*services, vendor.SERVICE_NAME])
    nameless = servicer.ServerReflectionInfo

    async def named(requests: Any, context: Any) -> AsyncIterator[Any]:
        async for response in nameless(requests, context):
            if response.HasField("file_descriptor_response"):
                files = response.file_descriptor_response.file_descriptor_proto
                files[:] = [with_json_names(file) for file in files]
            yield response

    servicer.ServerReflectionInfo = named
    stubs.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=messages.ServerReflectionRequest.FromString,
        response_serializer=messages.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(V1, {"ServerReflectionInfo": handler}),)
    )


def with_json_names(file: bytes) -> bytes:
    """A serialized file descriptor in which every field names its JSON key.

    The Python generator leaves the names out, and grpcurl then prints `preview_count` for `previewCount`.
    """
    read = descriptor_pb2.FileDescriptorProto.FromString(file)
    open_messages = list(read.message_type)
    while open_messages:
        message = open_messages.pop()
        open_messages.extend(message.nested_type)
        for field in message.field:
            head, *rest = field.name.split("_")
            field.json_name = head + "".join(part[:1].upper() + part[1:] for part in rest)
    return read.SerializeToString()
