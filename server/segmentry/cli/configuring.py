"""`config`: what a tenant sets for all its analyses."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentry.cli import analysis_parameters
from segmentry.cli.command import connected
from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.cli.session import Session

config = typer.Typer(help="Defaults of analyses: show, set.", no_args_is_help=True)


@config.callback()
def _about() -> None:
    """Defaults of analyses: show, set."""


async def show(session: "Session") -> None:
    """Show what holds for analyses that say nothing themselves, where it comes from and what may be set."""
    from segmentry_client import to_dict

    from segmentry.cli.views import configuring as view

    async with session.client(kept=True) as client:
        found = await client.get_analysis_config(timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        view.config(found.config, found.settings, session.terminal)


async def set_(
    session: "Session",
    *,
    fields: Annotated[
        str, typer.Option(metavar="A,B,C", help="Fields to compare customers by, of any table.")
    ] = "",
    min_clusters: analysis_parameters.MinClusters = None,
    max_clusters: analysis_parameters.MaxClusters = None,
    algorithm: analysis_parameters.HowToGroup = None,
    tier: Annotated[analysis_parameters.Tier | None, typer.Option(help="Who looks.")] = None,
    confirm_rows: Annotated[
        int | None, typer.Option(min=0, help="Rows from which a model must be confirmed.")
    ] = None,
    seed: analysis_parameters.Seed = None,
    min_share: analysis_parameters.MinShare = None,
    k_rule: analysis_parameters.WhatChooses = None,
    labels: analysis_parameters.Labels = None,
    reset: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Back to the default; repeat it, or `*` for everything."),
    ] = None,
    etag: Annotated[str, typer.Option(help="Refuse if it has changed since it was read.")] = "",
) -> None:
    """Set some of them for the tenant; the others stay as they are. Names are those that `show` prints."""
    from segmentry_client import to_dict

    from segmentry.cli.views import configuring as view
    from segmentry.v1 import segment_analysis_pb2, segment_insights_pb2

    wanted = [name.strip() for name in fields.split(",") if name.strip()]
    given: dict[str, Any] = {
        "included_features": wanted or None,
        "min_clusters": min_clusters,
        "max_clusters": max_clusters,
        "algorithm": algorithm.value if algorithm else None,
        "preferred_tier": (
            segment_analysis_pb2.AnalysisTier.Value(f"ANALYSIS_TIER_{tier.name}") if tier else None
        ),
        "confirm_rows": confirm_rows,
        "seed": seed,
        "min_segment_share": min_share,
        "k_rule": k_rule.value if k_rule else None,
        "store_labels": labels,
    }
    values = {name: value for name, value in given.items() if value is not None}
    back = list(reset or ())
    twice = sorted(set(values) & set(back))
    if twice or ("*" in back and values):
        raise usage(f"--reset {(twice or ['*'])[0]} and a value for it: give one of both", path="--reset")
    if not values and not back:
        raise usage("nothing to set; name a value such as --max-clusters 6, or --reset NAME", path="set")
    async with session.client(kept=True) as client:
        made = await client.update_analysis_config(
            segment_insights_pb2.AnalysisConfig(etag=etag, **values),
            [*values, *back],
            timeout_s=session.common.timeout,
        )
    if session.terminal.json:
        session.terminal.value(to_dict(made))
    else:
        view.config(made.config, made.settings, session.terminal)


for _name, _command in (("show", show), ("set", set_)):
    config.command(name=_name)(connected(_command))
