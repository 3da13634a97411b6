"""`serve` and `demo`: a server that stays, and one that shows itself and goes."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry import __version__
from segmentry.cli import exit_codes
from segmentry.cli.problems import usage
from segmentry.cli.terminal import Terminal

if TYPE_CHECKING:
    from segmentry.rpc import server

FAST_MEMBERS = 10_000


def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Load the golf club for tenants demo, tenant_123.")
    ] = False,
    data: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A customer table; may be given again.")
    ] = None,
    schema: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Its id, in the order of --data; else the file's."),
    ] = None,
    catalog: Annotated[
        list[Path] | None, typer.Option(metavar="FILE.toml", help="Its catalog, in the order of --data.")
    ] = None,
    tenant: Annotated[str, typer.Option(envvar="SEGMENTRY_TENANT", help="Whose tables these are.")] = "demo",
    config: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="Settings; see docs.")] = None,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT|unix:PATH", help="Where to listen (127.0.0.1:50051).")
    ] = None,
) -> int:
    """Start the server and keep it up until SIGTERM or Ctrl-C."""
    from segmentry import config as settings_of
    from segmentry.cli import embedded
    from segmentry.cli.session import schema_name
    from segmentry.rpc import server

    files, names, catalogs = data or [], schema or [], catalog or []
    if len(names) > len(files) or len(catalogs) > len(files):
        raise usage("each --schema and --catalog belongs to one --data, in their order")
    tables = tuple(
        settings_of.TableSettings(
            path=file,
            schema=names[position] if position < len(names) else schema_name(file.stem),
            tenant=tenant,
            catalog=catalogs[position] if position < len(catalogs) else None,
            default=position == 0 and not demo,
        )
        for position, file in enumerate(files)
    )
    settings = embedded.load(config, address=address, demo=demo or None, tables=tables or None)
    return asyncio.run(server.serve(settings, _announce))


def _announce(running: "server.Running") -> None:
    terminal = Terminal()
    terminal.note(f"segmentry {__version__} serves gRPC on {running.address}; stop it with Ctrl-C")


def demo(
    members: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many members the club has.")
    ] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the discovery: same seed, same segments.")] = 0,
    fast: Annotated[bool, typer.Option("--fast", help=f"Only {FAST_MEMBERS:,} members.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
) -> int:
    """Build and discover on the golf club: a server of its own, a real port, no key; then it is gone."""
    from segmentry.cli import showing

    started = time.monotonic()
    terminal = Terminal(no_color=no_color)
    asyncio.run(showing.show(terminal, FAST_MEMBERS if fast else members, seed, started))
    return exit_codes.OK
