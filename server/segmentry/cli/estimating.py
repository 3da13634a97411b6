"""`estimate`: what a discovery would take and cost, before it is started."""

from typing import TYPE_CHECKING

from segmentry.cli import analysis_parameters
from segmentry.cli.discovering import schema_of, take_file

if TYPE_CHECKING:
    from segmentry.cli.session import Session


async def estimate(
    session: "Session",
    file: analysis_parameters.File = None,
    *,
    fields: analysis_parameters.Fields = "",
    min_clusters: analysis_parameters.MinClusters = None,
    max_clusters: analysis_parameters.MaxClusters = None,
    algorithm: analysis_parameters.HowToGroup = None,
    tier: analysis_parameters.WhoLooks = None,
    within: analysis_parameters.Within = "",
    role: analysis_parameters.Roles = None,
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
