"""What `segmentry demo` shows: one streamed build and one streamed discovery through a real gRPC port."""

from __future__ import annotations

import time

from segmentry_client import AsyncSegmentryClient, SegmentryCallError

from segmentry.cli import embedded
from segmentry.cli.session import EMBEDDED_TENANT
from segmentry.cli.terminal import Terminal
from segmentry.cli.views import building, discovering
from segmentry.v1 import segment_analysis_pb2

QUERY = "Platinum and diamond members who haven't booked in 60 days"
FEATURES = ("lifetimeValue", "engagementScore", "churnRiskScore", "activityCount90d")


async def show(terminal: Terminal, members: int, seed: int, started: float) -> None:
    """Run the demo; every line of it comes from the server's own replies and events.

    Raises: SegmentryCallError, SegmentryError, CommandError.
    """
    _step(
        terminal, f"starting the server and its golf club of {members:,} members (no key, nothing to install)"
    )
    async with (
        embedded.server(None, None, "", EMBEDDED_TENANT, members=members) as address,
        AsyncSegmentryClient(address, tenant_id=EMBEDDED_TENANT) as client,
    ):
        schemas = await client.list_schemas()
        fields = await client.list_fields()
        ready = time.monotonic()
        table = schemas[0]
        terminal.line(
            f"serving gRPC on {address}: table {table.schema_id}, {table.rows:,} customers, "
            f"{len(fields)} fields ({ready - started:.1f} s)"
        )
        _step(terminal, f'build "{QUERY}"')
        await _build(client, terminal)
        built = time.monotonic()
        _step(terminal, "discover the segments that are in the table")
        known = {field.name for field in fields}
        features = [name for name in FEATURES if name in known]
        await _discover(client, table.schema_id, features, seed, terminal)
        discovered = time.monotonic()
    ended = time.monotonic()
    _step(terminal, "done; the server, its database and its port are gone")
    terminal.line(
        f"start {ready - started:.1f} s, build {(built - ready) * 1000:.0f} ms, "
        f"discovery {discovered - built:.1f} s, "
        f"stop {ended - discovered:.1f} s, in all {ended - started:.1f} s"
    )
    terminal.line('next: segmentry serve --demo     then: segmentry build "Golfers with handicap under 10"')


async def _build(client: AsyncSegmentryClient, terminal: Terminal) -> None:
    progress = building.Progress(terminal)
    async for item in client.stream_build(QUERY):
        progress.show(item)
        if item.WhichOneof("event") == "completed":
            building.outcome(item.completed, terminal)


async def _discover(
    client: AsyncSegmentryClient, schema_id: str, features: list[str], seed: int, terminal: Terminal
) -> None:
    parameters = segment_analysis_pb2.AnalysisParameters(included_features=features, seed=seed)
    last = segment_analysis_pb2.AnalysisEvent()
    with discovering.Progress(terminal) as progress:
        async for item in client.discover(schema_id=schema_id, parameters=parameters):
            last = item.event
            progress.show(last)
    if last.WhichOneof("kind") == "run" and last.run.HasField("error"):
        raise SegmentryCallError.from_status(last.run.error)
    discovering.result(last.result, terminal)


def _step(terminal: Terminal, text: str) -> None:
    terminal.note(terminal.style(f"==> {text}", "bold", error=True))
