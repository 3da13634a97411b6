"""Everything that is known of how a tenant's builds and experts have been doing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from segmentry.insights.agent_health import AgentHealth, Counts, Health, worst_first
from segmentry.insights.expert_counts import KEPT, ExpertCounts
from segmentry.insights.findings import POINTS, Finding, Measure, Part, Shares, drifts
from segmentry.insights.model_versions import ModelVersions
from segmentry.insights.outcome_figures import OutcomeFigures, figures
from segmentry.insights.saved_builds import saved_builds
from segmentry.state.database import Database


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Counts and outcomes of one window, and what should be looked at.

    `saved` counts builds that became segments.
    """

    health: Health
    outcomes: OutcomeFigures
    findings: tuple[Finding, ...]
    saved: int = 0


def _now() -> datetime:
    return datetime.now(UTC)


class HealthReports:
    """Adds up counts and outcomes. `points`: by how much a share has to get worse for an alarm;
    `versions` of the model that this server asks, `canaries` what the stored queries tell of it now."""

    def __init__(
        self,
        database: Database,
        counts: ExpertCounts,
        points: float = POINTS,
        versions: ModelVersions | None = None,
        now: Callable[[], datetime] = _now,
        *,
        canaries: Callable[[], Awaitable[tuple[Finding, ...]]] | None = None,
    ) -> None:
        self._database = database
        self._counts = counts
        self._points = points
        self._versions = versions
        self._now = now
        self._canaries = canaries

    async def report(self, tenant: str, window: timedelta | None = None) -> HealthReport:
        """How a tenant's builds did in a window, against the window of the same length before.

        A window that reaches back further than half of what is kept is compared with nothing.

        Raises: as `ExpertCounts.health`.
        """
        health = await self._counts.health(tenant, window)
        until = self._now()
        outcomes = await figures(self._database, tenant, health.since, until + timedelta(seconds=1))
        saved = await saved_builds(self._database, tenant, health.since)
        length = until - health.since
        earliest = health.since - length
        changed = () if self._versions is None else await self._versions.findings(health.since, tenant)
        if self._canaries is not None:
            changed = (*await self._canaries(), *changed)
        if length * 2 > KEPT + timedelta(minutes=20):
            return HealthReport(_with_edited(health, outcomes), outcomes, changed, saved)
        then = shares(
            await self._counts.totals(tenant, earliest, health.since),
            await figures(self._database, tenant, earliest, health.since),
        )
        current = shares(await self._counts.totals(tenant, health.since, None), outcomes)
        found = drifts(then, current, health.since, self._points)
        return HealthReport(_with_edited(health, outcomes), outcomes, (*changed, *found), saved)


def shares(counts: Counts, outcomes: OutcomeFigures) -> Shares:
    """The shares that drift is looked for in. `counts`: as `ExpertCounts.totals`."""
    wanted: dict[Measure, tuple[float, float, float]] = {
        "agreement": (counts.get("agreed", 0), counts.get("compared", 0), counts.get("compared", 0)),
        "words_accounted": (counts.get("accounted", 0), counts.get("words", 0), counts.get("builds", 0)),
        "offline": (counts.get("alone", 0), counts.get("builds", 0), counts.get("builds", 0)),
        "clarification": (counts.get("clarified", 0), counts.get("builds", 0), counts.get("builds", 0)),
        "repair": (
            counts.get("experts.repaired", 0),
            counts.get("experts.asked", 0),
            counts.get("experts.asked", 0),
        ),
        "edit": (outcomes.edited, outcomes.used, outcomes.used),
    }
    return {name: Part(part, whole, int(n)) for name, (part, whole, n) in wanted.items()}


def _with_edited(health: Health, outcomes: OutcomeFigures) -> Health:
    """Also those who were not asked in the window, of whose earlier work something was said in it."""
    known = {(each.agent, each.prompt_version) for each in health.agents}
    further = [AgentHealth(agent, version, {}) for agent, version in outcomes.by_agent.keys() - known]
    return Health(health.since, worst_first((*health.agents, *further)), health.answers)
