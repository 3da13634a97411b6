"""The table of edge inputs, as messages of the contract; some of them through a real server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.protobuf.message import Message
from segmentry.analysis import codec, events, fields, groups
from segmentry.analysis.discover import discover
from segmentry.analysis.features import feature_table
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.prepare import prepare
from segmentry.analysis.records import Finished, Standing, view
from segmentry.analysis.table import Labels
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import SegmentryError
from segmentry.rpc.convert import analysis as convert
from segmentry.rpc.convert.analysis_parameters import parameters_from
from segmentry.runs.run import JsonObject, Run
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.analysis.tables import AS_OF, numbers, snapshot_of
from tests.rpc.echo import error_info
from tests.rpc.served import Served, analyses

pytestmark = pytest.mark.timeout(120)

WORKER = pb.ANALYSIS_TIER_ML_WORKER
WILD = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308)


def spread(rows: int, seed: int) -> list[float]:
    return np.random.default_rng(seed).normal(50, 9, rows).tolist()


def two_groups(*more: float) -> Snapshot:
    """200 rows around 0 and 100 around 9, and rows that hold one of the given numbers in `spend`."""
    rng = np.random.default_rng(3)
    spend = [*rng.normal(0, 1, 200).tolist(), *rng.normal(9, 1, 100).tolist(), *more]
    visits = [*rng.normal(0, 1, 200).tolist(), *rng.normal(9, 1, 100).tolist(), *[0.0] * len(more)]
    return numbers(spend=spend, visits=visits)


def text(values: Sequence[str]) -> Snapshot:
    rows = len(values)
    return snapshot_of(
        [Field("city", "string"), Field("spend", "number"), Field("visits", "number")],
        {"city": values, "spend": spread(rows, 4), "visits": spread(rows, 5)},
    )


def scattered() -> Snapshot:
    """Points of which none has a neighbour at the radius that is asked for."""
    return numbers(a=spread(60, 11), b=spread(60, 12))


def asked(
    *features: str,
    algorithm: str = "",
    tier: pb.AnalysisTier.ValueType = pb.ANALYSIS_TIER_AUTO,
    least: int | None = None,
    eps: float | None = None,
) -> pb.AnalysisParameters:
    return pb.AnalysisParameters(
        included_features=features,
        algorithm=algorithm,
        preferred_tier=tier,
        min_clusters=least,
        max_clusters=4,
        eps=eps,
    )


@dataclass(frozen=True)
class Edge:
    """An input and what must come of it. `error` is the reason of the failure; empty means a result."""

    table: Callable[[], Snapshot]
    parameters: pb.AnalysisParameters = field(default_factory=asked)
    error: str = ""
    tier: str = "ML_WORKER"
    names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fallback: str = ""
    not_warned: tuple[str, ...] = ()
    served: bool = False


STRANGE = ["🎉" * 200, "a\x00b\nc", "x" * 1_000_000, "plain"]
EVERYONE = ("All Customers",)

EDGES: dict[str, Edge] = {
    "0 rows": Edge(lambda: numbers(a=[]), error="EMPTY_DATASET", served=True),
    "1 row": Edge(
        lambda: numbers(a=[3.0], b=[4.0]),
        tier="HEURISTIC", names=EVERYONE, warnings=("NO_VARIATION",), fallback="NO_VARIATION",
    ),
    "2 rows": Edge(
        lambda: numbers(a=[3.0, 4.0]), tier="HEURISTIC", warnings=("K_CAPPED", "TINY_DATASET"),
        fallback="TINY_DATASET",
    ),
    "all rows equal": Edge(
        lambda: numbers(a=[3.0] * 40, b=[1.0] * 40),
        tier="HEURISTIC", names=EVERYONE, warnings=("NO_VARIATION",), fallback="NO_VARIATION",
    ),
    "as many rows as clusters": Edge(
        lambda: numbers(a=[1.0, 2.0, 8.0, 9.0], b=[4.0, 4.5, 1.0, 1.5]), warnings=("K_CAPPED", "TINY_DATASET")
    ),
    "more clusters than different rows": Edge(
        lambda: numbers(a=[0.0, 5.0] * 50, b=[1.0, 9.0] * 50), asked(least=3),
        warnings=("K_CAPPED", "DUPLICATES"),
    ),
    "a constant column": Edge(
        lambda: numbers(a=spread(60, 1), same=[2.0] * 60), asked("a", "same"), not_warned=("NO_VARIATION",)
    ),
    "a column without values": Edge(
        lambda: numbers(a=spread(60, 1), none=[None] * 60), asked("a", "none")
    ),
    "only columns that say nothing": Edge(
        lambda: snapshot_of(
            [Field("same", "number"), Field("none", "number"), Field("city", "string")],
            {"same": [2.0] * 60, "none": [None] * 60, "city": ["Rome", "Oslo"] * 30},
        ),
        tier="HEURISTIC", names=EVERYONE, warnings=("NO_USABLE_FIELDS",), fallback="NO_USABLE_FIELDS",
    ),
    "only columns that say nothing, the worker named": Edge(
        lambda: numbers(a=spread(60, 1), same=[2.0] * 60), asked("same", tier=WORKER),
        error="NO_USABLE_FIELDS",
    ),
    "numbers that are none": Edge(
        lambda: two_groups(*WILD * 2), warnings=("VALUES_IMPUTED", "VALUES_CLIPPED"), served=True
    ),
    "text that is named": Edge(lambda: text(["Rome", "Oslo", "Bern"] * 40), asked("city", "spend", "visits")),
    "text without end that is named": Edge(
        lambda: text([f"remark {each % 90}" for each in range(180)]), asked("city", "spend", "visits")
    ),
    "emoji, a megabyte and NUL": Edge(lambda: text([STRANGE[each % 4] for each in range(80)]), asked("city")),
    "90 % duplicates": Edge(
        lambda: numbers(a=spread(40, 6) * 10, b=spread(40, 7) * 10), warnings=("DUPLICATES",)
    ),
    "70 % zeros": Edge(
        lambda: numbers(a=[0.0] * 210 + spread(90, 8), b=spread(300, 9), c=spread(300, 10)),
        not_warned=("DUPLICATES",),
    ),
    "70 % zeros in thirds": Edge(
        lambda: numbers(a=[0.0] * 210 + spread(90, 8)), asked(tier=pb.ANALYSIS_TIER_HEURISTIC),
        tier="HEURISTIC", names=("Low a", "High a"), served=True,
    ),
    "one giant outlier": Edge(lambda: two_groups(1e12)),
    "dbscan, all noise": Edge(
        scattered, asked(algorithm="dbscan", eps=1e-6),
        tier="HEURISTIC", warnings=("MOSTLY_NOISE",), fallback="NO_CLUSTERS", served=True,
    ),
    "dbscan, all noise, the worker named": Edge(
        scattered, asked(algorithm="dbscan", eps=1e-6, tier=WORKER), error="NO_CLUSTERS", served=True
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """The events of a run, or how the call or the run failed."""

    said: tuple[pb.AnalysisEvent, ...]
    error: str

    @property
    def result(self) -> pb.AnalysisResult:
        return self.said[-1].result


async def served_end(served: Served, schema_id: str, parameters: pb.AnalysisParameters) -> Ended:
    said: list[pb.AnalysisEvent] = []
    try:
        async for item in served.stub.Discover(
            pb.DiscoverRequest(schema_id=schema_id, parameters=parameters)
        ):
            said.append(item.event)  # noqa: PERF401 - what was said before a failure counts too
    except grpc.aio.AioRpcError as err:
        return Ended(tuple(said), error_info(err.trailing_metadata()).reason)
    last = said[-1]
    if last.WhichOneof("kind") == "run":
        assert last.run.error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
        (found,) = [each for each in EDGE_ERRORS if each.encode() in last.run.error.SerializeToString()]
        return Ended(tuple(said), found)
    return Ended(tuple(said), "")


def direct_end(snapshot: Snapshot, parameters: pb.AnalysisParameters) -> Ended:
    """What a worker would say, without the worker: its JSON as messages of the contract."""
    said: list[pb.AnalysisEvent] = []

    def emit(event: events.Event) -> None:
        read = codec.decode(codec.encode(event))
        if not isinstance(read, events.Progress | events.Notice | events.AnalysisResult):
            said.append(convert.event(read, ""))

    asked = parameters_from(parameters)
    try:
        result = discover(snapshot, asked, AS_OF, emit)
    except SegmentryError as err:
        return Ended(tuple(said), err.reason)
    standing = Standing("SUCCEEDED", result.tier, result.parameters)
    request: JsonObject = {"snapshot_id": "made"}
    done = standing.to_json()
    row = Run(
        "r", "demo", "analysis", "edge", "SUCCEEDED", request, done, None, 1, 1, AS_OF, AS_OF, AS_OF, "", 1
    )
    said.append(convert.event(Finished(view(row), result), ""))
    return Ended(tuple(said), "")


EDGE_ERRORS = {edge.error for edge in EDGES.values() if edge.error}


@pytest.fixture(scope="module")
def ends(postgres_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Every edge; those through a server share one, whose start costs more than the runs."""
    store = SnapshotStore()
    served_edges = {name: edge for name, edge in EDGES.items() if edge.served}
    for name, edge in served_edges.items():
        store.put("demo", name, edge.table())

    async def those_served() -> dict[str, Ended]:
        async with (
            Database(directory=postgres_folder, name="edges") as database,
            analyses(database, tmp_path_factory.mktemp("edges"), job="", store=store) as served,
        ):
            return {
                name: await served_end(served, name, edge.parameters) for name, edge in served_edges.items()
            }

    others = {name: edge for name, edge in EDGES.items() if not edge.served}
    return asyncio.run(those_served()) | {
        name: direct_end(edge.table(), edge.parameters) for name, edge in others.items()
    }


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_input_ends_as_the_table_says(ends: dict[str, Ended], name: str) -> None:
    edge, end = EDGES[name], ends[name]
    assert end.error == edge.error
    if edge.error:
        return
    result = end.result
    assert result.run.tier == pb.AnalysisTier.Value(f"ANALYSIS_TIER_{edge.tier}")
    if edge.names:
        assert sorted(card.name for card in result.segments) == sorted(edge.names)
    reasons = {warning.reason for warning in result.warnings}
    assert set(edge.warnings) <= reasons
    assert not set(edge.not_warned) & reasons
    assert [each.reason for each in result.fallbacks] == ([edge.fallback] if edge.fallback else [])
    assert sum(card.size for card in result.segments) + result.unassigned == result.rows
    assert sum(card.percentage for card in result.segments) == pytest.approx(100, abs=0.1)
    assert all(card.fidelity.HasField("matched_count") for card in result.segments)
    if edge.tier == "HEURISTIC":
        assert not result.scores


