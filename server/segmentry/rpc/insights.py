"""SegmentInsights: in the contract, not built yet, and saying so."""

from __future__ import annotations

from typing import Any, cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from segmentry.errors import NotBuilt
from segmentry.v1 import segment_insights_pb2

SERVICE = "segmentry.v1.SegmentInsights"


def add_to_server(server: grpc.aio.Server) -> None:
    """Answer every RPC of the service with UNIMPLEMENTED / NOT_IMPLEMENTED, through all interceptors."""
    file = segment_insights_pb2.DESCRIPTOR.name
    pool: Any = descriptor_pool.Default()
    service = cast("ServiceDescriptor", pool.FindFileByName(file).services_by_name["SegmentInsights"])
    handlers = {method.name: _handler(method) for method in cast("list[MethodDescriptor]", service.methods)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


def _handler(method: MethodDescriptor) -> Any:
    name = method.name

    async def refuse(request: object, context: object) -> object:
        del request, context
        raise NotBuilt(f"{name} is part of the contract and not built yet", rpc=f"{SERVICE}/{name}")

    kind = (
        grpc.unary_stream_rpc_method_handler
        if cast("Any", method).server_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    request = cast("Any", GetMessageClass(method.input_type))
    response = cast("Any", GetMessageClass(method.output_type))
    return kind(
        cast("Any", refuse),
        request_deserializer=request.FromString,
        response_serializer=response.SerializeToString,
    )
