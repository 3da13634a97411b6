"""`experts`: how the model experts have been doing."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.cli.session import Session

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


async def experts(
    session: "Session",
    *,
    window: Annotated[
        str, typer.Option(metavar="TIME", help="How far to look back: 30m, 24h, 7d; at most 14d are kept.")
    ] = "24h",
) -> None:
    """Show how the model experts have been doing: calls, failures, times, cost, agreement."""
    from segmentry_client import to_dict

    from segmentry.cli.views import experts as view

    async with session.client(kept=True) as client:
        found = await client.agent_health(window=_window(window), timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        view.experts(found, session.terminal)


def _window(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if found is None or not int(found[1]):
        raise usage(f"{text!r} is no length of time; write one such as 30m, 24h or 7d", path="--window")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
