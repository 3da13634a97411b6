"""What became of a tenant's builds in a window of time: by class, by expert and prompt version, by phrase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from segmentry.insights.edits import EDITED, UNUSED, Change
from segmentry.state.database import Database

MOST_PHRASES: Final = 50
# Leaves that were there before a refinement: nobody read them.
CALLER: Final = "caller"


@dataclass(frozen=True, slots=True)
class LeafFigures:
    """Conditions of builds that were used, and how many of them were changed, moved or taken out."""

    reported: int
    edited: int

    @property
    def edit_rate(self) -> float | None:
        """0-1; None without any."""
        return self.edited / self.reported if self.reported else None


@dataclass(frozen=True, slots=True)
class PhraseFigures:
    """What became of the conditions that were read from one phrase, as figures may show it."""

    phrase: str
    reported: int
    edited: int
    abandoned: int

    @property
    def success(self) -> float:
        """Share that was used as it was, 0-1."""
        return (self.reported - self.edited - self.abandoned) / self.reported


@dataclass(frozen=True, slots=True)
class OutcomeFigures:
    """Builds by class, leaves by (agent, prompt version), phrases with the most failures first."""

    by_change: Mapping[Change, int]
    by_agent: Mapping[tuple[str, str], LeafFigures]
    phrases: tuple[PhraseFigures, ...]

    def count(self, *changes: Change) -> int:
        """Builds of these classes."""
        return sum(self.by_change.get(each, 0) for each in changes)

    @property
    def reported(self) -> int:
        return sum(self.by_change.values())

    @property
    def edited(self) -> int:
        """Builds that were used after a change."""
        return self.count(*EDITED)

    @property
    def used(self) -> int:
        return self.reported - self.count(*UNUSED)

    @property
    def edit_rate(self) -> float | None:
        """Share of the used builds that were changed before, 0-1; None without any."""
        return self.edited / self.used if self.used else None

    @property
    def text_success(self) -> float | None:
        """Share of the reported segments that came of words, 0-1; None without any."""
        return self.used / self.reported if self.reported else None


NO_FIGURES: Final = OutcomeFigures({}, {}, ())


async def figures(database: Database, tenant: str, since: datetime, until: datetime) -> OutcomeFigures:
    """What was reported in `[since, until)`. Raises: Unavailable, StoreBusy."""
    changes = await database.fetch(
        "SELECT change, count(*)::integer AS n FROM build "
        "WHERE tenant = $1 AND reported_at >= $2 AND reported_at < $3 GROUP BY change",
        tenant,
        since,
        until,
    )
    if not changes:
        return NO_FIGURES
    leaves = await database.fetch(
        "SELECT l.agent, l.prompt_version, count(*)::integer AS n, "
        "(count(*) FILTER (WHERE l.edited))::integer AS edited "
        "FROM outcome_leaf l JOIN build b USING (tenant, build_id) "
        "WHERE b.tenant = $1 AND b.reported_at >= $2 AND b.reported_at < $3 "
        "AND l.agent NOT IN ('', $4) AND b.change <> ALL ($5::text[]) GROUP BY 1, 2",
        tenant,
        since,
        until,
        CALLER,
        list(UNUSED),
    )
    phrases = await database.fetch(
        "SELECT * FROM (SELECT l.phrase, count(*)::integer AS n, "
        "(count(*) FILTER (WHERE l.edited AND b.change <> ALL ($4::text[])))::integer AS edited, "
        "(count(*) FILTER (WHERE b.change = ANY ($4::text[])))::integer AS abandoned "
        "FROM outcome_leaf l JOIN build b USING (tenant, build_id) "
        "WHERE b.tenant = $1 AND b.reported_at >= $2 AND b.reported_at < $3 AND l.phrase <> '' "
        "GROUP BY 1) p ORDER BY edited + abandoned DESC, n DESC, phrase LIMIT $5",
        tenant,
        since,
        until,
        list(UNUSED),
        MOST_PHRASES,
    )
    return OutcomeFigures(
        {cast("Change", row.text("change")): row.integer("n") for row in changes},  # a CHECK of the table
        {
            (row.text("agent"), row.text("prompt_version")): LeafFigures(
                row.integer("n"), row.integer("edited")
            )
            for row in leaves
        },
        tuple(
            PhraseFigures(
                row.text("phrase"), row.integer("n"), row.integer("edited"), row.integer("abandoned")
            )
            for row in phrases
        ),
    )
