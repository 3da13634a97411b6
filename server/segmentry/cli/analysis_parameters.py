"""What an analysis is asked for, as options of a command."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import criteria_argument
from segmentry.cli.problems import usage

if TYPE_CHECKING:
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


# The options that several commands take, each said once.
File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A CSV, Parquet or Arrow table; same as --data.")
]
Fields = Annotated[
    str, typer.Option(metavar="A,B,C", help="Fields to compare customers by; else all numeric ones.")
]
MinClusters = Annotated[int | None, typer.Option(min=0, help="Fewest segments to try.")]
MaxClusters = Annotated[int | None, typer.Option(min=0, help="Most segments to try.")]
HowToGroup = Annotated[Algorithm | None, typer.Option(help="How to group.")]
WhoLooks = Annotated[Tier | None, typer.Option(help="Who looks; else as configured.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Same seed, same segments.")]
MinShare = Annotated[
    float | None, typer.Option(metavar="PERCENT", help="Smallest share of a segment, 0 to 20.")
]
WhatChooses = Annotated[KRule | None, typer.Option(help="What chooses the number of segments.")]
Labels = Annotated[
    bool | None, typer.Option("--labels/--no-labels", help="Keep hashed keys, to tell who moved.")
]
Within = Annotated[str, typer.Option(metavar="JSON|@FILE|-", help="Look only among customers that match.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(metavar="FIELD=ROLE", help="What a field is, such as status=code; repeat it."),
]


def of(
    *,
    fields: str,
    min_clusters: int | None,
    max_clusters: int | None,
    algorithm: Algorithm | None,
    tier: Tier | None,
    within: str,
    roles: Sequence[str] = (),
    require_tier: bool = False,
    seed: int | None = None,
    eps: float | None = None,
    min_samples: int | None = None,
    min_share: float | None = None,
    k_rule: KRule | None = None,
    describe: str = "",
    labels: bool | None = None,
    model_names: bool | None = None,
) -> "segment_analysis_pb2.AnalysisParameters":
    """The parameters of an analysis as they were given; what was not given stays open."""
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
        field_roles=dict(map(_role, roles)),
        profile_fields=[name.strip() for name in describe.split(",") if name.strip()],
        store_labels=labels,
        model_names=model_names,
    )
    if within:
        parameters.within.CopyFrom(
            criteria_pb2.CriteriaInput(criteria=struct_of(criteria_argument.read(within)))
        )
    return parameters


def _role(given: str) -> "tuple[str, segment_analysis_pb2.FieldRole.ValueType]":
    """A field and what it is, of `FIELD=ROLE`."""
    from segmentry.v1 import segment_analysis_pb2

    names = segment_analysis_pb2.FieldRole.keys()
    known = {each.removeprefix("FIELD_ROLE_").lower(): each for each in names}
    field, equals, role = given.rpartition("=")
    name = known.get(role.strip().lower(), "")
    if not equals or not field.strip() or not name or name == "FIELD_ROLE_UNSPECIFIED":
        allowed = ", ".join(each for each in known if each != "unspecified")
        raise usage(f"{given!r} is no FIELD=ROLE; roles are {allowed}", path="--role")
    return field.strip(), segment_analysis_pb2.FieldRole.Value(name)
