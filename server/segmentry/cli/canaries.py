"""`canaries`: the stored queries that the model is asked again; run, shown, accepted, cancelled."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import exit_codes
from segmentry.cli.command import connected

if TYPE_CHECKING:
    from segmentry_client import AsyncSegmentryClient

    from segmentry.cli.session import Session
    from segmentry.v1 import segment_insights_pb2 as pb

canaries = typer.Typer(
    help="Stored queries that tell whether the model has changed: run, show, accept, cancel.",
    no_args_is_help=True,
)

# A run takes a minute or two with a real vendor.
_LOOK_EVERY_S = 1.0

_RUN = Annotated[str, typer.Argument(metavar="RUN", help="A run, as `show` names it.")]


@canaries.callback()
def _about() -> None:
    """Stored queries that tell whether the model has changed: run, show, accept, cancel."""


async def run(
    session: "Session",
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended, and show it.")] = False,
    request_id: Annotated[
        str, typer.Option(metavar="ID", help="The same id within a day starts one run.")
    ] = "",
) -> int:
    """Ask the model all stored queries again.

    With --wait the exit code is 3 where answers differ from the accepted ones, and 9 where the run stopped
    before its end.
    """
    from segmentry_client import to_dict

    from segmentry.cli.views import canaries as view

    async with session.client(kept=True) as client:
        started = await client.run_canaries(request_id=request_id, timeout_s=session.common.timeout)
        if wait:
            found = await _ended(client, started.run.run_id, session)
            return _shown(found, session)
    if session.terminal.json:
        session.terminal.value(to_dict(started))
    else:
        view.run(started.run, session.terminal)
        session.terminal.note("next: segmentry canaries show")
    return exit_codes.OK


async def show(
    session: "Session",
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every query, not only those answered otherwise or not at all.")
    ] = False,
    runs: Annotated[bool, typer.Option("--runs", help="The runs before it as well.")] = False,
) -> None:
    """Show the last run, and which answers differ from the accepted ones.

    With --json: the run on one line, and with --runs each earlier one on a line of its own.
    """
    from segmentry_client import to_dict

    from segmentry.cli.views import canaries as view

    async with session.client(kept=True) as client:
        found = await client.canaries(timeout_s=session.common.timeout)
    if session.terminal.json:
        earlier = list(found.earlier)
        del found.earlier[:]
        session.terminal.value(to_dict(found))
        for each in earlier if runs else ():
            session.terminal.value(to_dict(each))
        return
    view.shown(found, session.terminal, every=every, runs=runs)


async def accept(session: "Session", run_id: _RUN) -> None:
    """Hold later runs against the answers of this one, which has to be the last finished one."""
    from segmentry_client import to_dict

    from segmentry.cli.views import canaries as view

    async with session.client(kept=True) as client:
        found = await client.accept_canaries(run_id, timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        view.run(found.run, session.terminal)


async def cancel(session: "Session", run_id: _RUN) -> None:
    """Stop a run; what was answered by then stays."""
    from segmentry_client import to_dict

    from segmentry.cli.views import canaries as view

    async with session.client(kept=True) as client:
        found = await client.cancel_canaries(run_id, timeout_s=session.common.timeout)
    if found.run.state == "finished" or found.run.stop_reason not in ("", "CANCELLED"):
        session.terminal.note("it had ended by itself: nothing was cancelled")
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        view.run(found.run, session.terminal)


async def _ended(client: "AsyncSegmentryClient", run_id: str, session: "Session") -> "pb.CanaryRun":
    n_said = -1
    while True:
        found = await client.canaries(timeout_s=session.common.timeout)
        # Another one may have begun since.
        mine = next((each for each in (found.run, *found.earlier) if each.run_id == run_id), found.run)
        if mine.state != "running":
            return mine
        if mine.answered != n_said:
            n_said = mine.answered
            session.terminal.note(f"{n_said} of {mine.queries} answered")
        await asyncio.sleep(_LOOK_EVERY_S)


def _shown(found: "pb.CanaryRun", session: "Session") -> int:
    from segmentry_client import to_dict

    from segmentry.cli.views import canaries as view

    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        view.whole(found, session.terminal, every=False)
    if found.state != "finished":
        return exit_codes.of_status("UNAVAILABLE")
    return exit_codes.INVALID if found.changed and not found.accepted else exit_codes.OK


for _name, _command in (("run", run), ("show", show), ("accept", accept), ("cancel", cancel)):
    canaries.command(name=_name)(connected(_command))
