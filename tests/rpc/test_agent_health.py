"""GetAgentHealth over the wire: what experts did is told to the tenant whose builds it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from segmentry.config import Secret, Settings
from segmentry.rpc.server import running
from segmentry.v1 import segment_insights_pb2 as pb
from segmentry.v1.segment_builder_pb2 import BuildOptions
from segmentry_client import AsyncSegmentryClient, SegmentryCallError

from tests.rpc.builder_server import golf_store
from tests.rpc.test_builder_experts import CRAZY, OPEN
from tests.vendor.menu import MENU
from tests.vendor.script import InTurn, Scripted
from tests.vendor.server import Vendor

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def served(
    folder: Path, dsn: str, vendor: Vendor | None = None, shadow_share: float = 0.0
) -> AsyncGenerator[str]:
    """A whole server over that database; with a vendor it has experts."""
    settings = Settings(
        address="127.0.0.1:0",
        data_dir=folder,
        database_dsn=Secret(dsn),
        ai_openai_key=None if vendor is None else Secret("sk-test"),
        ai_base_url="" if vendor is None else vendor.base_url,
        ai_shadow_share=shadow_share,
        drain_s=1.0,
    )
    async with running(settings, store=golf_store()) as server:
        yield server.address


@pytest.fixture
def dsn(postgres_dsn: str, database: object) -> str:
    """The emptied state store by its address."""
    return postgres_dsn.replace("/postgres", "/tests", 1)


async def test_calls_failures_and_builds_of_two_servers_add_up_for_their_tenant(
    tmp_path: Path, dsn: str
) -> None:
    async with Vendor(InTurn((CRAZY,))) as good, Vendor(InTurn((MENU["refusal"],))) as bad:
        for vendor in (good, bad):
            async with (
                served(tmp_path, dsn, vendor) as address,
                AsyncSegmentryClient(address, tenant_id="demo") as client,
            ):
                await client.build(OPEN)
                await client.build("gold members")
                health = await client.agent_health(window=timedelta(hours=1))
        n_good, n_bad = good.n_calls, bad.n_calls
        async with served(tmp_path, dsn) as address:
            async with AsyncSegmentryClient(address, tenant_id="demo") as client:
                after = await client.agent_health()
            async with AsyncSegmentryClient(address, tenant_id="tenant_123") as client:
                foreign = await client.agent_health()
    assert n_good
    assert n_bad
    assert sum(each.calls for each in health.agents) == n_good + n_bad
    assert sum(each.failed for each in health.agents) == n_bad
    assert {one.reason for each in health.agents for one in each.failures} == {"LLM_REFUSED"}
    assert all(each.HasField("p95") and each.HasField("cost_usd") for each in health.agents)
    assert {each.breaker for each in health.agents} == {"closed"}
    assert (health.builds, health.offline_share) == (4, 0.5)
    for absent in ("edit_rate", "agreement_rate"):
        assert not health.HasField(absent)
    assert not any(each.HasField("edit_rate") for each in health.agents)
    # A server without a model tells the same, and knows of no breaker.
    assert [each.calls for each in after.agents] == [each.calls for each in health.agents]
    assert {each.breaker for each in after.agents} == {""}
    assert (len(foreign.agents), foreign.builds, foreign.HasField("offline_share")) == (0, 0, False)


async def test_the_expert_that_the_model_breaks_comes_first(tmp_path: Path, dsn: str) -> None:
    script = Scripted(default=CRAZY)
    async with (
        Vendor(script) as vendor,
        served(tmp_path, dsn, vendor) as address,
        AsyncSegmentryClient(address, tenant_id="demo") as client,
    ):
        await client.build(OPEN)
        *_, last = [each.agent for each in (await client.agent_health()).agents]
        script.on(last, MENU["server_error"])
        await client.build("members who adore us and are wild about golf")
        first, *others = (await client.agent_health()).agents
    assert (first.agent, first.failed > 0) == (last, True)
    assert others
    assert not any(each.failed for each in others)


async def test_a_window_that_is_none_is_refused(tmp_path: Path, dsn: str) -> None:
    async with served(tmp_path, dsn) as address, AsyncSegmentryClient(address) as client:
        with pytest.raises(SegmentryCallError) as refused:
            await client.agent_health(window=timedelta(seconds=-1))
        assert refused.value.reason == "INVALID_PARAMETERS"
        request = pb.GetAgentHealthRequest()
        request.window.seconds = 2**62
        with pytest.raises(Exception, match="window is too long"):
            await client.insights.GetAgentHealth(request)


async def test_a_hundred_requests_are_told_as_exactly_what_they_came_to(tmp_path: Path, dsn: str) -> None:
    async with (
        Vendor(InTurn((CRAZY,))) as vendor,
        served(tmp_path, dsn, vendor) as address,
        AsyncSegmentryClient(address, tenant_id="demo") as client,
    ):
        nothing = await client.agent_health()
        sure = await client.build("gold members")
        for _ in range(59):
            await client.build("gold members")
        for _ in range(20):
            await client.build(OPEN)
        for _ in range(12):
            await client.build("delete all gold members")
        for _ in range(8):
            with pytest.raises(SegmentryCallError):
                await client.refine("also in Durban", {"shoeSize": 42})
        await client.build("gold members", options=BuildOptions(dry_run=True))
        for name in ("first", "second"):
            await client.create_segment(name, sure.result.criteria, build_id=sure.build_id)
        told = (await client.agent_health()).figures
    assert not nothing.HasField("figures")
    assert (told.deterministic, told.llm, told.combined) == (60, 0, 20)
    assert (told.clarified, told.failed, dict(told.failed_by_reason)) == (12, 8, {"INVALID_FIELD": 8})
    assert (told.saved, told.saved_share) == (1, 1 / 80)
    times = [each.ToTimedelta() for each in (told.p50, told.p95, told.p99)]
    assert timedelta(0) < times[0] <= times[1] <= times[2]
