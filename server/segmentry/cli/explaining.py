"""`explain` and `compare`: why a count is what it is, why a customer is in, how two definitions differ."""

from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import criteria_argument

if TYPE_CHECKING:
    from segmentry.cli.session import Session


async def explain(
    session: "Session",
    criteria: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="Criteria as `build` prints them.")],
    *,
    member: Annotated[
        str,
        typer.Option(metavar="ID", help="Why this customer matches: the key, or the row's number from 1."),
    ] = "",
) -> None:
    """Show what each condition does to the count, or why one customer matches."""
    from segmentry_client import to_dict

    from segmentry.cli.views import explaining as view

    wanted, terminal = criteria_argument.read(criteria), session.terminal
    async with session.client(kept=criteria_argument.names_segments(wanted)) as client:
        if member:
            verdict = await client.explain_member(wanted, member, timeout_s=session.common.timeout)
            if terminal.json:
                terminal.value(to_dict(verdict))
            else:
                view.member(verdict, terminal)
            return
        reply = await client.explain_count(wanted, timeout_s=session.common.timeout)
    if terminal.json:
        terminal.value(to_dict(reply))
    else:
        view.count(reply, terminal)


async def compare(
    session: "Session",
    left: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="One definition.")],
    right: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="The other definition.")],
) -> None:
    """Show how two definitions differ, in words and in customers."""
    from segmentry_client import to_dict

    from segmentry.cli.views import explaining as view

    one, other = criteria_argument.read(left), criteria_argument.read(right)
    async with session.client(kept=criteria_argument.names_segments(one, other)) as client:
        reply = await client.compare(one, other, timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(reply))
    else:
        view.comparison(reply, session.terminal)
