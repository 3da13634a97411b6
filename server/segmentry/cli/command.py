"""One decorator for every command that talks to a server: the shared options, the loop, the exit code.

A command is a coroutine function whose first parameter is the session; the options that all of them
share are added here, so that each command lists only its own.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from segmentry.cli.terminal import Terminal

DEFAULT_ADDRESS = "127.0.0.1:50051"


@dataclass(frozen=True, slots=True)
class Common:
    """The values of the options that all commands share."""

    address: str = ""
    tenant: str = ""
    schema: str = ""
    now: datetime | None = None
    tz: str = ""
    embedded: bool = False
    data: Path | None = None
    catalog: Path | None = None
    timeout: float | None = None
    json: bool = False
    no_color: bool = False


def _instant(text: str | datetime) -> datetime:
    """An ISO date or date and time; the zone comes from --tz where the text has none."""
    if isinstance(text, datetime):
        return text
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write 2025-12-16 or 2025-12-16T09:00:00Z") from None


def _shared(
    *,
    address: Annotated[
        str, typer.Option(envvar="SEGMENTRY_ADDRESS", metavar="HOST:PORT", help="The server to talk to.")
    ] = "",
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Run the same server inside this process instead.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A CSV, Parquet or Arrow table to work on (implies --embedded)."),
    ] = None,
    catalog: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="What the fields of --data mean; else inferred.")
    ] = None,
    tenant: Annotated[
        str, typer.Option(envvar="SEGMENTRY_TENANT", help="Whose customers; empty is the demo tenant.")
    ] = "",
    schema: Annotated[
        str, typer.Option(envvar="SEGMENTRY_SCHEMA", help="Which table; empty is the tenant's default.")
    ] = "",
    now: Annotated[
        datetime | None,
        typer.Option(
            parser=_instant, envvar="SEGMENTRY_NOW", metavar="TIME", help="Count as if it were this moment."
        ),
    ] = None,
    tz: Annotated[str, typer.Option(metavar="ZONE", help="IANA time zone for days and dates.")] = "",
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.001, help="Give up after this time.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="JSON on stdout: one object, or one line per event.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
) -> Common:
    return Common(
        address=address,
        tenant=tenant,
        schema=schema,
        now=now,
        tz=tz,
        embedded=embedded,
        data=data,
        catalog=catalog,
        timeout=timeout,
        json=json,
        no_color=no_color,
    )


def connected(command: Callable[..., Awaitable[int | None]]) -> Callable[..., int]:
    """Make a command of a coroutine function `command(session, ...)`; it returns the exit code."""
    own = list(inspect.signature(command).parameters.values())[1:]
    shared = list(inspect.signature(_shared).parameters.values())
    names = [parameter.name for parameter in shared]

    def start(**values: Any) -> int:
        from segmentry.cli.session import Session

        common = _shared(**{name: values.pop(name) for name in names})
        session = Session(common, Terminal(json=common.json, no_color=common.no_color))

        async def work() -> int:
            return await command(session, **values) or 0

        return asyncio.run(work())

    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *shared)]
    start.__name__ = getattr(command, "__name__", "command")
    start.__doc__ = command.__doc__
    # typer reads the signature and the annotations of what it is given.
    start.__signature__ = inspect.Signature(parameters)
    start.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return start
