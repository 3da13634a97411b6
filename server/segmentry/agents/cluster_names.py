"""Names of clusters: a model words what sets the members apart, and the template stands where it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Asker, Retried
from segmentry.agents.field_statistics import FEWEST_HOLDERS, listed_values, told_fields
from segmentry.agents.judging_name import judge
from segmentry.agents.prompt import name_message
from segmentry.agents.registry import expert
from segmentry.criteria.catalog import Catalog
from segmentry.llm.model import NO_USAGE, CallFailed, ModelCall, Usage

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
    """The name of one cluster and what it cost; `failure` says why a template stands although a model was
    asked."""

    name: str
    from_model: bool = False
    failure: CallFailed | None = None
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class Names:
    """One name per cluster, in order, all different."""

    names: tuple[Named, ...]
    prompt_version: str
    usage: Usage = NO_USAGE


class Listener(Protocol):
    """Told of each cluster by its place: nothing of those that nobody is asked about."""

    async def started(self, at: int, told: Sequence[str]) -> None:
        """The expert is asked, who is told these lines."""
        ...

    async def retried(self, at: int, again: Retried) -> None:
        """Another attempt follows."""
        ...

    async def ended(self, at: int, named: Named) -> None:
        """The name is settled."""
        ...


class _Nobody:
    async def started(self, at: int, told: Sequence[str]) -> None:
        pass

    async def retried(self, at: int, again: Retried) -> None:
        pass

    async def ended(self, at: int, named: Named) -> None:
        pass


async def name_clusters(
    clusters: Sequence[Cluster],
    catalog: Catalog,
    asker: Asker,
    allowance: Allowance,
    *,
    taken: Sequence[str] = (),
    reserved: Sequence[str] = (),
    max_tokens: int = 2048,
    listener: Listener | None = None,
) -> Names:
    """Name clusters side by side; `taken` and `reserved` must not come back, and templates have to differ
    already.

    Told are `taken`, and traits of fields whose values may leave, of clusters with at least five members.
    `reserved` names and templates may hold values that were only seen in rows: they are compared here and
    never told. A name belongs to whoever got it first; the other is asked once more for one that differs.
    Never raises for what a model does: the template stands for a cluster that it gives no name. What the
    listener raises ends it all.
    """
    asked = expert("name")
    heard = listener or _Nobody()
    given: list[str] = []

    async def name(at: int, cluster: Cluster) -> Named:
        told = told_of(cluster, catalog)
        if not told:
            return Named(cluster.template)
        others = [each.template for place, each in enumerate(clusters) if place != at]
        await heard.started(at, told)
        answered = await asker.ask(
            asked.call(name_message("traits", told, taken), max_tokens),
            lambda value: judge(value, asked, told, (*taken, *reserved, *others, *given)),  # pyright: ignore[reportArgumentType]  # the seam gives strict JSON
            allowance,
            lambda again: heard.retried(at, again),
        )
        named = _named(cluster, answered.value.name if answered.value else "", given, answered.failure)
        named = Named(named.name, named.from_model, named.failure, answered.usage)
        if named.from_model:
            given.append(named.name)
        await heard.ended(at, named)
        return named

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(name(at, each)) for at, each in enumerate(clusters)]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    found = tuple(task.result() for task in tasks)
    return Names(found, asked.version, sum((each.usage for each in found), NO_USAGE))


def calls(
    clusters: Sequence[Cluster], catalog: Catalog, taken: Sequence[str], max_tokens: int
) -> list[ModelCall]:
    """The questions that `name_clusters` asks first, for whoever has to pay them."""
    asked = expert("name")
    return [
        asked.call(name_message("traits", told, taken), max_tokens)
        for each in clusters
        if (told := told_of(each, catalog))
    ]


def told_of(cluster: Cluster, catalog: Catalog) -> list[str]:
    """What may be told of a cluster, most telling first; nothing where nobody is asked about it."""
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


def _named(cluster: Cluster, name: str, given: Sequence[str], failure: CallFailed | None) -> Named:
    """The name where there is one that nobody got in the meantime, else the template and why."""
    if not name:
        bad = CallFailed("LLM_BAD_OUTPUT", "the model's name did not pass the check")
        return Named(cluster.template, failure=failure or bad)
    if name.casefold() in {each.casefold() for each in given}:
        twice = CallFailed("LLM_BAD_OUTPUT", "the model gave two segments the same name")
        return Named(cluster.template, failure=twice)
    return Named(name, from_model=True)
