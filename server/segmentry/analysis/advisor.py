"""Whom the analyses of a server ask when a model is configured, and what that may cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from segmentry.agents.allowance import EXTRA_CALLS, Allowance
from segmentry.agents.asking import Asker
from segmentry.analysis.terms import NO_MODEL, TOKENS_PER_CHARACTER, Terms, length
from segmentry.llm.budget import Budget
from segmentry.llm.cost import at_most
from segmentry.llm.model import NO_USAGE, ModelCall, Usage
from segmentry.llm.profiles import profile
from segmentry.llm.purse import Purse

# An answer of 900 tokens takes 15 s at 60 tokens a second. Reservations end after 60 s (`llm.budget`).
REQUEST_S: Final = 45.0
CALL_S: Final = 30.0
# A result with the names of templates is whole: it waits no longer for better ones.
NAMES_S: Final = 5.0
# How much a call's real count moves what the next estimate is made with.
_LEARNT: Final = 0.2


@dataclass(slots=True)
class Advisor:
    """What analyses share: the asker, the tenants' budgets, and how long texts turned out to be in tokens."""

    asker: Asker
    max_tokens: int = 2048
    budget: Budget | None = None
    request_s: float = REQUEST_S
    call_s: float = CALL_S
    names_s: float = NAMES_S
    _tokens_per_character: float = field(default=TOKENS_PER_CHARACTER, init=False)

    @property
    def terms(self) -> Terms:
        """What a worker and an estimate need to know of it."""
        return Terms(self.asker.model.model, self.max_tokens, self._tokens_per_character)

    def learn(self, call: ModelCall, used: Usage) -> None:
        """Note how many tokens the vendor counted for one call, which nobody had to repeat."""
        if used.calls == 1 and not used.estimated and used.prompt_tokens:
            seen = used.prompt_tokens / max(length(call), 1)
            self._tokens_per_character += _LEARNT * (seen - self._tokens_per_character)

    @asynccontextmanager
    async def allowed(
        self, tenant: str, calls: Sequence[ModelCall], *, within_s: float | None = None
    ) -> AsyncGenerator[Allowance]:
        """What may be spent on those calls and further attempts at them: reserved now, settled at the end.

        `within_s` counts from now on; without it `request_s` from the reservation on.

        Raises: BudgetExhausted; Unavailable, StoreBusy or StorageFull where nobody can say what was spent.
        """
        ends_at = None if within_s is None else monotonic() + within_s
        row = profile(self.asker.model.model)
        purse = Purse()
        reservation = None
        if self.budget is not None and calls:
            limits = self.budget.limits_of(tenant)
            each = [at_most(call, row) for call in calls]
            dearest = max(each, key=lambda usage: usage.prompt_tokens + usage.completion_tokens)
            most = sum([*each, *[dearest] * EXTRA_CALLS], NO_USAGE)
            reservation = await self.budget.reserve(tenant, most)
            if reservation is not None:
                if limits.tokens_per_day:
                    purse.tokens = most.prompt_tokens + most.completion_tokens
                if limits.cost_per_day_usd:
                    purse.usd = most.cost_usd
        try:
            yield Allowance(
                monotonic() + self.request_s if ends_at is None else ends_at,
                call_s=self.call_s,
                tenant=tenant,
                purse=purse,
                price=lambda call: at_most(call, row),
            )
        finally:
            if reservation is not None and self.budget is not None:
                await self.budget.settle(reservation, purse.used)


@dataclass(frozen=True, slots=True)
class Advisors:
    """Whom the analyses of each tenant ask: `common`, or one of the tenant's `own`."""

    common: Advisor | None = None
    own: Mapping[str, Advisor] = field(default_factory=dict[str, Advisor])

    def of(self, tenant: str) -> Advisor | None:
        """Whom a tenant's analyses ask; None: nobody."""
        return self.own.get(tenant, self.common)

    def asked_by(self, tenant: str) -> bool:
        """Whether a tenant's analyses may ask anybody."""
        return self.of(tenant) is not None

    def terms(self, tenant: str) -> Terms:
        """What a worker and an estimate need to know of a tenant's model."""
        advisor = self.of(tenant)
        return NO_MODEL if advisor is None else advisor.terms


NO_ADVISORS: Final = Advisors()
