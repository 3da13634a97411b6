"""What became of the segments of the last run: who continues, who is gone, who moved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SegmentMatch:
    """A segment that continues one of the last run, under its id. `overlap` is the Jaccard index of both on
    today's customers, 0.5-1."""

    card_id: str
    overlap: float
    previous_size: int
    size: int


@dataclass(frozen=True, slots=True)
class RetiredSegment:
    """A segment of the last run that none continues."""

    card_id: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class MigrationFlow:
    """Customers who were in one segment and are in another, or in the same. Empty: in none."""

    from_card_id: str
    to_card_id: str
    customers: int


@dataclass(frozen=True, slots=True)
class MigrationCount:
    """Customers of one segment. Empty: in none."""

    card_id: str
    customers: int


@dataclass(frozen=True, slots=True)
class Migration:
    """Who moved since the last run. `compared` customers are in both tables, `moved` of them are no longer
    where they were; `joined` and `left` are in one table alone. A sample is of the customers of both."""

    flows: tuple[MigrationFlow, ...]
    joined: tuple[MigrationCount, ...]
    left: tuple[MigrationCount, ...]
    compared: int
    moved: int
    is_sample: bool = False


@dataclass(frozen=True, slots=True)
class Continuity:
    """What became of the segments of the last run over the same fields. `migration` is None where customers
    have no key or were not stored."""

    previous_run_id: str
    matches: tuple[SegmentMatch, ...]
    retired: tuple[RetiredSegment, ...]
    migration: Migration | None = None
