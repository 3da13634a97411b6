"""The saved configuration over the wire: read, changed by mask, refused when stale or out of bounds, kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from segmentry.rpc.access import Principal, Role
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_insights_pb2 as pb

from tests.rpc.builder_server import Refusal, refusal
from tests.rpc.served import Served, analyses

OTHER = "tenant_123"


def identify(metadata: object) -> Principal:
    """A caller by the headers `x-name` and `x-role`."""
    said = dict(cast("Any", metadata or ()))
    return Principal(str(said.get("x-name", "ann")), cast("Role", said.get("x-role", "admin")))


@asynccontextmanager
async def serving(database: Database, folder: Path, **fields: Any) -> AsyncGenerator[Served]:
    async with analyses(database, folder, identify=identify, **fields) as served:
        yield served


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncGenerator[Served]:
    async with serving(database, tmp_path) as served:
        yield served


async def get(served: Served, tenant: str = "demo") -> pb.GetAnalysisConfigResponse:
    return await served.insights.GetAnalysisConfig(pb.GetAnalysisConfigRequest(tenant_id=tenant))


def wanted(*paths: str, tenant: str = "demo", **values: Any) -> pb.UpdateAnalysisConfigRequest:
    return pb.UpdateAnalysisConfigRequest(
        tenant_id=tenant,
        config=pb.AnalysisConfig(**values),
        update_mask=FieldMask(paths=paths or sorted(set(values) - {"etag"})),
    )


async def change(served: Served, *paths: str, tenant: str = "demo", **values: Any) -> pb.AnalysisConfig:
    """`paths` name what to change; without any, what `values` holds."""
    request = wanted(*paths, tenant=tenant, **values)
    return (await served.insights.UpdateAnalysisConfig(request)).config


async def refused(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return refusal(caught.value)


def origins(reply: pb.GetAnalysisConfigResponse) -> dict[str, str]:
    return {each.field: each.origin for each in reply.settings}


async def test_a_tenant_that_has_set_nothing_reads_the_defaults_with_their_bounds(served: Served) -> None:
    reply = await get(served)
    config = reply.config
    assert (config.min_clusters, config.max_clusters, config.algorithm) == (2, 8, "kmeans")
    assert (config.preferred_tier, config.confirm_rows) == (analysis.ANALYSIS_TIER_AUTO, 5_000)
    assert (config.seed, config.min_segment_share, config.k_rule) == (0, 3.0, "silhouette")
    assert config.store_labels
    assert not config.included_features
    assert not config.HasField("update_time")
    assert config.updated_by == ""
    assert set(origins(reply).values()) == {"default"}
    known = {each.field: each for each in reply.settings}
    names = {each.name for each in pb.AnalysisConfig.DESCRIPTOR.fields} - {
        "etag",
        "update_time",
        "updated_by",
    }
    assert set(known) == names
    assert (known["min_clusters"].minimum, known["min_clusters"].maximum) == (2, 20)
    assert (known["max_clusters"].minimum, known["max_clusters"].maximum) == (2, 50)
    assert known["max_clusters"].default_value.number_value == 8
    assert (known["min_segment_share"].minimum, known["min_segment_share"].maximum) == (0, 20)
    assert list(known["algorithm"].options) == ["kmeans", "dbscan"]
    assert list(known["preferred_tier"].options) == ["auto", "llm", "ml_worker", "heuristic"]
    assert known["included_features"].most_values == 64
    assert not known["algorithm"].HasField("minimum")


async def test_a_change_touches_what_its_mask_names_and_says_who_made_it(served: Served) -> None:
    first = await change(served, max_clusters=5, algorithm="dbscan")
    assert (first.max_clusters, first.algorithm, first.updated_by) == (5, "dbscan", "ann")
    assert first.HasField("update_time")
    second = await change(served, "max_clusters", max_clusters=6, algorithm="kmeans", min_clusters=9)
    assert (second.min_clusters, second.max_clusters, second.algorithm) == (2, 6, "dbscan")
    assert second.etag not in ("", first.etag)
    read = await get(served)
    assert read.config == second
    assert {name for name, origin in origins(read).items() if origin == "tenant"} == {
        "max_clusters",
        "algorithm",
    }


async def test_what_a_mask_names_and_leaves_out_goes_back_to_its_default(served: Served) -> None:
    await change(served, max_clusters=5, min_segment_share=7.0, included_features=["handicap"])
    assert (await change(served, "max_clusters")).max_clusters == 8
    back = await change(served, "*")
    assert (back.min_segment_share, list(back.included_features)) == (3.0, [])
    assert set(origins(await get(served)).values()) == {"default"}


@pytest.mark.parametrize(
    ("paths", "reason", "message"),
    [
        ((), "MISSING_FIELD", "update_mask is needed: what to change of min_clusters"),
        (("maxClusters",), "INVALID_PARAMETERS", "update_mask names 'maxClusters'; it may name min_clusters"),
        (("max_clusters", "etag"), "INVALID_PARAMETERS", "update_mask names 'etag'"),
        (("*", "seed"), "INVALID_PARAMETERS", "update_mask names '*'"),
        (("max_clusters.value",), "INVALID_PARAMETERS", "update_mask names 'max_clusters.value'"),
    ],
    ids=["none", "unknown", "output", "beside-all", "deeper"],
)
async def test_a_mask_that_cannot_be_meant_is_refused(
    served: Served, paths: tuple[str, ...], reason: str, message: str
) -> None:
    request = wanted("seed", max_clusters=5)
    request.update_mask.paths[:] = paths
    found = await refused(served.insights.UpdateAnalysisConfig(request))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert message in found.message
    assert found.metadata["field"] == "update_mask"
    assert (await get(served)).config.max_clusters == 8


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"min_clusters": 1}, "config.min_clusters", "must be from 2 to 20, got 1"),
        ({"min_clusters": 21}, "config.min_clusters", "must be from 2 to 20, got 21"),
        ({"max_clusters": 51}, "config.max_clusters", "must be from 2 to 50, got 51"),
        ({"min_clusters": 9}, "config.min_clusters", "(9, from the saved configuration) must not exceed"),
        ({"algorithm": "ward"}, "config.algorithm", "must be one of kmeans, dbscan, got 'ward'"),
        ({"k_rule": "gap"}, "config.k_rule", "must be one of silhouette, excess"),
        ({"preferred_tier": 9}, "config.preferred_tier", "9 is none of AUTO, LLM, ML_WORKER, HEURISTIC"),
        ({"confirm_rows": 0}, "config.confirm_rows", "must be from 1 to 10000000, got 0"),
        ({"min_segment_share": 20.5}, "config.min_segment_share", "must be from 0 to 20 percent, got 20.5"),
        ({"min_segment_share": float("nan")}, "config.min_segment_share", "got nan"),
        (
            {"included_features": ["handicap", "engagmentScore"]},
            "config.included_features[1]",
            "did you mean 'engagementScore'?",
        ),
        (
            {"included_features": [f"f{n}" for n in range(65)]},
            "config.included_features",
            "must name at most 64 fields",
        ),
    ],
    ids=[
        "fewest-low",
        "fewest-high",
        "most",
        "crossed",
        "algorithm",
        "rule",
        "tier",
        "rows",
        "share",
        "share-nan",
        "unknown-field",
        "too-many-fields",
    ],
)
async def test_a_value_outside_its_bounds_is_refused_with_its_place(
    served: Served, values: dict[str, Any], field: str, message: str
) -> None:
    found = await refused(served.insights.UpdateAnalysisConfig(wanted(**values)))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMETERS")
    assert found.metadata["field"] == field
    assert message in found.message
    assert set(origins(await get(served)).values()) == {"default"}


async def test_the_bounds_themselves_are_taken(served: Served) -> None:
    low = await change(served, min_clusters=2, max_clusters=2, min_segment_share=0.0, confirm_rows=1, seed=0)
    assert (low.min_clusters, low.max_clusters, low.min_segment_share, low.confirm_rows) == (2, 2, 0.0, 1)
    high = await change(served, min_clusters=20, max_clusters=50, min_segment_share=20.0, seed=2**32 - 1)
    assert (high.min_clusters, high.max_clusters, high.seed) == (20, 50, 2**32 - 1)
    assert high.min_segment_share == 20.0


async def test_a_stale_change_is_refused_and_one_without_an_etag_stands(served: Served) -> None:
    read = (await get(served)).config
    mine = await change(served, max_clusters=5, etag=read.etag)
    stale = await refused(served.insights.UpdateAnalysisConfig(wanted(max_clusters=6, etag=read.etag)))
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "VERSION_MISMATCH")
    assert stale.metadata["currentEtag"] == mine.etag
    assert (await get(served)).config.max_clusters == 5
    assert (await change(served, max_clusters=7)).max_clusters == 7


async def test_of_many_changes_from_one_reading_exactly_one_wins(served: Served) -> None:
    for _ in range(2):
        etag = (await get(served)).config.etag
        calls = (
            served.insights.UpdateAnalysisConfig(wanted(max_clusters=10 + each, etag=etag))
            for each in range(8)
        )
        ends = await asyncio.gather(*calls, return_exceptions=True)
        won = [each for each in ends if isinstance(each, pb.UpdateAnalysisConfigResponse)]
        lost = [refusal(each) for each in ends if isinstance(each, grpc.aio.AioRpcError)]
        assert (len(won), len(lost)) == (1, 7)
        assert {each.reason for each in lost} == {"VERSION_MISMATCH"}
        assert (await get(served)).config == won[0].config
        await change(served, "max_clusters")


async def test_every_change_is_kept_with_who_made_it_and_cannot_be_rewritten(
    served: Served, database: Database
) -> None:
    await change(served, max_clusters=5)
    await change(served, max_clusters=5)
    await served.insights.UpdateAnalysisConfig(
        wanted(max_clusters=6), metadata=(("x-name", "bob"), ("x-request-id", "req-1"))
    )
    await refused(served.insights.UpdateAnalysisConfig(wanted(max_clusters=99)))
    rows = await database.fetch("SELECT * FROM analysis_settings_change ORDER BY change_id")
    kept = [
        (row.text("tenant"), row.text("changed_by"), row.decoded("before"), row.decoded("after"))
        for row in rows
    ]
    assert kept == [
        ("demo", "ann", {}, {"max_clusters": 5}),
        ("demo", "bob", {"max_clusters": 5}, {"max_clusters": 6}),
    ]
    assert rows[1].text("etag") == (await get(served)).config.etag
    for statement in (
        "UPDATE analysis_settings_change SET changed_by = 'eve'",
        "DELETE FROM analysis_settings_change",
    ):
        with pytest.raises(Exception, match=r"."):
            await database.execute(statement)
    assert len(await database.fetch("SELECT 1 FROM analysis_settings_change WHERE changed_by <> 'eve'")) == 2


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
async def test_everybody_reads_and_an_admin_writes(served: Served, role: str) -> None:
    headers = (("x-role", role),)
    read = await served.insights.GetAnalysisConfig(pb.GetAnalysisConfigRequest(), metadata=headers)
    assert read.config.max_clusters == 8
    call = served.insights.UpdateAnalysisConfig(wanted(max_clusters=5), metadata=headers)
    if role == "admin":
        assert (await call).config.max_clusters == 5
        return
    found = await refused(call)
    assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_REQUIRED")
    assert found.metadata["role"] == role
    assert found.metadata["needed"] == "admin"
    assert (await get(served)).config.max_clusters == 8


async def test_a_tenant_sees_and_changes_its_own_alone(served: Served) -> None:
    mine = await change(served, max_clusters=5)
    foreign = await get(served, OTHER)
    assert (foreign.config.max_clusters, foreign.config.updated_by) == (8, "")
    theirs = await refused(served.insights.UpdateAnalysisConfig(wanted(tenant=OTHER, seed=3, etag=mine.etag)))
    assert theirs.reason == "VERSION_MISMATCH"
    assert mine.etag not in json.dumps(theirs.metadata)
    await change(served, tenant=OTHER, max_clusters=12)
    assert (await get(served)).config == mine


async def test_the_configuration_outlives_its_server(database: Database, tmp_path: Path) -> None:
    async with serving(database, tmp_path) as served:
        saved = await change(served, max_clusters=5, preferred_tier=analysis.ANALYSIS_TIER_HEURISTIC)
    async with serving(database, tmp_path) as served:
        assert (await get(served)).config == saved
