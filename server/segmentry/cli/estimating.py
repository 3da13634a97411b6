"""`estimate`: what a discovery would take and cost, before it is started."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import analysis_parameters
from segmentry.cli.analysis_parameters import Algorithm, Tier
from segmentry.cli.discovering import schema_of, take_file

if TYPE_CHECKING:
    from segmentry.cli.session import Session


async def estimate(
    session: "Session",
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A CSV, Parquet or Arrow table; same as --data.")
    ] = None,
    *,
    fields: Annotated[
        str, typer.Option(metavar="A,B,C", help="Fields to compare customers by; else all numeric ones.")
    ] = "",
    min_clusters: Annotated[int | None, typer.Option(min=0, help="Fewest segments to try.")] = None,
    max_clusters: Annotated[int | None, typer.Option(min=0, help="Most segments to try.")] = None,
    algorithm: Annotated[Algorithm | None, typer.Option(help="How to group.")] = None,
    tier: Annotated[Tier | None, typer.Option(help="Who looks; else as configured.")] = None,
    within: Annotated[
        str, typer.Option(metavar="JSON|@FILE|-", help="Look only among customers that match.")
    ] = "",
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=ROLE", help="What a field is, such as status=code; repeat it."),
    ] = None,
) -> None:
    """Show what each way to find segments would take and cost, and which fields it would use and why."""
    from segmentry_client import to_dict

    from segmentry.cli.views import estimating as view

    take_file(session, file)
    parameters = analysis_parameters.of(
        fields=fields,
        min_clusters=min_clusters,
        max_clusters=max_clusters,
        algorithm=algorithm,
        tier=tier,
        within=within,
        roles=role or [],
    )
    async with session.client() as client:
        schema_id = await schema_of(session, client)
        found = await client.estimate_analysis(
            schema_id=schema_id, parameters=parameters, timeout_s=session.common.timeout
        )
    if session.terminal.json:
        session.terminal.value(to_dict(found))
    else:
        view.estimate(found, session.terminal)
