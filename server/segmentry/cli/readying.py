"""`readiness`: whether a table is fit for segmentation, and what to do about it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from segmentry.cli.session import Session


async def readiness(
    session: "Session",
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and say it again when it changes.")] = False,
    every: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="With --watch: at least so often, 10 to 3600.")
    ] = None,
    reports: Annotated[
        int | None, typer.Option(min=1, help="With --watch: end after so many reports.")
    ] = None,
) -> None:
    """Show how ready a table is: its level, what was found, and the next step for each finding."""
    from segmentry_client import to_dict

    from segmentry.cli.problems import usage
    from segmentry.cli.views import readying as view

    if not watch and (every is not None or reports is not None):
        raise usage("--every and --reports are about --watch", path="--watch")
    terminal = session.terminal
    async with session.client(kept=True) as client:
        if not watch:
            found = await client.get_readiness(timeout_s=session.common.timeout)
            if terminal.json:
                terminal.value(to_dict(found))
            else:
                view.readiness(found, terminal)
            return
        interval = None if every is None else timedelta(seconds=every)
        said = 0
        async for item in client.watch_readiness(interval=interval):
            if not item.HasField("readiness"):
                continue
            if terminal.json:
                terminal.value(to_dict(item))
            else:
                view.readiness(item.readiness, terminal, dated=True)
            said += 1
            if said == reports:
                return
