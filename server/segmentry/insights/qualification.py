"""Qualification rules as a service: put into use, taken out of it, held against customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from segmentry.criteria import check
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.english import english
from segmentry.criteria.nodes import And, Node
from segmentry.customers.store import Truths
from segmentry.errors import InvalidCriteria, InvalidParameters
from segmentry.insights.counting import KeptCriteria, drifted, node_of
from segmentry.insights.recommendation_store import RecommendationStore
from segmentry.insights.rule import QualificationRule, State
from segmentry.state.idempotency import Claim

MOST_CUSTOMERS = 1_000
MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class Activated:
    """A rule that is in use. `drift`: how its count has moved since it was made; mostly empty."""

    rule: QualificationRule
    drift: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule held against one customer. `qualifies` is None where that cannot be said."""

    rule_id: str
    version: int
    qualifies: bool | None
    message: str


class Judged(NamedTuple):
    """The verdicts on one customer, one per rule in their order."""

    customer_id: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """A rule ready for the engine: `nodes` are the whole and, where it is a list, its conditions."""

    rule: QualificationRule
    nodes: tuple[Node, ...]
    names: tuple[str, ...]


class QualificationService:
    """The rules of all tenants, over the customers that they judge."""

    def __init__(self, store: RecommendationStore, kept: KeptCriteria) -> None:
        self._store = store
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
    ) -> list[Judged]:
        """Hold each rule against each customer: the rules named, else the active ones of the table.

        A rule that is not in use, or whose criteria no longer fit the table, says so in its verdict and
        spoils no other. All rules of a table are held against one version of its rows.

        Raises: InvalidParameters beyond 1,000 customers or 100 rules; NotFound for a rule or the table;
        SmallCountsWithheld; whatever else the store raises.
        """
        _refuse_many(customer_ids, rule_ids)
        if rule_ids:
            rules = await self._store.named(tenant, rule_ids)
        else:
            table = await self._kept.customers.table(tenant, schema_id)
            states: list[State] = ["ACTIVE", "DRAFT"] if include_drafts else ["ACTIVE"]
            rules = await self._store.usable(tenant, table.schema_id, states, MOST_RULES + 1)
            if len(rules) > MOST_RULES:
                raise InvalidParameters(
                    f"more than {MOST_RULES} rules are in use; name those to check", field="rule_ids"
                )
        columns: dict[str, list[Verdict]] = {}
        usable = [
            each for each in rules if each.state == "ACTIVE" or (include_drafts and each.state == "DRAFT")
        ]
        for schema in dict.fromkeys(each.schema_id for each in usable):
            theirs = [each for each in usable if each.schema_id == schema]
            columns |= await self._columns(tenant, schema, theirs, customer_ids, as_of)
        for rule in rules:
            if rule.rule_id not in columns:
                columns[rule.rule_id] = [_unused(rule)] * len(customer_ids)
        if not rules:
            return [Judged(customer_id, ()) for customer_id in customer_ids]
        by_customer = zip(*(columns[rule.rule_id] for rule in rules), strict=True)
        return [Judged(*each) for each in zip(customer_ids, by_customer, strict=True)]

    async def _columns(
        self,
        tenant: str,
        schema_id: str,
        rules: Sequence[QualificationRule],
        customer_ids: Sequence[str],
        as_of: datetime,
    ) -> dict[str, list[Verdict]]:
        """Per rule the verdicts on all customers."""
        pinned = await self._kept.customers.pinned(tenant, schema_id)
        catalog = (await pinned.table(tenant, schema_id)).catalog
        clock = Clock.at(as_of, catalog.time_zone)
        columns: dict[str, list[Verdict]] = {}
        held: list[_Held] = []
        for rule in rules:
            try:
                held.append(await self._held(tenant, rule, catalog, clock))
            except InvalidCriteria as err:
                fault = _said(rule, None, f"the rule no longer fits its table: {err.message}")
                columns[rule.rule_id] = [fault] * len(customer_ids)
        nodes = [node for each in held for node in each.nodes]
        truths = await pinned.holds(tenant, schema_id, nodes, customer_ids, clock.as_of) if nodes else []
        first = 0
        for each in held:
            columns[each.rule.rule_id] = _verdicts(each, truths, first, customer_ids)
            first += len(each.nodes)
        return columns

    async def _held(self, tenant: str, rule: QualificationRule, catalog: Catalog, clock: Clock) -> _Held:
        node = node_of(rule.criteria)
        saved = await self._kept.saved(tenant, rule.schema_id, node)
        bound = check.require(node, catalog, clock, saved).bound
        if not isinstance(bound, And) or not isinstance(node, And) or len(bound.items) != len(node.items):
            return _Held(rule, (bound,), (english(node, catalog, clock),))
        names = tuple(english(each, catalog, clock) for each in node.items)
        return _Held(rule, (bound, *bound.items), names)


def _verdicts(
    held: _Held, truths: Sequence[Truths | None], first: int, customer_ids: Sequence[str]
) -> list[Verdict]:
    """The verdicts of one rule. Customers who fail alike share one."""
    last = first + len(held.nodes)
    made: dict[Truths, Verdict] = {}
    found: list[Verdict] = []
    for customer_id, theirs in zip(customer_ids, truths, strict=True):
        if theirs is None:
            found.append(_said(held.rule, None, f"there is no customer {customer_id!r}"))
            continue
        mine = theirs[first:last]
        verdict = made.get(mine)
        if verdict is None:
            whole, *parts = mine
            verdict = made[mine] = _said(held.rule, whole, _why(held, parts, whole=whole))
        found.append(verdict)
    return found


def _why(held: _Held, parts: Sequence[bool], *, whole: bool) -> str:
    if whole:
        return f"meets {'all' if len(held.names) > 1 else 'it'}: {'; '.join(held.names)}"
    failed = [name for name, met in zip(held.names, parts, strict=False) if not met] or list(held.names)
    return "does not meet: " + "; ".join(failed)


def _unused(rule: QualificationRule) -> Verdict:
    if rule.state == "DRAFT":
        return _said(rule, False, "the rule is a draft; activate it, or ask with include_drafts")
    return _said(rule, False, "the rule is no longer in use")


def _said(rule: QualificationRule, qualifies: bool | None, message: str) -> Verdict:
    return Verdict(rule.rule_id, rule.version, qualifies, message)


def _refuse_many(customer_ids: Sequence[str], rule_ids: Sequence[str]) -> None:
    for field, given, most in (
        ("customer_ids", customer_ids, MOST_CUSTOMERS),
        ("rule_ids", rule_ids, MOST_RULES),
    ):
        if len(given) > most:
            raise InvalidParameters(
                f"{field} has {len(given):,} ids, limit {most:,}; ask in several calls", field=field
            )
