"""Serves SegmentInsights: recommendations, rules, configuration, readiness, outcomes, experts."""

# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from segmentry.canaries.service import Canaries
from segmentry.errors import InvalidParameters, NotBuilt
from segmentry.insights.health_report import HealthReports
from segmentry.insights.outcomes import OutcomeService
from segmentry.insights.qualification import QualificationService
from segmentry.insights.recommendations import RecommendationService
from segmentry.llm.guarded import VendorState
from segmentry.rpc.call import ServerContext
from segmentry.rpc.canaries import StoredQueries
from segmentry.rpc.context import tenant_of
from segmentry.rpc.convert.insights import health_response
from segmentry.rpc.outcome_list import OutcomeList
from segmentry.rpc.qualification import QualificationRules
from segmentry.rpc.readiness import ReadinessOfTables, TableReadiness
from segmentry.rpc.recommendations import Recommendations
from segmentry.rpc.settings import AnalysisConfiguration, AnalysisDefaults
from segmentry.rpc.tokens import Tokens
from segmentry.v1 import segment_insights_pb2 as pb

SERVICE = "segmentry.v1.SegmentInsights"


class SegmentInsights(
    Recommendations,
    QualificationRules,
    OutcomeList,
    AnalysisConfiguration,
    ReadinessOfTables,
    StoredQueries,
):
    """What is built of the service. `vendor` says whether a tenant's model is asked; None without one."""

    def __init__(  # noqa: PLR0917 - the parts it is made of
        self,
        reports: HealthReports,
        vendor: Callable[[str], VendorState | None],
        recommendations: RecommendationService,
        rules: QualificationService,
        outcomes: OutcomeService,
        tokens: Tokens,
        *,
        defaults: AnalysisDefaults,
        readiness: TableReadiness,
        canaries: Canaries,
    ) -> None:
        Recommendations.__init__(self, recommendations, tokens)
        QualificationRules.__init__(self, rules, tokens)
        OutcomeList.__init__(self, outcomes, tokens)
        AnalysisConfiguration.__init__(self, defaults)
        ReadinessOfTables.__init__(self, readiness)
        StoredQueries.__init__(self, canaries)
        self._reports = reports
        self._vendor = vendor

    async def GetAgentHealth(
        self, request: pb.GetAgentHealthRequest, context: ServerContext
    ) -> pb.GetAgentHealthResponse:
        tenant = tenant_of(request)
        report = await self._reports.report(tenant, _window(request))
        return health_response(report, self._vendor(tenant))


def add_to_server(servicer: SegmentInsights, server: grpc.aio.Server) -> None:
    """Serve what is built; the rest answers UNIMPLEMENTED / NOT_IMPLEMENTED, through all interceptors."""
    pool: Any = descriptor_pool.Default()
    service = cast(
        "ServiceDescriptor",
        pool.FindFileByName(pb.DESCRIPTOR.name).services_by_name["SegmentInsights"],
    )
    handlers = {
        method.name: _handler(method, getattr(servicer, method.name, None))
        for method in cast("list[MethodDescriptor]", service.methods)
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


def _window(request: pb.GetAgentHealthRequest) -> timedelta | None:
    """Raises: InvalidParameters for a length that no calendar holds."""
    if not request.HasField("window"):
        return None
    try:
        return timedelta(seconds=request.window.seconds, microseconds=request.window.nanos / 1000)
    except OverflowError:
        raise InvalidParameters("window is too long; at most 14 days are kept", field="window") from None


def _handler(method: MethodDescriptor, serve: object) -> Any:
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
        cast("Any", serve or refuse),
        request_deserializer=request.FromString,
        response_serializer=response.SerializeToString,
    )
