"""`apply` and `recommendations`: cards that are worth keeping, and what is decided about them."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli.command import connected
from segmentry.cli.etag_option import ETAG, current
from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry_client import AsyncSegmentryClient

    from segmentry.cli.session import Session

recommendations = typer.Typer(
    help="Cards that were applied: list, show, accept, dismiss.", no_args_is_help=True
)

_ID = Annotated[str, typer.Argument(metavar="ID", help="A recommendation, as `list` shows it.")]


@recommendations.callback()
def _about() -> None:
    """Cards that were applied: list, show, accept, dismiss."""


async def apply(
    session: "Session",
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A finished discovery.")],
    card: Annotated[
        str, typer.Argument(metavar="CARD", help="One of its segments: its number in the list, or its id.")
    ],
    *,
    name: Annotated[str, typer.Option(help="Another name than the card's.")] = "",
    use_criteria: Annotated[
        bool, typer.Option("--use-criteria", help="Keep the full criteria, not the list of filter rules.")
    ] = False,
    best: Annotated[
        bool, typer.Option("--best", help="Take the card's better rule, which has several parts.")
    ] = False,
) -> None:
    """Make a recommendation of a segment that a discovery found.

    `discover` prints RUN with its next step, and numbers the segments.
    """
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    async with session.client(kept=True) as client:
        card_id = await _card_id(client, run_id, card, session.common.timeout)
        made = await client.apply_segment(
            run_id,
            card_id,
            name=name,
            use_criteria=use_criteria,
            use_best=best,
            timeout_s=session.common.timeout,
        )
        if session.terminal.json:
            session.terminal.value(to_dict(made))
            return
        # Applying the same card again finds what became of it, under the name that was given first.
        kept = await client.get_recommendation(made.recommendation_id, timeout_s=session.common.timeout)
    qualifying.applied(made, kept, session.terminal)
    if name and kept.card.name != name:
        session.terminal.warning(f"applied before as {kept.card.name!r}; that name stays")


async def _card_id(client: "AsyncSegmentryClient", run_id: str, card: str, timeout_s: float | None) -> str:
    """The id of the card; `discover` numbers them from 1."""
    if not (card.isascii() and card.isdigit()):
        return card
    found = (await client.get_analysis(run_id, timeout_s=timeout_s)).result.segments
    if not 1 <= int(card) <= len(found):
        known = f"it has {len(found)}" if found else "it has none"
        raise usage(f"{run_id} has no segment {card}; {known}", path="CARD")
    return found[int(card) - 1].card_id


async def list_(
    session: "Session",
    *,
    state: Annotated[str, typer.Option(help="Only those that are open, accepted or dismissed.")] = "",
    run: Annotated[str, typer.Option(help="Only those of this discovery.")] = "",
) -> None:
    """List recommendations in order of creation."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying
    from segmentry.v1 import segment_insights_pb2 as pb

    wanted = pb.RECOMMENDATION_STATE_UNSPECIFIED
    if state:
        known = {"open", "accepted", "dismissed"}
        if state.lower() not in known:
            raise usage(f"{state!r} is no state; use open, accepted or dismissed", path="--state")
        wanted = pb.RecommendationState.Value(f"RECOMMENDATION_STATE_{state.upper()}")
    async with session.client(kept=True) as client:
        found = [
            each
            async for each in client.list_recommendations(
                state=wanted, run_id=run, timeout_s=session.common.timeout
            )
        ]
    if session.terminal.json:
        for each in found:
            session.terminal.value(to_dict(each))
    else:
        qualifying.recommendations(found, session.terminal)


async def show(session: "Session", recommendation_id: _ID) -> None:
    """Show one recommendation and its card."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    async with session.client(kept=True) as client:
        found = await client.get_recommendation(recommendation_id, timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        qualifying.recommendation(found, session.terminal)


async def accept(
    session: "Session",
    recommendation_id: _ID,
    *,
    stage: Annotated[str, typer.Option(help="What the rule decides: eligibility, fit or match.")] = "fit",
    etag: ETAG = "",
) -> None:
    """Make a draft rule of a recommendation."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    timeout_s = session.common.timeout
    async with session.client(kept=True) as client:
        read = partial(client.get_recommendation, recommendation_id, timeout_s=timeout_s)
        etag = await current(etag, read)
        made = await client.accept_recommendation(recommendation_id, etag, stage=stage, timeout_s=timeout_s)
    if session.terminal.json:
        session.terminal.value(to_dict(made))
    else:
        qualifying.rule(made.rule, made.warnings, session.terminal)
        session.terminal.note(f"next: segmentry rules activate {made.rule.rule_id}")


async def dismiss(
    session: "Session",
    recommendation_id: _ID,
    *,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    etag: ETAG = "",
) -> None:
    """Put a recommendation aside; applying its card again opens it."""
    from segmentry_client import to_dict

    from segmentry.cli.views import qualifying

    timeout_s = session.common.timeout
    async with session.client(kept=True) as client:
        read = partial(client.get_recommendation, recommendation_id, timeout_s=timeout_s)
        etag = await current(etag, read)
        found = await client.dismiss_recommendation(
            recommendation_id, etag, comment=comment, timeout_s=timeout_s
        )
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        qualifying.recommendations([found], session.terminal)


for _name, _command in (("list", list_), ("show", show), ("accept", accept), ("dismiss", dismiss)):
    recommendations.command(name=_name)(connected(_command))