@pytest.mark.parametrize("name", EDGES)
def test_no_double_of_any_reply_is_nan_or_infinite(ends: dict[str, Ended], name: str) -> None:
    doubles = [each for item in ends[name].said for each in doubles_of(item)]
    assert all(math.isfinite(each) for each in doubles)
    assert doubles or ends[name].error


def doubles_of(message: Message) -> Iterator[float]:
    """Every number of floating point in a message, however deep."""
    for described, value in message.ListFields():
        many: list[object] = [value]
        if described.is_repeated:
            is_map = described.message_type is not None and described.message_type.GetOptions().map_entry
            many = list(value.values() if is_map else value)
        for each in many:
            if isinstance(each, Message):
                yield from doubles_of(each)
            elif isinstance(each, float):
                yield each


# --- single facts of the table --------------------------------------------------------------------


def test_few_rows_leave_fewer_clusters_than_rows(ends: dict[str, Ended]) -> None:
    assert {score.k for score in ends["as many rows as clusters"].result.scores} == {2, 3}


def test_different_points_bound_the_clusters_and_score_one(ends: dict[str, Ended]) -> None:
    result = ends["more clusters than different rows"].result
    assert result.chosen_k == 2
    assert [score.value for score in result.scores] == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("a constant column", "same"),
        ("a column without values", "none"),
        ("text without end that is named", "city"),
    ],
)
def test_a_named_field_that_says_nothing_is_dropped_with_a_reason(
    ends: dict[str, Ended], name: str, dropped: str
) -> None:
    notes = [note for note in ends[name].result.fields if note.reason == "FIELD_DROPPED"]
    assert [(note.field, note.used) for note in notes] == [(dropped, False)]
    assert len(notes[0].message) > len(dropped)


