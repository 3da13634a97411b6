"""`discover`: the segments that are in a table, with the evidence."""

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import analysis_parameters, exit_codes
from segmentry.cli.problems import CommandError, Problem, usage

if TYPE_CHECKING:
    from segmentry_client import AsyncSegmentryClient

    from segmentry.cli.session import Session
    from segmentry.v1 import segment_analysis_pb2


async def discover(
    session: "Session",
    file: analysis_parameters.File = None,
    *,
    fields: analysis_parameters.Fields = "",
    min_clusters: analysis_parameters.MinClusters = None,
    max_clusters: analysis_parameters.MaxClusters = None,
    algorithm: analysis_parameters.HowToGroup = None,
    tier: analysis_parameters.WhoLooks = None,
    require_tier: Annotated[
        bool, typer.Option("--require-tier", help="Fail rather than have a simpler tier answer.")
    ] = False,
    seed: analysis_parameters.Seed = None,
    eps: Annotated[float | None, typer.Option(help="dbscan: how near neighbours are.")] = None,
    min_samples: Annotated[int | None, typer.Option(min=0, help="dbscan: how many make a core.")] = None,
    min_share: analysis_parameters.MinShare = None,
    k_rule: analysis_parameters.WhatChooses = None,
    within: analysis_parameters.Within = "",
    role: analysis_parameters.Roles = None,
    describe: Annotated[
        str, typer.Option(metavar="A,B,C", help="Fields that cards describe members by, beside the others.")
    ] = "",
    labels: analysis_parameters.Labels = None,
    template_names: Annotated[
        bool, typer.Option("--template-names", help="Ask no model what segments are called.")
    ] = False,
    plots: Annotated[
        bool, typer.Option("--plots", help="Draw scores, how segments differ, and customers as points.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the plots as a picture (extra `plot`).")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Confirm what the estimate warns about.")] = False,
) -> int:
    """Find the segments that are in a table.

    With --json every line is one event of the stream, and the last one holds the result, the numbers of
    its plots with it.
    """
    from segmentry_client import to_dict

    from segmentry.cli.views import discovering as view

    if plot is not None:
        from segmentry.cli import pictures

        pictures.require(plot)
    take_file(session, file)
    parameters = analysis_parameters.of(
        fields=fields,
        min_clusters=min_clusters,
        max_clusters=max_clusters,
        algorithm=algorithm,
        tier=tier,
        require_tier=require_tier,
        seed=seed,
        eps=eps,
        min_samples=min_samples,
        min_share=min_share,
        k_rule=k_rule,
        within=within,
        roles=role or [],
        describe=describe,
        labels=labels,
        model_names=False if template_names else None,
    )
    terminal = session.terminal
    async with session.client() as client:
        schema_id = await schema_of(session, client)
        with view.Progress(terminal) as progress:
            last: segment_analysis_pb2.AnalysisEvent | None = None
            async for item in client.discover(schema_id=schema_id, parameters=parameters, confirmed=yes):
                last = item.event
                if terminal.json:
                    terminal.value(to_dict(item))
                else:
                    progress.show(item.event)
    if last is None or last.WhichOneof("kind") != "result":
        raise _unfinished(last)
    if plot is not None:
        from segmentry.cli import pictures

        pictures.write(last.result, plot)
        terminal.note(f"drew {plot}")
    if not terminal.json:
        view.result(last.result, terminal)
        if plots:
            from segmentry.cli.views import plots as drawing

            drawing.draw(last.result, terminal)
        if last.result.segments:
            terminal.note(f"next: segmentry apply {last.result.run.run_id} 1{_same_place(session)}")
    return exit_codes.OK


def _same_place(session: "Session") -> str:
    """The options by which another command finds what this one did in a server of its own."""
    if session.common.data is not None:
        return f" {shlex.join(['--data', str(session.common.data)])}"
    return " --embedded" if session.common.embedded else ""


def take_file(session: "Session", file: Path | None) -> None:
    """Take a table that is given as an argument for the one of `--data`."""
    if file is None:
        return
    if session.common.data is not None and session.common.data != file:
        raise usage(f"give the table once: as {file} or as --data {session.common.data}", path="FILE")
    session.common = dataclasses.replace(session.common, data=file)


async def schema_of(session: "Session", client: "AsyncSegmentryClient") -> str:
    """The table that is meant; the tenant's default one where none is: the contract wants it said."""
    if session.common.schema or session.common.data is not None:
        return session.common.schema
    schemas = await client.list_schemas()
    return next((schema.schema_id for schema in schemas if schema.is_default), "")


def _unfinished(last: "segment_analysis_pb2.AnalysisEvent | None") -> CommandError:
    """Why a stream ended without a result."""
    from segmentry_client import SegmentryCallError

    from segmentry.cli.session import problem_of

    if last is not None and last.WhichOneof("kind") == "run":
        if last.run.HasField("error"):
            return CommandError(problem_of(SegmentryCallError.from_status(last.run.error)))
        return CommandError(
            Problem("CANCELLED", "CANCELLED_BY_CALLER", f"run {last.run.run_id} was cancelled")
        )
    return CommandError(Problem("UNAVAILABLE", "STREAM_ENDED", "the stream ended without a result"))
