"""The money of one request: the caller's own bound, and the tenant's budget, reserved before any call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from segmentry.agents.allowance import EXTRA_CALLS
from segmentry.agents.registry import Expert
from segmentry.builder.outcome import Fallback
from segmentry.builder.panel import Panel
from segmentry.builder.request import Options
from segmentry.errors import BudgetExhausted, SegmentryError
from segmentry.llm.budget import Reservation
from segmentry.llm.cost import at_most
from segmentry.llm.model import NO_USAGE, ModelCall, Usage
from segmentry.llm.profiles import profile
from segmentry.llm.purse import Purse


class Payment:
    """What the calls of one request are paid out of. `settle` ends it, however the request ended.

    `purse` is bounded by the caller's `max_cost_usd` and by what was reserved of the tenant's budget.
    """

    def __init__(self, tenant: str, panel: Panel, options: Options) -> None:
        self._tenant = tenant
        self._budget = panel.budget
        self._limits = None if panel.budget is None else panel.budget.limits_of(tenant)
        self._row = profile(panel.asker.model.model)
        self._cap = options.max_cost_usd
        self._reservations: list[Reservation] = []
        self._reserved = NO_USAGE
        self._lock = asyncio.Lock()
        self._refused: SegmentryError | None = None
        self.purse = Purse(usd=self._cap)

    def most(self, call: ModelCall) -> Usage:
        """The most that a call may use."""
        return at_most(call, self._row)

    async def reserve(self, calls: Sequence[ModelCall]) -> None:
        """Reserve what those calls, and further attempts at them, may use at most; once for a request.

        Raises: as `Budget.reserve`, also when it was refused before.
        """
        async with self._lock:
            if self._refused is not None:
                raise self._refused
            if self._reservations or not calls or not self._bounded:
                return
            most = [self.most(each) for each in calls]
            dearest = max(most, key=lambda each: each.prompt_tokens + each.completion_tokens)
            try:
                await self._reserve(sum(most + [dearest] * EXTRA_CALLS, NO_USAGE), n_requests=1)
            except SegmentryError as error:
                self._refused = error
                raise

    async def make_room(self, call: ModelCall) -> None:
        """Reserve for one more call where what was reserved is used up. Without success it is not paid."""
        most = self.most(call)
        async with self._lock:
            if not self._reservations or self.purse.covers(most):
                return
            cost = (self.purse.used + most).cost_usd
            if self._cap is not None and (cost is None or cost > self._cap):
                return
            try:
                await self._reserve(most, n_requests=0)
            except SegmentryError:
                # The call is refused by the purse, and the reply says so.
                return

    async def settle(self) -> None:
        """Give back what was reserved and not used."""
        for number, each in enumerate(self._reservations):
            assert self._budget is not None
            await self._budget.settle(each, self.purse.used if number == 0 else NO_USAGE)

    @property
    def _bounded(self) -> bool:
        return self._limits is not None and self._limits.bounded

    async def _reserve(self, most: Usage, *, n_requests: int) -> None:
        assert self._budget is not None
        assert self._limits is not None
        if self._cap is not None and most.cost_usd is not None:
            most = replace(most, cost_usd=min(most.cost_usd, self._cap))
        made = await self._budget.reserve(self._tenant, most, n_requests=n_requests)
        if made is None:
            return
        self._reservations.append(made)
        self._reserved += most
        if self._limits.tokens_per_day:
            self.purse.tokens = self._reserved.prompt_tokens + self._reserved.completion_tokens
        if self._limits.cost_per_day_usd and self._reserved.cost_usd is not None:
            cost = self._reserved.cost_usd
            self.purse.usd = cost if self._cap is None else min(cost, self._cap)


def affordable(
    experts: Sequence[Expert],
    message: str,
    panel: Panel,
    options: Options,
    *,
    spent: float = 0.0,
    courtesy: bool = False,
) -> tuple[tuple[Expert, ...], tuple[Fallback, ...]]:
    """The first of the experts that the caller's `max_cost_usd` pays for, and a notice of the others.

    `spent` US dollars are planned for others already; `courtesy`: the criteria are the same without them.

    Raises: BudgetExhausted where the model is required and does not get everybody.
    """
    cap = options.max_cost_usd
    if cap is None or not experts:
        return tuple(experts), ()
    row = profile(panel.asker.model.model)
    kept: list[Expert] = []
    notices: list[Fallback] = []
    if row.price is None:
        said = (
            f"the price of {panel.asker.model.model} is not known, so that max_cost_usd cannot be kept; "
            "leave it out, or bound the calls with max_model_calls"
        )
        notices.append(_notice(said))
        experts = ()
    cost, unpaid = spent, list[str]()
    for each in experts:
        cost += at_most(each.call(message, panel.max_tokens), row).cost_usd or 0.0
        if cost <= cap:
            kept.append(each)
        else:
            unpaid.append(each.name)
    if unpaid:
        whom = (
            f"1 expert ({unpaid[0]})" if len(unpaid) == 1 else f"{len(unpaid)} experts ({', '.join(unpaid)})"
        )
        notices.append(
            _notice(f"max_cost_usd of {cap:g} does not pay for {whom}; all take at most {cost:.6f}", *unpaid)
        )
    if notices and options.require_llm and not courtesy:
        raise BudgetExhausted(notices[-1].message, budget="max_cost_usd", maximum=cap)
    return tuple(kept), tuple(notices)


def _notice(message: str, *subtasks: str) -> Fallback:
    alone = subtasks[0] if len(subtasks) == 1 else ""
    others = subtasks if len(subtasks) > 1 else ()
    return Fallback("LLM", "DETERMINISTIC", "BUDGET_EXHAUSTED", message, alone, others)
