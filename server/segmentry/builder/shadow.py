"""A sample of what the reader answers alone, read by the experts as well: do they still agree?

It begins after the answer and changes none. Calls go one by one, without copies, retries or repairs, so that
callers' own calls never wait for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Final

from segmentry.agents import prompt
from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Asker, Retried
from segmentry.agents.judging import Judged
from segmentry.agents.registry import Expert
from segmentry.builder import agreement
from segmentry.builder.judged import judged_by
from segmentry.builder.panel import Panel
from segmentry.builder.paying import Payment
from segmentry.builder.plan import plan
from segmentry.builder.request import Options, Place
from segmentry.builder.sample import Sample
from segmentry.errors import SegmentryError
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.model import ModelCall
from segmentry.reader.draft import Draft
from segmentry.reader.outline import Outline

_WITHIN_S: Final = 30.0


def offer(query: str, draft: Draft, place: Place, options: Options, panel: Panel) -> None:
    """Take a request that the reader has answered into the sample, or not. Returns at once.

    Never taken: what its caller wants kept from models, and anything while the vendor is left alone.
    """
    sample = panel.sample
    kept_back = options.offline_only or options.max_model_calls == 0 or options.max_cost_usd == 0
    if sample is not None and not kept_back and sample.draws() and _lets_through(panel.asker):
        sample.start(_compared(query, draft, place, panel, sample))


def _lets_through(asker: Asker) -> bool:
    return not isinstance(asker.model, GuardedModel) or asker.model.breaker.state == "closed"


async def _compared(query: str, draft: Draft, place: Place, panel: Panel, sample: Sample) -> None:
    outlined, experts = await asyncio.to_thread(_everybody, query, draft, place, panel)
    if not experts or not sample.take(len(experts)):
        return
    judged = await _asked(query, outlined, experts, place, panel)
    if judged is not None:
        await _count(query, draft, outlined, experts, judged, place, panel.asker)


def _everybody(query: str, draft: Draft, place: Place, panel: Panel) -> tuple[Outline, tuple[Expert, ...]]:
    """The phrases, all of them open, and the experts who would be asked about them."""
    planned = plan(query, draft, place, panel, Options(require_llm=True))
    phrases = tuple(replace(each, closed=False) for each in planned.outline.phrases)
    return replace(planned.outline, phrases=phrases), planned.first


async def _asked(
    query: str, outlined: Outline, experts: Sequence[Expert], place: Place, panel: Panel
) -> list[Judged] | None:
    """What each expert reads; None as soon as one fails, since nothing whole can be compared then."""
    phrases = [prompt.Phrase(each.number, each.span.text, closed=False) for each in outlined.phrases]
    message = prompt.request_message(query, phrases, place.clock.today, panel.secret)
    allowance = Allowance(monotonic() + _WITHIN_S, extra=0, tenant=place.tenant)
    payment = Payment(place.tenant, panel, Options())
    calls = [expert.call(message, panel.max_tokens) for expert in experts]
    try:
        await payment.reserve(calls)
    except SegmentryError:
        # What is left of a budget is for requests that somebody waits for.
        return None
    allowance.purse, allowance.price = payment.purse, payment.most
    try:
        return await _each(calls, experts, query, place, panel, allowance)
    finally:
        await payment.settle()


async def _each(  # noqa: PLR0917 - everything that is asked with
    calls: Sequence[ModelCall],
    experts: Sequence[Expert],
    query: str,
    place: Place,
    panel: Panel,
    allowance: Allowance,
) -> list[Judged] | None:
    found: list[Judged] = []
    for call, expert in zip(calls, experts, strict=True):
        answered = await panel.asker.ask(
            call,
            lambda value, expert=expert: judged_by(value, expert, query, place),  # pyright: ignore[reportArgumentType]  # the seam gives strict JSON
            allowance,
            _nobody_listens,
        )
        if answered.value is None:
            return None
        found.append(answered.value)
    return found


async def _count(  # noqa: PLR0917 - everything that was said about one request
    query: str,
    draft: Draft,
    outlined: Outline,
    experts: Sequence[Expert],
    judged: Sequence[Judged],
    place: Place,
    asker: Asker,
) -> None:
    settled = [each for phrase in outlined.phrases for each in phrase.conditions]

    def compare() -> tuple[list[agreement.Agreement], bool]:
        each_of = [
            agreement.of_expert(one, settled, expert.group.keys if expert.group else (), place)
            for one, expert in zip(judged, experts, strict=True)
        ]
        return each_of, agreement.of_request(query, draft, outlined, judged, place)

    found, whole = await asyncio.to_thread(compare)
    for expert, one, said in zip(experts, found, judged, strict=True):
        tally = asker.counters.of(expert.name, expert.version, place.tenant)
        tally.compared += one.compared
        tally.agreed += one.agreed
        tally.empty += not said.found
    answers = asker.counters.answers(place.tenant)
    answers.compared += 1
    answers.agreed += whole


async def _nobody_listens(again: Retried) -> None:
    del again
