"""`segments`: definitions kept under a name, in every version."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import criteria_argument, exit_codes
from segmentry.cli.command import connected
from segmentry.cli.etag_option import ETAG, current
from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.cli.session import Session
    from segmentry.v1 import segment_builder_pb2 as pb

segments = typer.Typer(
    help="Saved segments: create, list, show, update, delete, test, diff, lint.", no_args_is_help=True
)

_ID = Annotated[str, typer.Argument(metavar="ID", help="A segment, as `list` shows it.")]
_CRITERIA = Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="Criteria as `build` prints them.")]
_STATE = Annotated[str, typer.Option(help="draft, active or paused.")]
_INCLUDED = Annotated[
    list[str] | None, typer.Option("--in", metavar="CUSTOMER", help="Must be in it; repeat for several.")
]
_EXCLUDED = Annotated[
    list[str] | None, typer.Option("--out", metavar="CUSTOMER", help="Must not be in it; repeat.")
]
_LEAST = Annotated[int | None, typer.Option("--min-size", min=0, help="Fewest customers.")]
_MOST = Annotated[int | None, typer.Option("--max-size", min=0, help="Most customers.")]
_FORCE = Annotated[bool, typer.Option("--force", help="Save it although a test of a contract fails.")]
_STATES = ("draft", "active", "paused", "archived")


@segments.callback()
def _about() -> None:
    """Saved segments: create, list, show, update, delete, test, diff, lint."""


async def create(
    session: "Session",
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    criteria: _CRITERIA,
    *,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    build: Annotated[str, typer.Option(metavar="BUILD", help="The build that they came from.")] = "",
    state: _STATE = "",
    must_hold: _INCLUDED = None,
    must_not_hold: _EXCLUDED = None,
    min_size: _LEAST = None,
    max_size: _MOST = None,
    force: _FORCE = False,
) -> None:
    """Save criteria under a name, as version 1."""
    from segmentry.cli.views import saved

    wanted, heard = criteria_argument.read(criteria), list[saved.Warned]()
    async with session.client(kept=True) as client:
        made = await client.create_segment(
            name,
            wanted,
            description=description,
            build_id=build,
            state=_state(state, _STATES[:3]),
            contract=_contract(must_hold, must_not_hold, min_size, max_size),
            force=force,
            heard=heard.append,
            timeout_s=session.common.timeout,
        )
    saved.changed(made, heard, session.terminal)


async def list_(
    session: "Session",
    segment_id: Annotated[str, typer.Argument(metavar="[ID]", help="Its versions, instead of all.")] = "",
    *,
    state: Annotated[
        str, typer.Option(help="draft, active, paused or archived; else all but archived.")
    ] = "",
) -> None:
    """List saved segments in order of creation, or the versions of one. With --json one per line."""
    from segmentry.cli.views import saved

    async with session.client(kept=True) as client:
        found = [
            each
            async for each in client.list_segments(
                state=_state(state, _STATES), segment_id=segment_id, timeout_s=session.common.timeout
            )
        ]
    saved.listed(found, session.terminal, versions=bool(segment_id))


async def show(
    session: "Session",
    segment_id: _ID,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="That version; else the latest.")] = None,
) -> None:
    """Show one segment."""
    from segmentry.cli.views import saved

    async with session.client(kept=True) as client:
        found = await client.get_segment(segment_id, version=version, timeout_s=session.common.timeout)
    saved.changed(found, [], session.terminal)


async def update(
    session: "Session",
    segment_id: _ID,
    criteria: Annotated[
        str, typer.Argument(metavar="[JSON|@FILE|-]", help="New criteria; else they stay.")
    ] = "",
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Annotated[str | None, typer.Option(help="A new description.")] = None,
    build: Annotated[
        str | None, typer.Option(metavar="BUILD", help="The build that the new criteria came from.")
    ] = None,
    state: _STATE = "",
    must_hold: _INCLUDED = None,
    must_not_hold: _EXCLUDED = None,
    min_size: _LEAST = None,
    max_size: _MOST = None,
    no_contract: Annotated[
        bool, typer.Option("--no-contract", help="Nothing must stay true any more.")
    ] = False,
    force: _FORCE = False,
    etag: ETAG = "",
) -> None:
    """Change a segment; the version before stays as it was."""
    from segmentry.cli.views import saved

    wanted = criteria_argument.read(criteria) if criteria else None
    contract = _contract(must_hold, must_not_hold, min_size, max_size, empty=no_contract)
    if wanted is None and name is None and description is None and not state and contract is None:
        raise usage("nothing to change; give criteria, --name, --description, --state or a contract")
    heard, timeout_s = list[saved.Warned](), session.common.timeout
    async with session.client(kept=True) as client:
        etag = await current(etag, partial(client.get_segment, segment_id, timeout_s=timeout_s))
        made = await client.update_segment(
            segment_id,
            etag,
            name=name,
            description=description,
            build_id=build,
            criteria=wanted,
            state=_state(state, _STATES[:3]) if state else None,
            contract=contract,
            force=force,
            heard=heard.append,
            timeout_s=timeout_s,
        )
    saved.changed(made, heard, session.terminal)


async def delete(session: "Session", segment_id: _ID, *, etag: ETAG = "") -> None:
    """Archive a segment; refused while others refer to it."""
    from segmentry.cli.views import saved

    timeout_s = session.common.timeout
    async with session.client(kept=True) as client:
        etag = await current(etag, partial(client.get_segment, segment_id, timeout_s=timeout_s))
        gone = await client.delete_segment(segment_id, etag, timeout_s=timeout_s)
    saved.changed(gone, [], session.terminal)


async def hold(
    session: "Session",
    segment_id: _ID,
    criteria: Annotated[
        str, typer.Argument(metavar="[JSON|@FILE|-]", help="Criteria to try before they are saved.")
    ] = "",
    *,
    version: Annotated[int | None, typer.Option(min=1, help="That version; else the latest.")] = None,
    must_hold: _INCLUDED = None,
    must_not_hold: _EXCLUDED = None,
    min_size: _LEAST = None,
    max_size: _MOST = None,
) -> None:
    """Test what must stay true of a segment; exit code 3 when a test fails.

    With customers or bounds given, those are tested instead of what is saved.
    """
    from segmentry.cli.views import saved

    wanted = criteria_argument.read(criteria) if criteria else None
    async with session.client(kept=True) as client:
        found = await client.test_segment(
            segment_id,
            version=version,
            candidate=wanted,
            contract=_contract(must_hold, must_not_hold, min_size, max_size),
            timeout_s=session.common.timeout,
        )
    saved.tests(found, session.terminal)
    if found.HasField("passed") and not found.passed:
        raise typer.Exit(exit_codes.INVALID)


async def diff(
    session: "Session",
    segment_id: _ID,
    *,
    from_: Annotated[int | None, typer.Option("--from", min=1, help="Else the one before --to.")] = None,
    to: Annotated[int | None, typer.Option("--to", min=1, help="Else the latest.")] = None,
) -> None:
    """Show how two versions of a segment differ, in words and in today's customers."""
    from segmentry.cli.views import saved

    timeout_s = session.common.timeout
    async with session.client(kept=True) as client:
        if to is None:
            to = (await client.get_segment(segment_id, timeout_s=timeout_s)).version
        older = from_ if from_ is not None else to - 1
        if older < 1:
            raise usage(f"segment {segment_id} has one version only: nothing to compare", path="--from")
        found = await client.compare_versions(segment_id, older, to, timeout_s=timeout_s)
    saved.versions(found, session.terminal)


