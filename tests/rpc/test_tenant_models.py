"""Tenants with a model of their own beside the server's: whom each request asks, and with whose key."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from segmentry import config
from segmentry.rpc.panels import Panels, panels
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, builder
from tests.vendor.menu import MENU
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor
from tests.vendored import condition, says

OPEN = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))
COMMON_KEY, OWN_KEY = "sk-of-the-server", "sk-of-the-tenant"


@dataclass
class Two:
    """The server's vendor and the tenant's, which take no key but their own, and what is asked through."""

    common: Vendor
    own: Vendor
    panels: Panels
    client: Client

    async def build(self, tenant: str) -> pb.BuildResponse:
        return await self.client.stub.Build(pb.BuildRequest(query=OPEN, tenant_id=tenant))


@asynccontextmanager
async def two(folder: Path, entry: str, own_key: str = "none", *, common: str = "") -> AsyncGenerator[Two]:
    async with (
        Vendor(Scripted(CRAZY), key=COMMON_KEY) as servers,
        Vendor(Scripted(CRAZY), key=own_key) as tenants,
    ):
        file = folder / "segmentry.toml"
        file.write_text(
            (common or f'[ai]\nbase_url = "{servers.base_url}"\n')
            + f'[[ai.tenant]]\ntenant = "tenant_123"\n{entry.format(own=tenants.base_url)}\n',
            encoding="utf-8",
        )
        environ = {"AI_OPENAI_KEY": COMMON_KEY} if not common else {}
        settings = config.load(environ | {"KEY_OF_123": OWN_KEY}, file)
        asked = panels(settings)
        try:
            async with builder(panels=asked) as client:
                yield Two(servers, tenants, asked, client)
        finally:
            await asked.close()


async def test_two_vendors_are_asked_at_once_and_one_of_them_without_a_key(tmp_path: Path) -> None:
    entry = 'model = "llama3.2:3b"\nbase_url = "{own}"'
    async with two(tmp_path, entry) as at:
        demo, tenant = await at.build("demo"), await at.build("tenant_123")
        assert {str(call.body["model"]) for call in at.common.calls} == {"gpt-4o-mini"}
        # With the server's key the tenant's vendor would have refused every call.
        assert {str(call.body["model"]) for call in at.own.calls} == {"llama3.2:3b"}
    for reply, model in ((demo, "gpt-4o-mini"), (tenant, "llama3.2:3b")):
        assert reply.tier == pb.BUILD_TIER_COMBINED
        assert reply.usage.model == model
    assert demo.usage.HasField("cost_usd")
    assert not tenant.usage.HasField("cost_usd")


async def test_a_tenants_own_key_goes_to_its_own_vendor(tmp_path: Path) -> None:
    async with two(tmp_path, 'base_url = "{own}"\nkey_env = "KEY_OF_123"', OWN_KEY) as at:
        reply = await at.build("tenant_123")
        assert at.own.n_calls > 0
        assert at.common.n_calls == 0
    assert reply.tier == pb.BUILD_TIER_COMBINED
    assert OWN_KEY not in repr(at.panels)


async def test_another_model_of_the_same_vendor_is_asked_with_the_servers_key(tmp_path: Path) -> None:
    async with two(tmp_path, 'model = "gpt-4.1-nano"') as at:
        reply = await at.build("tenant_123")
        assert {str(call.body["model"]) for call in at.common.calls} == {"gpt-4.1-nano"}
    assert reply.tier == pb.BUILD_TIER_COMBINED


async def test_a_vendor_that_fails_one_tenant_is_not_held_against_the_other(tmp_path: Path) -> None:
    async with two(tmp_path, 'base_url = "{own}"') as at:
        at.own.script = Scripted(MENU["quota"])
        failed = await at.build("tenant_123")
        reply = await at.build("demo")
        mine, others = at.panels.vendor("tenant_123"), at.panels.vendor("demo")
    assert {notice.reason for notice in failed.fallbacks} == {"LLM_QUOTA_EXHAUSTED"}
    assert reply.tier == pb.BUILD_TIER_COMBINED
    assert mine is not None
    assert others is not None
    assert (mine.state, others.state) == ("open", "closed")


async def test_a_tenant_may_have_the_only_model(tmp_path: Path) -> None:
    entry = 'base_url = "{own}"\nkey_env = "KEY_OF_123"'
    async with two(tmp_path, entry, OWN_KEY, common='[ai]\nmodel = "gpt-4o-mini"\n') as at:
        tenant, demo = await at.build("tenant_123"), await at.build("demo")
    assert tenant.tier == pb.BUILD_TIER_COMBINED
    assert {notice.reason for notice in demo.fallbacks} == {"LLM_NOT_CONFIGURED"}
