"""Names of clusters: a model's where it passes, the template everywhere else, and no name twice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from segmentry.agents.cluster_names import Cluster, Names, Trait, name_clusters
from segmentry.criteria.catalog import Catalog, Field, FieldValue

from tests.agents import tables
from tests.agents.benches import Bench, allowed, bench
from tests.vendor.menu import MENU
from tests.vendor.plans import Asked, Pace, Plan

CATALOG = Catalog(
    "allotment",
    (
        Field("diggingDays", "number"),
        Field("section", "enum", values=(FieldValue("ORCHARD"), FieldValue(tables.CANARY, sampled=True))),
        Field("mail", "string", pii=True),
        Field("street", "string", llm="name"),
    ),
)
DIGGERS = Cluster("High digging days", 40, (Trait("diggingDays", "digging days 13 vs 4"),))
ORCHARD = Cluster(
    "Mostly orchard",
    60,
    (
        Trait("section", "section ORCHARD 64 % vs 22 %", "ORCHARD"),
        Trait("section", f"section {tables.CANARY} 20 % vs 1 %", tables.CANARY),
        Trait("mail", f"mail ends with {tables.CANARY}"),
        Trait("street", f"street {tables.CANARY}", tables.CANARY),
    ),
)


def says(*names: str) -> list[Plan]:
    return [Plan(answer=json.dumps({"name": name})) for name in names]


async def named(asked: Bench, *clusters: Cluster, **more: object) -> Names:
    return await name_clusters(clusters, CATALOG, asked.asker, allowed(), **more)  # pyright: ignore[reportArgumentType]  # given by name


async def test_a_model_words_each_cluster_from_its_traits() -> None:
    def answer(asked: Asked) -> str:
        frequent = "13 vs 4" in json.dumps(asked.body)
        return json.dumps({"name": "Frequent diggers" if frequent else "Orchard folk"})

    async with bench(Plan(answer=answer)) as asked:
        found = await named(asked, DIGGERS, ORCHARD)
    assert [(each.name, each.from_model) for each in found.names] == [
        ("Frequent diggers", True),
        ("Orchard folk", True),
    ]
    assert found.usage.calls == 2
    assert len(found.prompt_version) == 12


@pytest.mark.parametrize(
    "name",
    ["", "x" * 61, "<b>Diggers</b>", "Diggers\nand more", "1,204 diggers", "Mostly orchard", "Kept"],
    ids=["empty", "long", "markup", "lines", "a number of its own", "another's template", "taken"],
)
async def test_a_name_that_does_not_pass_leaves_the_template_after_one_repair(name: str) -> None:
    quiet = replace(ORCHARD, size=1)
    async with bench(*says(name)) as asked:
        found = await named(asked, DIGGERS, quiet, taken=("Kept",))
        assert asked.vendor.n_calls == 2
    (first, second) = found.names
    assert (first.name, first.from_model) == ("High digging days", False)
    assert first.failure is not None
    assert first.failure.cause == "LLM_BAD_OUTPUT"
    assert (second.name, second.failure) == ("Mostly orchard", None)


async def test_two_clusters_never_share_a_name() -> None:
    other = replace(DIGGERS, template="Higher digging days")
    async with bench(*says("Frequent diggers")) as asked:
        found = await named(asked, DIGGERS, other)
    assert [each.name for each in found.names] == ["Frequent diggers", "Higher digging days"]
    assert [each.from_model for each in found.names] == [True, False]


async def test_values_of_rows_and_personal_fields_are_not_told_and_small_clusters_not_at_all() -> None:
    async with bench(*says("Orchard folk")) as asked:
        found = await named(asked, ORCHARD, replace(DIGGERS, size=4))
        assert asked.vendor.n_calls == 1
        assert "ORCHARD 64 %" in asked.prompts
        assert tables.CANARY not in asked.prompts
        assert "mail" not in asked.prompts
    assert found.names[1].name == "High digging days"


@pytest.mark.parametrize("fault", ["refusal", "quota", "server_error", "html", "truncated", "silent"])
async def test_without_a_model_that_answers_every_template_stands(fault: str) -> None:
    plan = replace(MENU[fault], pace=Pace(30.0)) if fault == "silent" else MENU[fault]
    async with bench(plan) as asked:
        found = await name_clusters(
            (DIGGERS, ORCHARD), CATALOG, asked.asker, allowed(within_s=0.5 if fault == "silent" else 10)
        )
        assert asked.vendor.n_calls <= 2 + 3
    assert [each.name for each in found.names] == ["High digging days", "Mostly orchard"]
    assert all(each.failure is not None and not each.from_model for each in found.names)
