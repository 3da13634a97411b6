"""How ready a table is: what was found out about it, rated, with the next step for everything that is wrong.

The level is that of the worst finding. The score starts at 1; a kind of finding that limits takes 0.1, one
that stands in the way 0.5, each once however many fields it is about. Messages name fields and figures of
the table, never a value of a customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

Level = Literal["READY", "DEGRADED", "NOT_READY"]
LEVELS: tuple[Level, ...] = get_args(Level)

_COST: dict[Level, float] = {"READY": 0.0, "DEGRADED": 0.1, "NOT_READY": 0.5}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing. `field` or `resource_id` say what it is about; both empty: the table.

    `value` is what was measured and `limit` where it would have been better.
    """

    reason: str
    level: Level
    message: str
    advice: str
    field: str = ""
    resource_id: str = ""
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of one table at one moment. `version` tells one state from the next."""

    schema_id: str
    level: Level
    score: float
    findings: tuple[Finding, ...]
    checked_at: datetime
    llm_available: bool
    worker_available: bool
    rows: int | None = None
    snapshot_id: str = ""
    loaded_at: datetime | None = None
    usable_fields: tuple[str, ...] = field(default=())
    algorithms: tuple[str, ...] = ()

    def same_as(self, other: Readiness) -> bool:
        """Whether nothing has changed but the time."""
        return (self.findings, self.rows, self.snapshot_id, self.usable_fields) == (
            other.findings,
            other.rows,
            other.snapshot_id,
            other.usable_fields,
        )


def level_of(findings: Iterable[Finding]) -> Level:
    """That of the worst."""
    return LEVELS[max((LEVELS.index(each.level) for each in findings), default=0)]


def score_of(findings: Iterable[Finding]) -> float:
    """0-1, by kinds of findings.

    >>> score_of([Finding("MOSTLY_NULL", "DEGRADED", "", "", field=each) for each in "abc"])
    0.9
    """
    worst: dict[str, float] = {}
    for each in findings:
        worst[each.reason] = max(worst.get(each.reason, 0.0), _COST[each.level])
    return round(max(0.0, 1.0 - sum(worst.values())), 2)


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By how much they matter; equal ones stay in their order."""
    return tuple(sorted(findings, key=lambda each: -LEVELS.index(each.level)))
