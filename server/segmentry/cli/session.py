"""What a command works with: its outputs and a client of the server it was pointed at."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from segmentry_client import AsyncSegmentryClient, SegmentryCallError

from segmentry.cli.command import DEFAULT_ADDRESS, Common
from segmentry.cli.problems import Problem, usage
from segmentry.cli.terminal import Terminal

EMBEDDED_TENANT = "demo"


class Session:
    """One command under way."""

    def __init__(self, common: Common, terminal: Terminal) -> None:
        self.common = common
        self.terminal = terminal

    @property
    def as_of(self) -> datetime | None:
        """The moment of --now; a time without a zone is meant in --tz."""
        moment = self._moment
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError:
            raise usage("--now lies outside the years 1 to 9999", path="--now") from None

    @property
    def _moment(self) -> datetime | None:
        moment = self.common.now
        if moment is None or moment.tzinfo is not None:
            return moment
        if not self.common.tz:
            return moment.replace(tzinfo=UTC)
        from segmentry.criteria import zones

        try:
            return moment.replace(tzinfo=zones.zone(self.common.tz))
        except ValueError:
            raise usage(
                f"{self.common.tz!r} is no time zone; write one such as Africa/Johannesburg", path="--tz"
            ) from None

    @contextlib.asynccontextmanager
    async def client(self, *, kept: bool = False) -> AsyncGenerator[AsyncSegmentryClient]:
        """A client of the server at --address, or of one that lives as long as this block.

        `kept`: the command reads what the state store keeps. To start the embedded one takes longer than a
        read may, so it is there first.
        """
        common = self.common
        embedded = common.embedded or common.data is not None
        if common.catalog is not None and common.data is None:
            raise usage("--catalog says what the fields of --data mean: give both", path="--catalog")
        # A variable that names the usual server does not stand in the way of one command without it.
        if embedded and common.address not in ("", os.environ.get("SEGMENTRY_ADDRESS")):
            raise usage("--address names a running server, --embedded and --data start one: give one of them")
        async with contextlib.AsyncExitStack() as stack:
            schema, tenant = common.schema, common.tenant
            address = common.address or DEFAULT_ADDRESS
            if embedded:
                from segmentry.cli import embedded as inside

                if common.data is not None:
                    schema = schema or schema_name(common.data.stem)
                tenant = tenant or EMBEDDED_TENANT
                address = await stack.enter_async_context(
                    inside.server(common.data, common.catalog, schema, tenant, as_of=self.as_of, kept=kept)
                )
            client = AsyncSegmentryClient(
                address, tenant_id=tenant, schema_id=schema, as_of=self.as_of, time_zone=common.tz
            )
            try:
                yield await stack.enter_async_context(client)
            except SegmentryCallError as error:
                if error.reason != "SERVER_UNREACHABLE":
                    raise
                # What grpc says of it is long and names no next step.
                raise SegmentryCallError(
                    error.code, error.reason, f"no server answers at {address}", metadata={"address": address}
                ) from error


def schema_name(text: str) -> str:
    """A schema id made of a file's name: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "customers"


def problem_of(error: SegmentryCallError) -> Problem:
    """A failed call as the terminal prints it."""
    first = error.violations[0] if error.violations else None
    faulty = ""
    if first is not None:
        faulty = first.field if first.reason in ("", "INVALID_FIELD") else first.value or first.field
    return Problem(
        error.code.name,
        error.reason,
        error.message,
        path=error.path,
        suggestions=error.suggestions,
        metadata=tuple(sorted(error.metadata.items())),
        faulty=faulty or error.metadata.get("field", ""),
    )