async def lint(
    session: "Session",
    criteria: Annotated[
        str, typer.Argument(metavar="[JSON|@FILE|-]", help="Criteria; else those of --segment.")
    ] = "",
    *,
    segment: Annotated[str, typer.Option(metavar="ID", help="The segment they are of, or are to be.")] = "",
) -> None:
    """Say what is odd about criteria: contradictions, conditions without effect, near copies."""
    from segmentry.cli.views import saved

    if not criteria and not segment:
        raise usage("give criteria, or --segment ID for those of a saved segment")
    wanted = criteria_argument.read(criteria) if criteria else None
    async with session.client(kept=True) as client:
        found = await client.lint_segment(wanted, segment_id=segment, timeout_s=session.common.timeout)
    saved.lint(found, session.terminal)


def _contract(
    included: list[str] | None,
    excluded: list[str] | None,
    low: int | None,
    high: int | None,
    *,
    empty: bool = False,
) -> "pb.SegmentContract | None":
    from segmentry.v1 import segment_builder_pb2 as pb

    if not included and not excluded and low is None and high is None:
        return pb.SegmentContract() if empty else None
    return pb.SegmentContract(
        included_customers=included or (), excluded_customers=excluded or (), min_size=low, max_size=high
    )


def _state(text: str, legal: tuple[str, ...]) -> "pb.SegmentState.ValueType":
    from segmentry.v1 import segment_builder_pb2 as pb

    if not text:
        return pb.SEGMENT_STATE_UNSPECIFIED
    if text.lower() not in legal:
        raise usage(f"{text!r} is no state; use {', '.join(legal[:-1])} or {legal[-1]}", path="--state")
    return pb.SegmentState.Value(f"SEGMENT_STATE_{text.upper()}")


for _name, _command in (
    ("create", create),
    ("list", list_),
    ("show", show),
    ("update", update),
    ("delete", delete),
    ("test", hold),
    ("diff", diff),
    ("lint", lint),
):
    segments.command(name=_name)(connected(_command))