@pytest.mark.parametrize("wild", WILD, ids=str)
def test_other_rows_get_the_same_labels_as_without_a_number_that_is_none(wild: float) -> None:
    labels = [grouped(two_groups(*more))[:300] for more in ((), (wild,) * 3)]
    # Labels are numbered by chance: the groups are the same when no pair of numbers stands for two.
    assert len({*zip(labels[0].tolist(), labels[1].tolist(), strict=True)}) == len({*labels[0].tolist()})


def grouped(snapshot: Snapshot) -> Labels:
    """The labels of the rows, which no message holds."""
    table = feature_table(snapshot)
    roles: dict[str, fields.Role] = {name: each.role for name, each in fields.advise(table).items()}
    prepared = prepare(table, ["spend", "visits"], roles, 0.0)
    found = groups.by_kmeans(prepared, Parameters(max_clusters=3), lambda _: None, 0.0)
    assert isinstance(found, groups.Groups)
    return found.labels


def test_the_counts_of_wild_values_are_said(ends: dict[str, Ended]) -> None:
    said = {warning.reason: warning.message for warning in ends["numbers that are none"].result.warnings}
    assert "6 of 310" in said["VALUES_IMPUTED"]
    assert "4 values" in said["VALUES_CLIPPED"]


def test_named_text_is_a_category_in_profile_and_cards(ends: dict[str, Ended]) -> None:
    profiles = {
        item.profile.field: item.profile
        for item in ends["text that is named"].said
        if item.HasField("profile")
    }
    assert profiles["city"].transform.startswith("0/1")
    assert {share.value for share in profiles["city"].top_values} == {"Rome", "Oslo", "Bern"}


