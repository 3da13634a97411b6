"""`discover`: the segments that are in a table, with the evidence."""

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import criteria_argument, exit_codes
from segmentry.cli.problems import CommandError, Problem, usage

if TYPE_CHECKING:
    from segmentry_client import AsyncSegmentryClient

    from segmentry.cli.session import Session
    from segmentry.v1 import segment_analysis_pb2


class Tier(StrEnum):
    """Who looks for the segments."""

    AUTO = "auto"
    LLM = "llm"
    ML_WORKER = "ml-worker"
    HEURISTIC = "heuristic"


class KRule(StrEnum):
    """What chooses the number of segments."""

    SILHOUETTE = "silhouette"
    EXCESS = "excess"


class Algorithm(StrEnum):
    """How the worker groups customers."""

    KMEANS = "kmeans"
    DBSCAN = "dbscan"


async def discover(
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
    require_tier: Annotated[
        bool, typer.Option("--require-tier", help="Fail rather than have a simpler tier answer.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same segments.")] = None,
    eps: Annotated[float | None, typer.Option(help="dbscan: how near neighbours are.")] = None,
    min_samples: Annotated[int | None, typer.Option(min=0, help="dbscan: how many make a core.")] = None,
    min_share: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="Smallest share of a segment, 0 to 20.")
    ] = None,
    k_rule: Annotated[KRule | None, typer.Option(help="What chooses the number of segments.")] = None,
    within: Annotated[
        str, typer.Option(metavar="JSON|@FILE|-", help="Look only among customers that match.")
    ] = "",
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
    if file is not None:
        if session.common.data is not None and session.common.data != file:
            raise usage(f"give the table once: as {file} or as --data {session.common.data}", path="FILE")
        session.common = dataclasses.replace(session.common, data=file)
    parameters = _parameters(
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
    )
    terminal = session.terminal
    async with session.client() as client:
        schema_id = session.common.schema
        if not schema_id and session.common.data is None:
            schema_id = await _default(client)
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
    return exit_codes.OK


async def _default(client: "AsyncSegmentryClient") -> str:
    """The id of the tenant's default table: the contract wants it said which table is analysed."""
    schemas = await client.list_schemas()
    return next((schema.schema_id for schema in schemas if schema.is_default), "")


def _parameters(
    *,
    fields: str,
    min_clusters: int | None,
    max_clusters: int | None,
    algorithm: Algorithm | None,
    tier: Tier | None,
    require_tier: bool,
    seed: int | None,
    eps: float | None,
    min_samples: int | None,
    min_share: float | None,
    k_rule: KRule | None,
    within: str,
) -> "segment_analysis_pb2.AnalysisParameters":
    from segmentry_client import struct_of

    from segmentry.v1 import criteria_pb2, segment_analysis_pb2

    wanted = [name.strip() for name in fields.split(",") if name.strip()]
    if fields and not wanted:
        raise usage("--fields is empty; leave it out to use all numeric fields", path="--fields")
    parameters = segment_analysis_pb2.AnalysisParameters(
        min_clusters=min_clusters,
        max_clusters=max_clusters,
        algorithm=algorithm.value if algorithm else "",
        included_features=wanted,
        preferred_tier=segment_analysis_pb2.AnalysisTier.Value(
            f"ANALYSIS_TIER_{tier.name if tier else 'UNSPECIFIED'}"
        ),
        require_tier=require_tier,
        seed=seed,
        eps=eps,
        min_samples=min_samples,
        min_segment_share=min_share,
        k_rule=k_rule.value if k_rule else "",
    )
    if within:
        parameters.within.CopyFrom(
            criteria_pb2.CriteriaInput(criteria=struct_of(criteria_argument.read(within)))
        )
    return parameters


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
