"""Names of segments that were found in the rows: a model is asked for each, once its card is shown.

    card (revision 1, provisional) -> a question per card, side by side -> card (revision 2) -> result

The result waits for names no longer than the advisor's bound. A card without a name from the model keeps the
template's, and a fallback says why. Nothing else of a card comes from the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from time import perf_counter
from typing import Final

from segmentry.agents.asking import Retried
from segmentry.agents.cluster_names import Cluster, Named, Trait, calls, name_clusters, told_of
from segmentry.agents.registry import expert
from segmentry.analysis.advisor import Advisor
from segmentry.analysis.asking import Asking, Say
from segmentry.analysis.events import AnalysisResult, Event, Fallback, Progress, SegmentCard, Subtask
from segmentry.analysis.naming import renamed
from segmentry.criteria.catalog import Catalog
from segmentry.errors import SegmentryError
from segmentry.llm.model import NO_USAGE, CallFailed, Usage

AGENT: Final = "name"
# The revision of a card whose name is settled.
SETTLED: Final = 2


class Namer:
    """The names of one run. `say` takes its events, one at a time."""

    def __init__(self, advisor: Advisor, tenant: str, catalog: Catalog, say: Say) -> None:
        self._advisor = advisor
        self._tenant = tenant
        self._catalog = catalog
        self._say = say
        self._turn = asyncio.Lock()
        self._kept: dict[str, str] = {}
        self._usage = NO_USAGE

    def awaits(self, card: SegmentCard) -> bool:
        """Whether a model will be asked about a card: not where the segment has its name already, from an
        earlier run or from the model that proposed it, nor where nothing may be told."""
        has_name = bool(card.previous_card_id) or card.name_from_model
        return not has_name and bool(told_of(_cluster(card), self._catalog))

    def as_found(self, card: SegmentCard) -> SegmentCard:
        """The card as it is shown before its name is settled."""
        if card.revision == SETTLED or not self.awaits(card):
            return card
        return replace(card, provisional=True)

    def recall(self, event: Event) -> None:
        """Take over what an earlier attempt at the run said: nobody is asked again for a name that was given,
        and what was spent was spent on this run."""
        match event:
            case SegmentCard(revision=revision, name_from_model=True) if revision == SETTLED:
                self._kept[event.card_id] = event.name
            case Subtask(agent=agent, usage=Usage() as used) if agent == AGENT:
                self._usage += used
            case _:
                pass

    async def named(self, result: AnalysisResult) -> AnalysisResult:
        """The result with the names that the model gives, within the advisor's bound. Says the questions, the
        cards as they are settled, and what failed.

        Raises: what `say` raises.
        """
        cards = [self._recalled(each) for each in result.segments]
        asked = [each for each in cards if each.revision < SETTLED and self.awaits(each)]
        began = perf_counter()
        fallbacks: tuple[Fallback, ...] = ()
        if asked:
            await self._tell(Progress("naming segments", 0.95))
            settled, fallbacks = await self._asked(asked, [each for each in cards if each not in asked])
            by_id = {each.card_id: each for each in settled}
            cards = [by_id.get(each.card_id, each) for each in cards]
        whole = replace(result, segments=tuple(cards), fallbacks=(*result.fallbacks, *fallbacks))
        if not self._usage.calls:
            return whole
        return replace(
            whole,
            usage=result.usage + self._usage,
            model=self._advisor.asker.model.model,
            model_s=(result.model_s or 0.0) + perf_counter() - began,
        )

    def _recalled(self, card: SegmentCard) -> SegmentCard:
        name = self._kept.get(card.card_id)
        return called(card, name) if name is not None and self.awaits(card) else card

    async def _asked(
        self, cards: Sequence[SegmentCard], others: Sequence[SegmentCard]
    ) -> tuple[list[SegmentCard], tuple[Fallback, ...]]:
        """The cards as they stay; `others` are of the same result, and their names are theirs."""
        advisor, clusters = self._advisor, [_cluster(each) for each in cards]
        # What a model called a segment was made of what it was told; a template may name values of rows.
        taken = [each.name for each in others if each.name_from_model]
        reserved = [each.name for each in others if not each.name_from_model]
        questions = calls(clusters, self._catalog, taken, advisor.max_tokens)
        listener = _Listener(self._tell, advisor.asker.model.provider, cards)
        async with AsyncExitStack() as stack:
            allowing = advisor.allowed(self._tenant, questions, within_s=advisor.names_s)
            try:
                allowance = await stack.enter_async_context(allowing)
            except SegmentryError as err:
                # The budget is used up, or nobody can say what was spent: nothing is asked.
                failure = CallFailed("BUDGET_EXHAUSTED", err.message)
                for at in range(len(cards)):
                    await listener.ended(at, Named(cards[at].name, failure=failure))
            else:
                names = await name_clusters(
                    clusters,
                    self._catalog,
                    advisor.asker,
                    allowance,
                    taken=taken,
                    reserved=reserved,
                    max_tokens=advisor.max_tokens,
                    listener=listener,
                )
                self._usage += names.usage
                for call, each in zip(questions, names.names, strict=True):
                    advisor.learn(call, each.usage)
        fallbacks = tuple(listener.fallbacks())
        for fallback in fallbacks:
            await self._tell(fallback)
        return listener.settled, fallbacks

    async def _tell(self, event: Event) -> None:
        # The events of a run are counted: two questions that end together may not be said at once.
        async with self._turn:
            await self._say(event)


class _Listener:
    """Says what becomes of each question, and the card as it stays."""

    def __init__(self, say: Say, provider: str, cards: Sequence[SegmentCard]) -> None:
        self._say = say
        self._askings = [Asking(_subtask_id(each), AGENT, provider, say) for each in cards]
        self._failures: dict[int, CallFailed] = {}
        self._begun: set[int] = set()
        self.settled = list(cards)

    async def started(self, at: int, told: Sequence[str]) -> None:
        self._begun.add(at)
        await self._askings[at].started(f"a name from {len(told)} traits", expert(AGENT).version)

    async def retried(self, at: int, again: Retried) -> None:
        await self._askings[at].retried(again)

    async def ended(self, at: int, named: Named) -> None:
        card = self.settled[at]
        if named.failure is None:
            self.settled[at] = called(card, named.name)
            await self._askings[at].succeeded(named.usage, 1)
        else:
            self._failures[at] = named.failure
            self.settled[at] = replace(card, revision=SETTLED)
            if at in self._begun:
                await self._askings[at].failed(named.failure, named.usage)
        await self._say(self.settled[at])

    def fallbacks(self) -> list[Fallback]:
        """One per cause, with the questions that it kept from an answer."""
        by_cause: dict[tuple[str, str], list[int]] = {}
        for at, failure in sorted(self._failures.items()):
            by_cause.setdefault((failure.cause, failure.message), []).append(at)
        found: list[Fallback] = []
        for (cause, message), places in by_cause.items():
            whose = "all segments" if len(places) == len(self.settled) else f"{len(places)} segments"
            text = f"{message}; names are made of the fields for {whose} that were to be named"
            ids = tuple(_subtask_id(self.settled[at]) for at in places)
            found.append(Fallback("LLM", "TEMPLATE", cause, text, ids))
        return found


def called(card: SegmentCard, name: str) -> SegmentCard:
    """The card under the name that a model gave it."""
    return replace(
        card,
        name=name,
        suggested_use=renamed(card.suggested_use, card.name, name),
        name_from_model=True,
        provisional=False,
        revision=SETTLED,
    )


def _cluster(card: SegmentCard) -> Cluster:
    traits = (Trait(each.feature, each.comparison, each.level) for each in card.characteristics)
    return Cluster(card.name, card.size, tuple(each for each in traits if each.text))


def _subtask_id(card: SegmentCard) -> str:
    return f"{AGENT} {card.card_id}"
