"""Names of clusters: a model words what sets the members apart, and the template stands where it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Asker
from segmentry.agents.field_statistics import FEWEST_HOLDERS, listed_values, told_fields
from segmentry.agents.judging_name import judge
from segmentry.agents.prompt import name_message
from segmentry.agents.proposing import Say, nobody
from segmentry.agents.registry import expert
from segmentry.criteria.catalog import Catalog
from segmentry.llm.model import NO_USAGE, CallFailed, Usage

_MOST_TRAITS: Final = 6


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that sets members apart, most telling first: `digging days 9 vs 2`.

    `value`: a stored value that the text names, empty for none; it is told only where the catalog lists it.
    """

    field: str
    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as it would be named: `template` is its name without a model, `size` its members."""

    template: str
    size: int
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """The name of one cluster; `failure` says why a template stands although a model was asked."""

    name: str
    from_model: bool = False
    failure: CallFailed | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """One name per cluster, in order, all different."""

    names: tuple[Named, ...]
    prompt_version: str
    usage: Usage = NO_USAGE


async def name_clusters(
    clusters: Sequence[Cluster],
    catalog: Catalog,
    asker: Asker,
    allowance: Allowance,
    *,
    taken: Sequence[str] = (),
    max_tokens: int = 2048,
    say: Say = nobody,
) -> Names:
    """Name clusters side by side; `taken` must not come back, and templates have to differ already.

    Told are traits of fields whose values may leave, of clusters with at least five members. Never raises
    for what a model does: the template stands for a cluster that it gives no name.
    """
    asked = expert("name")
    usage: list[Usage] = []

    async def name(at: int, cluster: Cluster) -> Named:
        told = _told(cluster, catalog)
        if not told:
            return Named(cluster.template)
        others = [each.template for place, each in enumerate(clusters) if place != at]
        answered = await asker.ask(
            asked.call(name_message("traits", told, (*taken, *others)), max_tokens),
            lambda value: judge(value, asked, told, (*taken, *others)),  # pyright: ignore[reportArgumentType]  # the seam gives strict JSON
            allowance,
            say,
        )
        usage.append(answered.usage)
        if answered.value is None:
            bad = CallFailed("LLM_BAD_OUTPUT", "the model's name did not pass the check")
            return Named(cluster.template, failure=answered.failure or bad)
        return Named(answered.value.name, from_model=True)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(name(at, each)) for at, each in enumerate(clusters)]
    found = [task.result() for task in tasks]
    return Names(_distinct(found, clusters), asked.version, sum(usage, NO_USAGE))


def _told(cluster: Cluster, catalog: Catalog) -> list[str]:
    if cluster.size < FEWEST_HOLDERS:
        return []
    fields = {
        field.name: field for field in told_fields(catalog, [each.field for each in cluster.traits]).fields
    }
    return [
        each.text
        for each in cluster.traits[:_MOST_TRAITS]
        if (field := fields.get(each.field)) is not None
        and (not each.value or each.value.casefold() in listed_values(field))
    ]


def _distinct(found: Sequence[Named], clusters: Sequence[Cluster]) -> tuple[Named, ...]:
    """The names with templates in place of those that two clusters were given."""
    names: list[Named] = []
    seen: set[str] = set()
    for each, cluster in zip(found, clusters, strict=True):
        kept = each
        if each.name.casefold() in seen:
            kept = replace(each, name=cluster.template, from_model=False)
        seen.add(kept.name.casefold())
        names.append(kept)
    return tuple(names)
