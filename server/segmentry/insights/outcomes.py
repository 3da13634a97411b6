"""What became of builds: final criteria against proposed ones, classed and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.errors import InvalidParameters, MissingField
from segmentry.insights import edits
from segmentry.insights.build_log import BuildLog
from segmentry.insights.builds import KeptBuild, node_of, text_of
from segmentry.insights.edits import Change, Edit
from segmentry.insights.outcome_store import Outcome, OutcomeStore, Recorded, Report
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim


@dataclass(frozen=True, slots=True)
class Final:
    """Criteria that were used, checked against the table of their build."""

    node: Node
    catalog: Catalog
    clock: Clock


@dataclass(frozen=True, slots=True)
class Classed:
    """What a report came to. `edited` are the agents whose leaves were touched, each once."""

    edit: Edit
    edited: tuple[str, ...]
    compared: bool


class OutcomeService:
    """Reports on builds of all tenants."""

    def __init__(self, database: Database, log: BuildLog) -> None:
        self._store = OutcomeStore(database)
        self._log = log

    async def build(self, tenant: str, build_id: str) -> KeptBuild:
        """The build that a report is about. Raises: NotFound; Unavailable, StoreBusy."""
        await self._log.flush()
        return await self._store.build(tenant, build_id)

    async def record(
        self, build: KeptBuild, outcome: Outcome, final: Final | None, comment: str, claim: Claim | None
    ) -> Classed:
        """Class a report and keep it; it is committed when this returns.

        Raises: MissingField where the outcome needs final criteria; InvalidParameters where it has none;
        NotFound; AlreadyExists; Unavailable, StoreBusy.
        """
        refuse_final(build, outcome, given=final is not None)
        found = await asyncio.to_thread(_edit, build, outcome, final)
        used = build.proposed if outcome == "ACCEPTED" else None
        if final is not None:
            used = text_of(final.node)
        touched = found.touched
        if found.change != "UNTOUCHED":
            # Words that no leaf accounts for went well only where nothing was changed.
            touched |= {number for number, each in enumerate(build.leaves) if not each.agent}
        await self._store.record(
            build, Report(outcome, found.change, used, comment, frozenset(touched)), claim
        )
        agents = (
            build.leaves[number].agent for number in sorted(found.touched) if number < len(build.leaves)
        )
        compared = final is not None and build.proposed is not None
        return Classed(found, tuple(dict.fromkeys(agents)), compared or found.change == "UNTOUCHED")

    async def list(
        self, tenant: str, *, change: Change | None, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Recorded]:
        """A page of reports, in their order."""
        return await self._store.list(tenant, change=change, after=after, limit=limit)


def refuse_final(build: KeptBuild, outcome: Outcome, *, given: bool) -> None:
    """Refuse a report that lacks the criteria it is about, or has some that it cannot have.

    Raises: MissingField; InvalidParameters.
    """
    if outcome == "REJECTED" and given:
        raise InvalidParameters(
            "a build that was thrown away has no final criteria; leave final out, or say BUILT_BY_HAND",
            field="final",
        )
    if given:
        return
    if outcome == "EDITED":
        raise MissingField("final is needed: the criteria after the edit", field="final")
    if outcome == "ACCEPTED" and build.proposed is None:
        raise MissingField(
            "final is needed: the build asked a question and proposed nothing, so say what was used",
            field="final",
        )


def _edit(build: KeptBuild, outcome: Outcome, final: Final | None) -> Edit:
    if outcome == "REJECTED":
        return Edit("ABANDONED")
    if outcome == "BUILT_BY_HAND":
        return Edit("BUILT_BY_HAND")
    if final is None:
        return Edit("UNTOUCHED")
    if build.proposed is not None:
        return edits.edit(node_of(build.proposed), final.node, final.catalog, final.clock)
    # Of a question, a reading that was taken as it was offered is an answer.
    offered = any(
        edits.same(node_of(each), final.node, final.catalog, final.clock) for each in build.readings
    )
    return Edit("UNTOUCHED" if offered else "REWRITTEN")
