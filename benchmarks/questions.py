"""The questions that engines are timed with: as criteria, as a Polars expression and as SQL for DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
SIXTY_DAYS_AGO = datetime(2025, 10, 17, tzinfo=UTC)
DAY = "TIMESTAMPTZ '2025-10-17 00:00:00+00'"


@dataclass(frozen=True)
class Question:
    """One row. `bars`: the most it may take at 1 and 10 million members, in ms, from the design's targets."""

    name: str
    criteria: str
    polars: pl.Expr
    sql: str
    bars: tuple[float, float]


_SCORE, _TIER, _STATUS = pl.col("engagementScore"), pl.col("membershipTier"), pl.col("status")
_BOOKED, _CHURN, _TAGS = pl.col("lastBookingAt"), pl.col("churnRiskScore"), pl.col("tags")
TOP_TIERS = ["PLATINUM", "DIAMOND"]

FIVE = (
    '{"status":"ACTIVE"}',
    '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}',
    '{"engagementScore":{"$gte":70}}',
    '{"churnRiskScore":{"$lte":30}}',
    '{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}',
)
FIVE_POLARS = (
    _STATUS == "ACTIVE",
    _TIER.is_in(TOP_TIERS),
    _SCORE >= 70,
    _CHURN <= 30,
    _BOOKED < SIXTY_DAYS_AGO,
)
FIVE_SQL = (
    "status = 'ACTIVE'",
    "membershipTier IN ('PLATINUM', 'DIAMOND')",
    "engagementScore >= 70",
    "churnRiskScore <= 30",
    f"lastBookingAt < {DAY}",
)
# The field of a clause that is added to the five.
REFINED = "bookingCount90d"

QUESTIONS = (
    Question("one scalar", '{"engagementScore":{"$gte":10}}', _SCORE >= 10, "engagementScore >= 10", (2, 20)),
    Question(
        "tier and date",
        f'{{"$and":[{FIVE[1]},{FIVE[4]}]}}',
        FIVE_POLARS[1] & FIVE_POLARS[4],
        f"{FIVE_SQL[1]} AND {FIVE_SQL[4]}",
        (2, 20),
    ),
    Question(
        "five predicates",
        f'{{"$and":[{",".join(FIVE)}]}}',
        pl.all_horizontal(FIVE_POLARS),
        " AND ".join(FIVE_SQL),
        (2, 20),
    ),
    Question(
        "or, not, nin",
        '{"$or":[{"$not":{"engagementScore":{"$lt":50}}},{"status":{"$nin":["DELETED","MERGED"]}}]}',
        ~(_SCORE < 50).fill_null(value=False) | ~_STATUS.is_in(["DELETED", "MERGED"]).fill_null(value=False),
        "engagementScore IS NULL OR NOT engagementScore < 50 OR status IS NULL"
        " OR status NOT IN ('DELETED', 'MERGED')",
        (2, 20),
    ),
    Question(
        "email contains",
        '{"email":{"$contains":"smith"}}',
        pl.col("email").str.contains("smith", literal=True),
        "contains(email, 'smith')",
        (15, 150),
    ),
    Question(
        "tag contains",
        '{"tags":{"$contains":"vip"}}',
        _TAGS.list.contains("vip"),
        "list_contains(tags, 'vip')",
        (2, 2),
    ),
)
FIELDS = (
    "email", "status", "membershipTier", "engagementScore", "churnRiskScore", "lastBookingAt", "tags",
    REFINED,
)  # fmt: skip
