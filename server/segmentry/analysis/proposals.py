"""The tier of the model: segments proposed from statistics, each counted before it is shown."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from typing import Final

import numpy as np

from segmentry.agents.pieces import Fault
from segmentry.agents.proposing import Proposal, Proposed, propose
from segmentry.analysis import cards, told, words
from segmentry.analysis.advisor import Advisor
from segmentry.analysis.asking import Asking, Say
from segmentry.analysis.cards import Ruled
from segmentry.analysis.estimate import field_notices
from segmentry.analysis.events import AnalysisResult, Notice, Overlap, Progress, SegmentCard
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.statistics import profile
from segmentry.analysis.survey import Survey, survey
from segmentry.analysis.table import Mask
from segmentry.criteria.nodes import And, Leaf, Node
from segmentry.criteria.segments import Saved
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import SegmentryError
from segmentry.llm.model import NO_USAGE, CallFailed, Usage
from segmentry.llm.required import as_error

AGENT: Final = "statistics"
# One segment is everyone else's rest: the heuristic says more.
FEWEST: Final = 2


class NotProposed(Exception):
    """The model gave no segments. `error` is what a caller who requires it is told, `usage` what it cost."""

    def __init__(self, reason: str, error: SegmentryError, usage: Usage = NO_USAGE, took_s: float = 0.0):
        super().__init__(error.message)
        self.reason = reason
        self.error = error
        self.usage = usage
        self.took_s = took_s


async def discover(  # noqa: PLR0917 - a table, how to look at it, and whom to ask
    snapshot: Snapshot,
    parameters: Parameters,
    as_of: datetime,
    advisor: Advisor,
    tenant: str,
    say: Say,
    *,
    time_zone: str = "",
    saved: Saved | None = None,
) -> AnalysisResult:
    """Segments that a model proposes from statistics. Says the plan, the fields, the question and the cards.

    Raises: NotProposed; what `survey.survey` raises.
    """
    seen = await asyncio.to_thread(
        survey, snapshot, parameters, as_of, terms=advisor.terms, time_zone=time_zone, saved=saved
    )
    await say(seen.plan)
    notices = field_notices(seen.features, seen.plan.suggested_features)
    for name, column in seen.profiled.items():
        await say(await asyncio.to_thread(profile, column, "", seen.advice[name].role))
    await say(Progress("asking a model for segments", 0.2))
    proposal, took_s = await _asked(seen, advisor, tenant, say)
    await say(Progress("counting segments", 0.8))
    made = await asyncio.to_thread(_counted, seen, proposal.segments)
    for card in made.segments:
        await say(card)
    return dataclasses.replace(
        made,
        notices=(*notices, *seen.notices, *made.notices, *(_dropped(each) for each in proposal.faults)),
        usage=proposal.usage,
        model=advisor.asker.model.model,
        model_s=took_s,
    )


async def _asked(seen: Survey, advisor: Advisor, tenant: str, say: Say) -> tuple[Proposal, float]:
    scope, catalog = seen.scope, seen.scope.snapshot.catalog
    rows, asked_for = scope.table.rows, told.wanted(seen.effective)
    statistics = await asyncio.to_thread(told.statistics, seen.read)
    call = told.prompt_call(statistics, rows, asked_for, catalog, advisor.max_tokens)
    asking = Asking(AGENT, AGENT, advisor.asker.model.provider, say)
    await asking.started(
        f"statistics of {words.many(len(statistics), 'field')}", "" if call is None else call.prompt_version
    )

    async def count(node: Node) -> int:
        matched = await asyncio.to_thread(scope.matched, scope.criteria(_leaves(node)))
        return int(np.count_nonzero(matched))

    try:
        async with advisor.allowed(tenant, [] if call is None else [call]) as allowance:
            proposal = await propose(
                statistics,
                rows,
                asked_for,
                catalog,
                scope.clock,
                advisor.asker,
                allowance,
                max_tokens=advisor.max_tokens,
                say=asking.retried,
                count=count,
            )
    except SegmentryError as err:
        # The budget is used up, or nobody can say what was spent: nothing was asked.
        failure = CallFailed("BUDGET_EXHAUSTED", err.message)
        await asking.failed(failure, NO_USAGE)
        raise NotProposed(failure.cause, err) from err
    if call is not None:
        advisor.learn(call, proposal.usage)
    failure = proposal.failure
    if failure is None and len(proposal.segments) < FEWEST:
        failure = CallFailed("LLM_BAD_OUTPUT", "fewer than two of the proposed segments can be used")
    if failure is not None:
        await asking.failed(failure, proposal.usage)
        error = as_error(failure, advisor.asker.model.provider, AGENT, asking.attempt)
        raise NotProposed(failure.cause, error, proposal.usage, asking.elapsed_s)
    await asking.succeeded(proposal.usage, len(proposal.segments))
    return proposal, asking.elapsed_s


def _dropped(fault: Fault) -> Notice:
    text = f"a proposed segment was left out: at {fault.place} of the model's answer, {fault.message}"
    return Notice("SEGMENT_DROPPED", text)


def _leaves(node: Node) -> tuple[Leaf, ...]:
    items = node.items if isinstance(node, And) else (node,)
    return tuple(each for each in items if isinstance(each, Leaf))


def _counted(seen: Survey, proposed: Sequence[Proposed]) -> AnalysisResult:
    scope, rows = seen.scope, seen.scope.table.rows
    ruled = [Ruled(each.name, each.description, each.suggested_use, _leaves(each.node)) for each in proposed]
    made = cards.of_rules(scope, ruled, seen.read)
    masks = [mask for _, mask in made]
    covered = int(np.count_nonzero(np.any(masks, axis=0)))
    twice = int(np.count_nonzero(np.sum(masks, axis=0, dtype=np.int32) > 1))
    text = f"{len(made)} segments proposed from statistics hold {words.share(100 * covered / rows)} of "
    text += words.customers(rows)
    notices: tuple[Notice, ...] = ()
    if twice:
        said = f"{words.customers(twice)} in more than one segment: sizes add up to more than the table"
        notices = (Notice("SEGMENTS_OVERLAP", said),)
    return AnalysisResult(
        tier="LLM",
        segments=tuple(card for card, _ in made),
        rows=rows,
        unassigned=rows - covered,
        parameters=seen.effective,
        chosen_by="proposed from statistics of the fields",
        fields=seen.plan.fields,
        notices=notices,
        message=f"{text}.",
        snapshot_id=scope.snapshot.snapshot_id,
        overlaps=tuple(_overlaps(made)),
        covered_percentage=round(100 * covered / rows, 2),
    )


def _overlaps(made: Sequence[tuple[SegmentCard, Mask]]) -> list[Overlap]:
    found: list[Overlap] = []
    for (one, its_rows), (other, their_rows) in combinations(made, 2):
        both = int(np.count_nonzero(its_rows & their_rows))
        if both:
            found.append(Overlap(one.card_id, other.card_id, both))
    return found
