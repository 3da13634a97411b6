"""`outcomes`: what became of builds; reported, listed, and exported as cases for a person to approve."""

from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli.command import connected
from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.cli.session import Session
    from segmentry.v1 import segment_builder_pb2 as pb

outcomes = typer.Typer(help="What became of builds: record, list, export.", no_args_is_help=True)

_CHANGE = Annotated[
    str, typer.Option(help="Only those that came to this, such as rewritten or condition_added.")
]


@outcomes.callback()
def _about() -> None:
    """What became of builds: record, list, export."""


async def record(
    session: "Session",
    build_id: Annotated[str, typer.Argument(metavar="BUILD", help="The id that a build's reply has.")],
    *,
    final: Annotated[
        str, typer.Option(metavar="CRITERIA", help="What was used: JSON, @FILE, or - for stdin.")
    ] = "",
    rejected: Annotated[bool, typer.Option("--rejected", help="It was thrown away.")] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="It was thrown away, and the segment was made by hand.")
    ] = False,
    comment: Annotated[str, typer.Option(help="A word from the person.")] = "",
) -> None:
    """Say what became of a build: used as it was, or with --final, --rejected or --by-hand."""
    from segmentry_client import to_dict

    from segmentry.cli import criteria_argument
    from segmentry.cli.views import reporting
    from segmentry.v1 import segment_builder_pb2 as pb

    if rejected and by_hand:
        raise usage("--rejected and --by-hand exclude each other; give one of them", path="--by-hand")
    used = criteria_argument.read(final) if final else None
    outcome = pb.BUILD_OUTCOME_EDITED if used is not None else pb.BUILD_OUTCOME_ACCEPTED
    if rejected or by_hand:
        outcome = pb.BUILD_OUTCOME_REJECTED if rejected else pb.BUILD_OUTCOME_BUILT_BY_HAND
    async with session.client(kept=True) as client:
        found = await client.record_outcome(
            build_id, outcome, final=used, comment=comment, timeout_s=session.common.timeout
        )
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        reporting.recorded(found, session.terminal)


async def list_(session: "Session", *, change: _CHANGE = "") -> None:
    """List what became of builds, in order of reporting."""
    from segmentry_client import to_dict

    from segmentry.cli.views import reporting

    wanted = _change(change)
    async with session.client(kept=True) as client:
        found = [each async for each in client.list_outcomes(change=wanted, timeout_s=session.common.timeout)]
    if session.terminal.json:
        for each in found:
            session.terminal.value(to_dict(each))
    else:
        reporting.outcomes(found, session.terminal)


async def export(session: "Session", *, change: _CHANGE = "") -> None:
    """Print builds that were used as evaluation cases, one JSON object a line, none of them approved.

    Left out: what was thrown away, criteria with personal fields, and words with an address or a long number.
    """
    from segmentry.cli import case_lines

    wanted, n_left_out = _change(change), 0
    async with session.client(kept=True) as client:
        async for each in client.list_outcomes(change=wanted, timeout_s=session.common.timeout):
            line = case_lines.case(each)
            if line is None:
                n_left_out += 1
            else:
                session.terminal.value(line)
    if n_left_out:
        session.terminal.note(f"{n_left_out} left out: not used, or with something personal")
    session.terminal.note("to approve: set approved to true, then python -m evals.approved FILE")


def _change(text: str) -> "pb.OutcomeChange.ValueType":
    from segmentry.v1 import segment_builder_pb2 as pb

    if not text:
        return pb.OUTCOME_CHANGE_UNSPECIFIED
    known = [name.removeprefix("OUTCOME_CHANGE_").lower() for name in pb.OutcomeChange.keys()[1:]]
    if text.lower() not in known:
        raise usage(f"{text!r} is none; use {', '.join(known)}", path="--change")
    return pb.OutcomeChange.Value(f"OUTCOME_CHANGE_{text.upper()}")


for _name, _command in (("record", record), ("list", list_), ("export", export)):
    outcomes.command(name=_name)(connected(_command))
