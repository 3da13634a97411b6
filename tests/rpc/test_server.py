"""The server as it is run: address, health, reflection, drain, processes."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2
from segmentry.config import Settings, TableSettings
from segmentry.errors import InvalidParameters
from segmentry.rpc import server
from segmentry.rpc.groups import GROUPS
from segmentry.rpc.listening import CannotListen
from segmentry.v1 import segment_analysis_pb2, segment_builder_pb2, segment_insights_pb2

from tests.processes import processes_of
from tests.rpc.echo import outcome
from tests.rpc.wire import deep_criteria

SERVICES = {f"segmentry.v1.Segment{name}" for name in ("Builder", "Analysis", "Insights")}
READINESS = "/segmentry.v1.SegmentInsights/GetReadiness"


def settings(folder: Path, **changes: Any) -> Settings:
    base = Settings(address="127.0.0.1:0", data_dir=folder, drain_s=2.0)
    return dataclasses.replace(base, **changes)


@asynccontextmanager
async def channel_to(folder: Path, **changes: Any) -> AsyncGenerator[grpc.aio.Channel]:
    async with (
        server.running(settings(folder, **changes)) as it,
        grpc.aio.insecure_channel(it.address) as channel,
    ):
        yield channel


def call(channel: Any, method: str, payload: bytes = b"", **options: Any) -> Any:
    return channel.unary_unary(method)(payload, **options)


def streaming(channel: Any, method: str) -> Any:
    return channel.unary_stream(method)(b"")


def reflecting(channel: Any, version: str, payload: bytes) -> Any:
    method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
    return channel.stream_stream(method)(iter([payload]))


async def health_of(channel: grpc.aio.Channel, service: str = "") -> int:
    request = health_pb2.HealthCheckRequest(service=service)
    raw = await call(channel, "/grpc.health.v1.Health/Check", request.SerializeToString())
    return health_pb2.HealthCheckResponse.FromString(raw).status


async def test_tables_are_loaded_before_the_server_is_ready(tmp_path: Path) -> None:
    file, catalog = tmp_path / "orders.csv", tmp_path / "orders.toml"
    file.write_text("id,amount\n1,10\n2,20\n3,5\n", encoding="utf-8")
    catalog.write_text('[[field]]\nname = "amount"\ntype = "number"\n', encoding="utf-8")
    tables = (TableSettings(file), TableSettings(file, "typed", "t", catalog))
    async with server.running(settings(tmp_path, tables=tables)) as it:
        assert (await it.store.table("demo", "")).rows == 3
        typed = await it.store.table("t", "typed")
        assert [field.name for field in typed.catalog.fields] == ["amount"]


async def test_the_demo_serves_the_golf_club_to_both_of_its_tenants(tmp_path: Path) -> None:
    async with server.running(settings(tmp_path, demo=True, demo_members=500)) as it:
        for tenant in ("demo", "tenant_123"):
            assert (await it.store.table(tenant, "customers")).rows == 500


def test_every_rpc_of_the_contract_has_a_group() -> None:
    pool: Any = descriptor_pool.Default()
    rpcs = {
        f"/{service.full_name}/{method.name}"
        for module in (segment_builder_pb2, segment_analysis_pb2, segment_insights_pb2)
        for service in pool.FindFileByName(module.DESCRIPTOR.name).services_by_name.values()
        for method in service.methods
    }
    assert rpcs == set(GROUPS)


async def test_health_is_serving_for_the_server_and_each_service(tmp_path: Path) -> None:
    async with channel_to(tmp_path) as channel:
        for service in ("", *SERVICES):
            assert await health_of(channel, service) == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health_of(channel, "no.such.Service")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_bad_bytes_to_health_and_reflection_say_nothing_of_our_classes(tmp_path: Path) -> None:
    async with channel_to(tmp_path) as channel:
        malformed = (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
        for method in ("/grpc.health.v1.Health/Check", READINESS):
            assert await outcome(call(channel, method, b"\xff\xff\xff")) == malformed
        for version in ("v1", "v1alpha"):
            assert await outcome(reflecting(channel, version, b"\xff\xff\xff")) == malformed


async def test_criteria_deeper_than_protobuf_reads_are_malformed_and_the_server_stays(tmp_path: Path) -> None:
    method = "/segmentry.v1.SegmentInsights/CheckQualification"
    async with channel_to(tmp_path) as channel:
        for depth in (40, 2_000, 20_000):
            # The same bytes as unknown fields of another message: skipped or refused, never a crash.
            code, _ = await outcome(call(channel, method, deep_criteria(depth)))
            assert code in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}
        assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING


async def test_a_message_beyond_four_mebibytes_is_refused_by_the_transport(tmp_path: Path) -> None:
    async with channel_to(tmp_path) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(channel, READINESS, b"x" * (4 * 1024 * 1024 + 1))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING


async def test_a_taken_port_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port} is taken"):
            async with server.running(settings(tmp_path, address=f"127.0.0.1:{port}")):
                pytest.fail("it started")


async def test_a_second_server_on_the_same_port_does_not_start(tmp_path: Path) -> None:
    async with server.running(settings(tmp_path / "a")) as first:
        with pytest.raises(CannotListen):
            async with server.running(settings(tmp_path / "b", address=first.address)):
                pytest.fail("it started")


@pytest.mark.parametrize(
    "address", ["0.0.0.0:0", "[::]:0", "192.168.1.4:50051", "example.com:50051", "8.8.8.8:1"]
)
async def test_an_address_that_others_reach_is_refused_with_the_fix(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidParameters, match=r"authentication and TLS.*Use 127\.0\.0\.1"):
        async with server.running(settings(tmp_path, address=address)):
            pytest.fail("it started")


@pytest.mark.parametrize(
    "address", ["", "50051", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":1", "unix:"]
)
async def test_an_address_that_is_none_is_refused_with_examples(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidParameters, match=r"unix:PATH|no socket"):
        async with server.running(settings(tmp_path, address=address)):
            pytest.fail("it started")


async def test_a_unix_socket_is_ours_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    async with channel_to(tmp_path, address=f"unix:{path}") as channel:
        assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING
        assert path.stat().st_mode & 0o077 == 0
        with pytest.raises(CannotListen, match="already"):
            async with server.running(settings(tmp_path, address=f"unix:{path}")):
                pytest.fail("it started")
        assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING
    assert not path.exists()


async def test_a_file_in_the_sockets_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data", encoding="utf-8")
    with pytest.raises(CannotListen, match="file of that name"):
        async with server.running(settings(tmp_path, address=f"unix:{path}")):
            pytest.fail("it started")
    assert path.read_text(encoding="utf-8") == "data"


async def test_reflection_lists_the_services_under_both_names(tmp_path: Path) -> None:
    from grpc_reflection.v1alpha import reflection_pb2  # noqa: PLC0415  # untyped, used here alone

    messages: Any = reflection_pb2
    request = messages.ServerReflectionRequest(list_services="").SerializeToString()
    async with channel_to(tmp_path) as channel:
        for version in ("v1", "v1alpha"):
            async for raw in reflecting(channel, version, request):
                reply = messages.ServerReflectionResponse.FromString(raw)
                names = {service.name for service in reply.list_services_response.service}
                assert names >= SERVICES
                assert "grpc.reflection.v1.ServerReflection" not in names


async def test_reflection_can_be_off(tmp_path: Path) -> None:
    async with channel_to(tmp_path, reflection=False) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await anext(aiter(reflecting(channel, "v1alpha", b"")))
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def buf_curl(home: Path, *arguments: str) -> str:
    buf = Path(sys.executable).with_name("buf")
    child = await asyncio.create_subprocess_exec(
        buf,
        *("curl", "--protocol", "grpc", "--http2-prior-knowledge"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(home)},
    )
    out, _ = await child.communicate()
    assert child.returncode == 0
    return out.decode()


async def test_buf_curl_lists_the_methods_and_calls_one_by_reflection(tmp_path: Path) -> None:
    async with server.running(settings(tmp_path, demo=True, demo_members=500)) as it:
        listing = await buf_curl(tmp_path, "--list-methods", f"http://{it.address}")
        assert "segmentry.v1.SegmentInsights/GetReadiness" in listing
        sent = '{"criteria":{"engagementScore":{"$gte":70}},"tenantId":"tenant_123"}'
        url = f"http://{it.address}/segmentry.v1.SegmentBuilder/PreviewCount"
        reply = json.loads(await buf_curl(tmp_path, "-d", sent, url))
        assert 0 < reply["count"] < 500


async def test_the_reflection_client_of_grpcio_sees_the_services(tmp_path: Path) -> None:
    def services(address: str) -> set[str]:
        from grpc_reflection.v1alpha import proto_reflection_descriptor_database as client  # noqa: PLC0415

        untyped: Any = client
        with grpc.insecure_channel(address) as channel:
            return set(untyped.ProtoReflectionDescriptorDatabase(channel).get_services())

    async with server.running(settings(tmp_path)) as it:
        assert await asyncio.to_thread(services, it.address) >= SERVICES


async def test_the_end_of_the_block_refuses_new_calls_and_says_not_serving(tmp_path: Path) -> None:
    async with server.running(settings(tmp_path)) as it, grpc.aio.insecure_channel(it.address) as channel:
        await it.health.leave()
        assert await health_of(channel) == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_table_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    missing = TableSettings(tmp_path / "absent.csv")
    with pytest.raises(Exception, match=r"absent\.csv"):
        async with server.running(settings(tmp_path, tables=(missing,))):
            pytest.fail("it started")


# --- a real process -------------------------------------------------------------------------------

SERVE = """
import asyncio, os, sys
from segmentry import config
from segmentry.rpc import server
sys.exit(asyncio.run(server.serve(config.load(os.environ))))
"""


@asynccontextmanager
async def process(folder: Path, **environ: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """A server in a process of its own, and the address that it logged."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVE,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("SEGMENTRY_")},
            "SEGMENTRY_ADDRESS": "127.0.0.1:0",
            "SEGMENTRY_DATA_DIR": str(folder),
            **environ,
        },
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert child.stderr is not None
        seen: list[str] = []
        async for raw in child.stderr:
            seen.append(raw.decode())
            message = json.loads(raw)["message"]
            if message.startswith("listening on "):
                yield child, message.removeprefix("listening on ")
                return
        pytest.fail(f"the server never listened: {seen}")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@pytest.mark.timeout(60)  # a new database cluster in a new process, on a machine that may be busy
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_exits_zero_and_leaves_no_process(
    open_folder: Path, number: signal.Signals
) -> None:
    async with process(open_folder) as (child, address):
        async with grpc.aio.insecure_channel(address) as channel:
            assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING
            watching = streaming(channel, "/grpc.health.v1.Health/Watch")
            assert await watching.read()
            assert any("postgres" in line for line in processes_of(open_folder))
            child.send_signal(number)
            changed = health_pb2.HealthCheckResponse.FromString(await watching.read())
            assert changed.status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await asyncio.wait_for(child.wait(), 40) == 0
        assert child.stderr is not None
        lines = [json.loads(raw)["message"] async for raw in child.stderr]
        assert lines[-1] == "stopped"
    # Those of its session, and those that work in its folder: PostgreSQL has a session of its own.
    left = processes_of(open_folder, session=child.pid)
    assert not left, "\n".join([*left, (open_folder / "postgres" / "server.log").read_text()[-2000:]])


@pytest.mark.timeout(60)  # as above
async def test_a_second_signal_ends_the_process_at_once(open_folder: Path) -> None:
    async with (
        process(open_folder, SEGMENTRY_DRAIN_NOTICE_S="60") as (child, address),
        grpc.aio.insecure_channel(address) as channel,
    ):
        child.send_signal(signal.SIGTERM)
        for _ in range(200):
            if await health_of(channel) == health_pb2.HealthCheckResponse.NOT_SERVING:
                break
            await asyncio.sleep(0.02)
        assert await outcome(call(channel, READINESS)) == (
            grpc.StatusCode.NOT_FOUND,
            "RESOURCE_NOT_FOUND",
        )
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 40) == 1
