"""A whole server over a real PostgreSQL, with clients of it and, where wanted, experts at our vendor."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from segmentry.config import Secret, Settings
from segmentry.rpc.server import Running, running
from segmentry_client import AsyncSegmentryClient, SegmentryCallError

from tests.rpc.builder_server import golf_store
from tests.vendor.server import Vendor


@asynccontextmanager
async def served(
    folder: Path, dsn: str, vendor: Vendor | None = None, **changes: Any
) -> AsyncGenerator[Running]:
    """A server over that database; with a vendor it has experts. `changes` are settings."""
    settings = Settings(
        address="127.0.0.1:0",
        data_dir=folder,
        database_dsn=Secret(dsn),
        ai_openai_key=None if vendor is None else Secret("sk-test"),
        ai_base_url="" if vendor is None else vendor.base_url,
        ai_shadow_share=0.0,
        drain_s=1.0,
    )
    async with running(dataclasses.replace(settings, **changes), store=golf_store()) as server:
        yield server


@asynccontextmanager
async def client(
    folder: Path, dsn: str, vendor: Vendor | None = None, tenant: str = "demo", **changes: Any
) -> AsyncGenerator[AsyncSegmentryClient]:
    """A client of a server of its own."""
    async with (
        served(folder, dsn, vendor, **changes) as server,
        AsyncSegmentryClient(server.address, tenant_id=tenant) as connected,
    ):
        yield connected


async def refused(call: Any) -> SegmentryCallError:
    """How a call fails."""
    with pytest.raises(SegmentryCallError) as caught:
        await call
    return caught.value
