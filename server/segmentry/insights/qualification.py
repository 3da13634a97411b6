"""Qualification rules as a service: put into use, taken out of it, held against customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from segmentry.criteria.dates import Clock
from segmentry.errors import InvalidCriteria, InvalidParameters
from segmentry.insights.counting import KeptCriteria, drifted
from segmentry.insights.held_rule import HeldRule, HeldRules
from segmentry.insights.recommendation_store import RecommendationStore
from segmentry.insights.rule import QualificationRule, State
from segmentry.insights.rules_in_use import RulesInUse
from segmentry.insights.verdicts import HeldTable, Judged, Verdict, judged, said, unused
from segmentry.state.idempotency import Claim

MOST_CUSTOMERS = 1_000
MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class Activated:
    """A rule that is in use. `drift`: how its count has moved since it was made; mostly empty."""

    rule: QualificationRule
    drift: str = ""


class QualificationService:
    """The rules of all tenants, over the customers that they judge."""

    def __init__(self, store: RecommendationStore, kept: KeptCriteria) -> None:
        self._store = store
        self._in_use = RulesInUse(store)
        self._held = HeldRules(kept)
        self._kept = kept

    async def get(self, tenant: str, rule_id: str) -> QualificationRule:
        """Raises: NotFound, also for another tenant's."""
        return await self._store.rule(tenant, rule_id)

    async def list(
        self,
        tenant: str,
        *,
        state: State | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> Sequence[QualificationRule]:
        """A page in order of creation; `after` is the (create_time, id) of the last one that was seen."""
        return await self._store.rules(tenant, state=state, after=after, limit=limit)

    async def activate(
        self, tenant: str, rule_id: str, etag: str, *, now: datetime, claim: Claim | None = None
    ) -> Activated:
        """Put a draft into use, checked and counted again.

        Raises: NotFound; VersionMismatch; InvalidState unless it is a draft; InvalidCriteria where the table
        has changed since; AlreadyExists.
        """
        if claim is not None and (earlier := await self._store.moved(tenant, claim)) is not None:
            return Activated(earlier)
        before = await self._store.rule(tenant, rule_id)
        if claim is None:
            # Else a parallel call of the same id may have been first, which the store finds out.
            before.refuse_etag(etag)
            before.refuse_state("DRAFT", "activated")
        found = await self._kept.counted(tenant, before.schema_id, before.criteria, now)
        rule = await self._store.activate(tenant, rule_id, etag, found.matched, claim)
        return Activated(rule, drifted(before.matched_count, found.matched))

    async def archive(
        self, tenant: str, rule_id: str, etag: str, *, claim: Claim | None = None
    ) -> QualificationRule:
        """Take a rule out of use for good. Raises: NotFound; VersionMismatch; AlreadyExists."""
        if claim is not None and (earlier := await self._store.moved(tenant, claim)) is not None:
            return earlier
        return await self._store.archive(tenant, rule_id, etag, claim)

    async def check(
        self,
        tenant: str,
        customer_ids: Sequence[str],
        rule_ids: Sequence[str] = (),
        *,
        schema_id: str = "",
        include_drafts: bool = False,
        as_of: datetime,
    ) -> Judged:
        """Hold each rule against each customer: the rules named, else the active ones of the table.

        A rule that is not in use, or whose criteria no longer fit the table, says so in its verdict and
        spoils no other. All rules of a table are held against one version of its rows. The rules are those of
        a second ago at most, and never older than the last change that this server made.

        Raises: InvalidParameters beyond 1,000 customers or 100 rules; NotFound for a rule or the table;
        SmallCountsWithheld; whatever else the store raises.
        """
        _refuse_many(customer_ids, rule_ids)
        if rule_ids:
            rules = await self._in_use.named(tenant, rule_ids)
        else:
            table = await self._kept.customers.table(tenant, schema_id)
            states: list[State] = ["ACTIVE", "DRAFT"] if include_drafts else ["ACTIVE"]
            rules = await self._in_use.usable(tenant, table.schema_id, states, MOST_RULES + 1)
            if len(rules) > MOST_RULES:
                raise InvalidParameters(
                    f"more than {MOST_RULES} rules are in use; name those to check", field="rule_ids"
                )
        usable = [
            each for each in rules if each.state == "ACTIVE" or (include_drafts and each.state == "DRAFT")
        ]
        # The same whoever is asked about: of rules that are not in use, and that fit their table no more.
        known = {each.rule_id: unused(each) for each in rules}
        tables: list[HeldTable] = []
        for schema in dict.fromkeys(each.schema_id for each in usable):
            theirs = [each for each in usable if each.schema_id == schema]
            held, faults = await self._table(tenant, theirs, customer_ids, as_of)
            known |= faults
            if held is not None:
                tables.append(held)
        return judged(rules, tables, known, customer_ids)

    async def _table(
        self,
        tenant: str,
        rules: Sequence[QualificationRule],
        customer_ids: Sequence[str],
        as_of: datetime,
    ) -> tuple[HeldTable | None, dict[str, Verdict]]:
        """The rules of one table held against its customers, and what is said of those that fit no more."""
        schema_id = rules[0].schema_id
        pinned = await self._kept.customers.pinned(tenant, schema_id)
        catalog = (await pinned.table(tenant, schema_id)).catalog
        clock = Clock.at(as_of, catalog.time_zone)
        held: list[HeldRule] = []
        faults: dict[str, Verdict] = {}
        for rule in rules:
            try:
                held.append(await self._held.ready(tenant, rule, catalog, clock))
            except InvalidCriteria as err:
                faults[rule.rule_id] = said(rule, None, f"the rule no longer fits its table: {err.message}")
        if not held:
            return None, faults
        nodes = [node for each in held for node in each.nodes]
        alike = await pinned.holds(tenant, schema_id, nodes, customer_ids, clock.as_of)
        return HeldTable(held, alike), faults


def _refuse_many(customer_ids: Sequence[str], rule_ids: Sequence[str]) -> None:
    for field, given, most in (
        ("customer_ids", customer_ids, MOST_CUSTOMERS),
        ("rule_ids", rule_ids, MOST_RULES),
    ):
        if len(given) > most:
            raise InvalidParameters(
                f"{field} has {len(given):,} ids, limit {most:,}; ask in several calls", field=field
            )
