"""grpc.health.v1: for the whole server (`""`) and for each service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

SERVICE = "grpc.health.v1.Health"


class Health:
    """NOT_SERVING until `ready`, and for good after `leave`."""

    def __init__(self, server: grpc.aio.Server, services: Sequence[str]) -> None:
        # The vendor's packages have no types.
        vendor: Any = health
        stubs: Any = health_pb2_grpc
        self._status: Any = health_pb2.HealthCheckResponse
        self._servicer: Any = vendor.aio.HealthServicer()
        self._services = ("", *services)
        stubs.add_HealthServicer_to_server(self._servicer, server)

    async def starting(self) -> None:
        await self._all(self._status.NOT_SERVING)

    async def ready(self) -> None:
        await self._all(self._status.SERVING)

    async def leave(self) -> None:
        """Say NOT_SERVING from now on, whatever else is set."""
        await self._servicer.enter_graceful_shutdown()

    async def _all(self, status: object) -> None:
        for service in self._services:
            await self._servicer.set(service, status)
