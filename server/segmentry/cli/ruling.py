"""`rules`: criteria that another system's decisions ask about, and their verdicts on customers."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli.command import connected
from segmentry.cli.etag_option import ETAG, current
from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.cli.session import Session

rules = typer.Typer(help="Qualification rules: list, show, activate, archive, check.", no_args_is_help=True)

_ID = Annotated[str, typer.Argument(metavar="ID", help="A rule, as `list` shows it.")]


@rules.callback()
def _about() -> None:
    """Qualification rules: list, show, activate, archive, check."""


async def list_(
    session: "Session",
    *,
    state: Annotated[str, typer.Option(help="Only those that are draft, active or archived.")] = "",
) -> None:
    """List rules in order of creation."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying
    from segmentry.v1 import segment_insights_pb2 as pb

    wanted = pb.QUALIFICATION_RULE_STATE_UNSPECIFIED
    if state:
        if state.lower() not in {"draft", "active", "archived"}:
            raise usage(f"{state!r} is no state; use draft, active or archived", path="--state")
        wanted = pb.QualificationRuleState.Value(f"QUALIFICATION_RULE_STATE_{state.upper()}")
    async with session.client(kept=True) as client:
        found = [each async for each in client.list_rules(state=wanted, timeout_s=session.common.timeout)]
    if session.terminal.json:
        for each in found:
            session.terminal.value(to_dict(each))
    else:
        qualifying.rules(found, session.terminal)


async def show(session: "Session", rule_id: _ID) -> None:
    """Show one rule."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    async with session.client(kept=True) as client:
        found = await client.get_rule(rule_id, timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        qualifying.rule(found, [], session.terminal)


async def activate(session: "Session", rule_id: _ID, *, etag: ETAG = "") -> None:
    """Put a draft into use."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    timeout_s = session.common.timeout
    async with session.client(kept=True) as client:
        etag = await current(etag, partial(client.get_rule, rule_id, timeout_s=timeout_s))
        made = await client.activate_rule(rule_id, etag, timeout_s=timeout_s)
    if session.terminal.json:
        session.terminal.value(to_dict(made))
    else:
        qualifying.rule(made.rule, made.warnings, session.terminal)


async def archive(session: "Session", rule_id: _ID, *, etag: ETAG = "") -> None:
    """Take a rule out of use, for good."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    timeout_s = session.common.timeout
    async with session.client(kept=True) as client:
        etag = await current(etag, partial(client.get_rule, rule_id, timeout_s=timeout_s))
        found = await client.archive_rule(rule_id, etag, timeout_s=timeout_s)
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        qualifying.rule(found, [], session.terminal)


async def check(
    session: "Session",
    customer_ids: Annotated[list[str], typer.Argument(metavar="CUSTOMER...", help="Up to 1,000 ids.")],
    *,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A rule; repeat it for several. Else all active ones."),
    ] = None,
    drafts: Annotated[bool, typer.Option("--drafts", help="Ask rules that are drafts too.")] = False,
) -> None:
    """Hold customers against rules: who qualifies, and why or why not. With --json one line per customer."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    async with session.client(kept=True) as client:
        found = await client.check_qualification(
            customer_ids, rule_ids=rule or (), include_drafts=drafts, timeout_s=session.common.timeout
        )
    if session.terminal.json:
        for each in found.customers:
            session.terminal.value(to_dict(each))
    else:
        qualifying.verdicts(found, session.terminal)


for _name, _command in (
    ("list", list_),
    ("show", show),
    ("activate", activate),
    ("archive", archive),
    ("check", check),
):
    rules.command(name=_name)(connected(_command))