def test_names_of_levels_are_cut(ends: dict[str, Ended]) -> None:
    end = ends["emoji, a megabyte and NUL"]
    shown = [share.value for item in end.said for share in item.profile.top_values]
    shown += [
        share.value
        for card in end.result.segments
        for each in card.characteristics
        for share in each.top_values
    ]
    assert shown
    assert max(len(value) for value in shown) <= 40
    assert not any("\x00" in value for value in shown)


def test_the_share_of_different_rows_is_said(ends: dict[str, Ended]) -> None:
    (said,) = [each for each in ends["90 % duplicates"].result.warnings if each.reason == "DUPLICATES"]
    assert "40 different rows among 400" in said.message


def test_one_giant_value_changes_no_group(ends: dict[str, Ended]) -> None:
    result = ends["one giant outlier"].result
    assert result.chosen_k == 2
    assert sorted(card.size for card in result.segments) in ([100, 201], [101, 200])


def test_all_noise_says_its_share(ends: dict[str, Ended]) -> None:
    (said,) = [each for each in ends["dbscan, all noise"].result.warnings if each.reason == "MOSTLY_NOISE"]
    assert said.message.startswith("100 %")


async def test_a_table_that_is_reloaded_meanwhile_changes_nothing_for_the_run(
    database: Database, tmp_path: Path
) -> None:
    store = SnapshotStore()
    store.put("demo", "moving", two_groups())
    async with analyses(database, tmp_path, job="", store=store) as served:
        started = await served.stub.StartAnalysis(
            pb.StartAnalysisRequest(schema_id="moving", parameters=asked())
        )
        store.put("demo", "moving", numbers(other=spread(50, 1)))
        watching = served.stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=started.run.run_id))
        result = [item async for item in watching][-1].event.result
        assert result.rows == 300
        assert result.run.snapshot_id == started.run.snapshot_id == "made"
