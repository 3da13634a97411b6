"""What tenants have spent on the language model: reserved before a call, settled after it.

Everything about one tenant is one row, which each statement locks: however many requests and servers come at
the same time, together they never get more than the limits. Windows are the database's clock, in UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from segmentry.state.database import Database, Session

# PostgreSQL's largest bigint stands for no limit.
UNBOUNDED: Final = 2**63 - 1

# One statement: the row of the tenant is made or locked, compared with the limits as it is then, and raised
# together with the reservation. A window that is over counts as 0.
_RESERVE: Final = """
WITH granted AS (
    INSERT INTO model_budget AS b (tenant, minute, requests, day, tokens, cost_nano)
    SELECT $1::text, date_trunc('minute', clock_timestamp()), $3::bigint,
        date_trunc('day', clock_timestamp(), 'UTC'), $4::bigint, $5::bigint
    WHERE $3 <= $6::bigint AND $4 <= $7::bigint AND $5 <= $8::bigint
    ON CONFLICT (tenant) DO UPDATE SET
        minute = greatest(b.minute, EXCLUDED.minute),
        requests = EXCLUDED.requests + CASE WHEN b.minute >= EXCLUDED.minute THEN b.requests ELSE 0 END,
        day = greatest(b.day, EXCLUDED.day),
        tokens = EXCLUDED.tokens + CASE WHEN b.day >= EXCLUDED.day THEN b.tokens ELSE 0 END,
        cost_nano = EXCLUDED.cost_nano + CASE WHEN b.day >= EXCLUDED.day THEN b.cost_nano ELSE 0 END
    WHERE EXCLUDED.requests + CASE WHEN b.minute >= EXCLUDED.minute THEN b.requests ELSE 0 END <= $6
        AND EXCLUDED.tokens + CASE WHEN b.day >= EXCLUDED.day THEN b.tokens ELSE 0 END <= $7
        AND EXCLUDED.cost_nano + CASE WHEN b.day >= EXCLUDED.day THEN b.cost_nano ELSE 0 END <= $8
    RETURNING tenant, day
)
INSERT INTO model_reservation (reservation_id, tenant, day, tokens, cost_nano, expires_at)
SELECT $2::text, tenant, day, $4, $5, clock_timestamp() + make_interval(secs => $9) FROM granted
RETURNING reservation_id
"""

# What was reserved goes, what was used comes. What has expired is beyond its settlement: nobody knows what it
# used, so that its row goes and the sum keeps the most that it may have been. SKIP LOCKED, because two that
# clear away at once would wait for each other's rows.
_SETTLE: Final = """
WITH done AS (
    DELETE FROM model_reservation WHERE reservation_id = $2 AND tenant = $1 RETURNING day, tokens, cost_nano
), gone AS (
    DELETE FROM model_reservation WHERE reservation_id IN (
        SELECT reservation_id FROM model_reservation
        WHERE tenant = $1 AND reservation_id <> $2 AND expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED
    )
)
UPDATE model_budget AS b SET
    tokens = greatest(b.tokens + $3 - done.tokens, 0),
    cost_nano = greatest(b.cost_nano + $4 - done.cost_nano, 0)
FROM done WHERE b.tenant = $1 AND b.day = done.day
"""


class SpendingStore:
    """The sums and reservations of all tenants in PostgreSQL; what `llm.budget.Ledger` asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self,
        tenant: str,
        reservation_id: str,
        amounts: tuple[int, int, int],
        limits: tuple[int | None, int | None, int | None],
        expires_s: float,
    ) -> tuple[int, datetime] | None:
        """Reserve requests, tokens and billionths of a dollar; None when granted.

        `limits` are per minute, day and day in the same order, None for none. Refused: which of the three is
        used up (0-2) and when its window ends. What is not settled within `expires_s` stays spent.

        Raises: Unavailable, StoreBusy, StorageFull.
        """
        bounds = tuple(UNBOUNDED if each is None else each for each in limits)
        async with self._database.transaction() as session:
            values = (tenant, reservation_id, *amounts, *bounds, expires_s)
            if await session.fetch_one(_RESERVE, *values) is not None:
                return None
            return await _spent(session, tenant, amounts, bounds)

    async def settle(self, tenant: str, reservation_id: str, tokens: int, cost_nano: int) -> None:
        """Put what was used in the place of what was reserved, unless that has expired and is gone.

        Raises: as `reserve`.
        """
        await self._database.execute(_SETTLE, tenant, reservation_id, tokens, cost_nano)


async def _spent(
    session: Session, tenant: str, amounts: tuple[int, int, int], bounds: tuple[int, ...]
) -> tuple[int, datetime]:
    """Which of the three is used up, and when its window ends."""
    row = await session.fetch_one(
        "SELECT n.minute, n.day, "
        "CASE WHEN b.minute >= n.minute THEN b.requests ELSE 0 END AS requests, "
        "CASE WHEN b.day >= n.day THEN b.tokens ELSE 0 END AS tokens, "
        "CASE WHEN b.day >= n.day THEN b.cost_nano ELSE 0 END AS cost_nano "
        "FROM (SELECT date_trunc('minute', clock_timestamp()) AS minute, "
        "date_trunc('day', clock_timestamp(), 'UTC') AS day) AS n "
        "LEFT JOIN model_budget AS b ON b.tenant = $1",
        tenant,
    )
    assert row is not None  # of one row a left join gives one
    used = [row.integer(name) for name in ("requests", "tokens", "cost_nano")]
    over = [each + asked > most for each, asked, most in zip(used, amounts, bounds, strict=True)]
    # Somebody may have settled in between: then the day's tokens were what was missing a moment ago.
    which = over.index(True) if any(over) else 1
    ends = (
        row.instant("minute") + timedelta(minutes=1) if which == 0 else row.instant("day") + timedelta(days=1)
    )
    return which, ends
