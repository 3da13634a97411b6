"""What a tenant may spend on the language model: reserved before its calls, settled with what they used.

Where it is kept is the `Ledger`'s business: `state.spending.SpendingStore`, in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from segmentry.errors import BudgetExhausted, SegmentryError, Unavailable
from segmentry.llm.model import Usage

_log = logging.getLogger(__name__)

# A request ends within 15 s and its calls 4 s later: what is not settled by then never will be.
EXPIRES_S: Final = 60.0
# A caller who waits for criteria waits no longer for a ledger that does not answer.
RESERVE_WITHIN_S: Final = 1.0
SETTLE_WITHIN_S: Final = 0.5
_NANO: Final = 1_000_000_000
NAMES: Final = ("requests_per_minute", "tokens_per_day", "cost_per_day_usd")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one tenant; 0 stands for none. Minutes and days are those of the clock, in UTC."""

    requests_per_minute: int = 0
    tokens_per_day: int = 0
    cost_per_day_usd: float = 0.0

    @property
    def bounded(self) -> bool:
        return bool(self.requests_per_minute or self.tokens_per_day or self.cost_per_day_usd)


class Ledger(Protocol):
    """Where sums and reservations are kept. Amounts are requests, tokens and billionths of a US dollar."""

    async def reserve(
        self,
        tenant: str,
        reservation_id: str,
        amounts: tuple[int, int, int],
        limits: tuple[int | None, int | None, int | None],
        expires_s: float,
    ) -> tuple[int, datetime] | None:
        """Reserve at once or not at all. None when granted, else which limit is used up and until when."""
        ...

    async def settle(self, tenant: str, reservation_id: str, tokens: int, cost_nano: int) -> None:
        """Put what was used in the place of what was reserved."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one request may spend: `most` of it, until it is settled."""

    tenant: str
    id: str
    most: Usage


@dataclass(frozen=True, slots=True)
class Budget:
    """The budgets of all tenants: `limits`, and for those in `tenants` their own."""

    ledger: Ledger
    limits: Limits
    tenants: Mapping[str, Limits] = field(default_factory=dict[str, Limits])
    reserve_within_s: float = RESERVE_WITHIN_S

    def limits_of(self, tenant: str) -> Limits:
        """What bounds a tenant."""
        return self.tenants.get(tenant, self.limits)

    async def reserve(self, tenant: str, most: Usage, *, n_requests: int = 1) -> Reservation | None:
        """Reserve what a request may use at most. None for a tenant whom nothing bounds.

        Raises: BudgetExhausted; Unavailable, StoreBusy or StorageFull where nobody can say what was spent,
        for money that cannot be counted is not spent.
        """
        limits = self.limits_of(tenant)
        if not limits.bounded:
            return None
        if limits.cost_per_day_usd and most.cost_usd is None:
            raise BudgetExhausted(
                "the price of this model is not known, so that a budget in US dollars cannot be kept; "
                "give a budget in tokens, or a model whose price is known",
                budget=NAMES[2],
            )
        amounts = (n_requests, most.prompt_tokens + most.completion_tokens, _nano(most.cost_usd))
        bounds = (
            limits.requests_per_minute or None,
            limits.tokens_per_day or None,
            math.floor(limits.cost_per_day_usd * _NANO) if limits.cost_per_day_usd else None,
        )
        made = Reservation(tenant, uuid.uuid4().hex, most)
        try:
            async with asyncio.timeout(self.reserve_within_s):
                refused = await self.ledger.reserve(tenant, made.id, amounts, bounds, EXPIRES_S)
        except TimeoutError:
            raise Unavailable(
                "the store that counts budgets did not answer in time", retry_after_s=1.0
            ) from None
        if refused is None:
            return made
        name, until = NAMES[refused[0]], refused[1].isoformat().replace("+00:00", "Z")
        raise BudgetExhausted(
            f"the tenant's budget for the language model ({name}) is used up or too small until {until}",
            budget=name,
            resetsAt=until,
        )

    async def settle(self, reservation: Reservation, used: Usage) -> None:
        """Settle with what was used. Where that fails, the log says so and the reservation stays spent."""
        tokens = used.prompt_tokens + used.completion_tokens
        try:
            async with asyncio.timeout(SETTLE_WITHIN_S):
                await self.ledger.settle(reservation.tenant, reservation.id, tokens, _nano(used.cost_usd))
        except (SegmentryError, TimeoutError) as error:
            _log.warning("what a request spent could not be settled: %s", type(error).__name__)


def _nano(usd: float | None) -> int:
    return 0 if usd is None else math.ceil(usd * _NANO)
