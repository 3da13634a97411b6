"""Server reflection under both names: grpcio serves `v1alpha` only, and tools ask for `v1` first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
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
    stubs.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=messages.ServerReflectionRequest.FromString,
        response_serializer=messages.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(V1, {"ServerReflectionInfo": handler}),)
    )
