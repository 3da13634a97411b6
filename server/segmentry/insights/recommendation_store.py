"""Recommendations and the rules they become, in the state store.

Every change locks the recommendation or the rule first, so that of two changes the second sees the first.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from segmentry.insights import recommendation, rule
from segmentry.insights.recommendation import (
    RECOMMENDATION_ID,
    AppliedCard,
    Recommendation,
    no_such_recommendation,
)
from segmentry.insights.rule import RULE_ID, QualificationRule, Stage, no_such_rule
from segmentry.state.database import Database, Session
from segmentry.state.idempotency import Claim, claimed, take
from segmentry.state.row import Row


class Reader(Protocol):
    """The store, or one transaction of it."""

    async def fetch(self, sql: str, *values: object) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """What the rule of an accepted recommendation says beyond the recommendation."""

    stage: Stage
    type: str
    matched_count: int | None


# Applied again, a dismissed one opens, and one that nobody has accepted takes the rules that are chosen now.
_APPLY = (
    "INSERT INTO recommendation AS r (recommendation_id, tenant, schema_id, run_id, card_id, "
    "state, name, card, criteria, filter_rules, rule_size, etag) "
    "VALUES ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (tenant, run_id, card_id) DO UPDATE SET "
    "state = CASE WHEN r.state = 'DISMISSED' THEN 'OPEN' ELSE r.state END, "
    "comment = CASE WHEN r.state = 'DISMISSED' THEN '' ELSE r.comment END, "
    "etag = CASE WHEN :changes THEN EXCLUDED.etag ELSE r.etag END, "
    "criteria = CASE WHEN :changes THEN EXCLUDED.criteria ELSE r.criteria END, "
    "filter_rules = CASE WHEN :changes THEN EXCLUDED.filter_rules ELSE r.filter_rules END, "
    "rule_size = CASE WHEN :changes THEN EXCLUDED.rule_size ELSE r.rule_size END, "
    "updated_at = CASE WHEN :changes THEN clock_timestamp() ELSE r.updated_at END "
    "RETURNING *"
).replace(
    ":changes",
    "r.state = 'DISMISSED' OR r.state = 'OPEN' AND r.criteria <> EXCLUDED.criteria",
)


class RecommendationStore:
    """The tables `recommendation` and `qualification_rule`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # How often rules were changed through this object, or may have been: what was read before is old.
        self.changes = 0

    async def apply(
        self, tenant: str, card: AppliedCard, rule_size: int | None, claim: Claim | None
    ) -> Recommendation:
        """The recommendation of that card: made, found as it is, or opened again if it was dismissed.

        Applied with other rules, one that nobody has accepted takes those.

        Raises: AlreadyExists if the request id was used for another request; InvalidState if it was accepted
        with other rules.
        """
        made = f"rec_{secrets.token_hex(8)}"
        async with self._database.transaction() as session:
            if claim is not None and (earlier := await claimed(session, tenant, claim)) is not None:
                return await _read(session, tenant, earlier)
            # A parallel call with the same card waits here until the first one has ended.
            row = await session.fetch_one(
                _APPLY,
                made,
                tenant,
                card.schema_id,
                card.run_id,
                card.card_id,
                card.name,
                card.card,
                card.criteria,
                card.filter_rules,
                rule_size,
                _etag(),
            )
            assert row is not None
            found = _recommendation(row)
            found.refuse_other_rules(card)
            if claim is not None:
                await take(session, tenant, claim, found.recommendation_id)
            return found

    async def get(self, tenant: str, recommendation_id: str) -> Recommendation:
        """Raises: NotFound, also for another tenant's."""
        return await _read(self._database, tenant, recommendation_id)

    async def list(
        self,
        tenant: str,
        *,
        state: recommendation.State | None = None,
        run_id: str = "",
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[Recommendation]:
        """A page in order of creation; `after` is the (create_time, id) of the last one that was seen."""
        rows = await self._database.fetch(
            "SELECT * FROM recommendation WHERE tenant = $1 AND ($2::text IS NULL OR state = $2) "
            "AND ($3::text = '' OR run_id = $3) "
            "AND ($4::timestamptz IS NULL OR (created_at, recommendation_id) > ($4, $5)) "
            "ORDER BY created_at, recommendation_id LIMIT $6",
            tenant,
            state,
            run_id,
            None if after is None else after[0],
            "" if after is None else after[1],
            limit,
        )
        return [_recommendation(row) for row in rows]

    async def accepted(self, tenant: str, claim: Claim) -> tuple[Recommendation, QualificationRule] | None:
        """What this claim accepted before, or None. Raises: AlreadyExists if the id was used otherwise."""
        async with self._database.transaction() as session:
            rule_id = await claimed(session, tenant, claim)
            return None if rule_id is None else await _pair(session, tenant, rule_id)

    async def accept(
        self, tenant: str, recommendation_id: str, etag: str, draft: Draft, claim: Claim | None
    ) -> tuple[Recommendation, QualificationRule]:
        """Make the rule, a draft, or return the one that the claim made before.

        Raises: NotFound; VersionMismatch; InvalidState unless it is open; AlreadyExists.
        """
        rule_id = f"rule_{secrets.token_hex(8)}"
        async with self._changing() as session:
            before = await _read(session, tenant, recommendation_id, lock=True)
            if claim is not None and (earlier := await take(session, tenant, claim, rule_id)) is not None:
                return await _pair(session, tenant, earlier)
            before.refuse_etag(etag)
            before.refuse_state("accepted")
            applied = before.applied
            await session.execute(
                "INSERT INTO qualification_rule (rule_id, tenant, schema_id, state, stage, type, name, "
                "criteria, filter_rules, recommendation_id, etag, matched_count) "
                "VALUES ($1, $2, $3, 'DRAFT', $4, $5, $6, $7, $8, $9, $10, $11)",
                rule_id,
                tenant,
                applied.schema_id,
                draft.stage,
                draft.type,
                applied.name,
                applied.criteria,
                applied.filter_rules,
                recommendation_id,
                _etag(),
                draft.matched_count,
            )
            await _move(session, recommendation_id, "ACCEPTED", rule_id=rule_id)
            return await _pair(session, tenant, rule_id)

    async def dismiss(self, tenant: str, recommendation_id: str, etag: str, comment: str) -> Recommendation:
        """Raises: NotFound; VersionMismatch; InvalidState unless it is open."""
        async with self._database.transaction() as session:
            before = await _read(session, tenant, recommendation_id, lock=True)
            before.refuse_etag(etag)
            before.refuse_state("dismissed")
            await _move(session, recommendation_id, "DISMISSED", comment=comment)
            return await _read(session, tenant, recommendation_id)

    @asynccontextmanager
    async def _changing(self) -> AsyncGenerator[Session]:
        try:
            async with self._database.transaction() as session:
                yield session
        finally:
            # Also after a failure: a commit whose answer was lost may have happened.
            self.changes += 1

    # --- rules ------------------------------------------------------------------------------------

    async def rule(self, tenant: str, rule_id: str) -> QualificationRule:
        """Raises: NotFound, also for another tenant's."""
        return await _read_rule(self._database, tenant, rule_id)

    async def rules(
        self,
        tenant: str,
        *,
        state: rule.State | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[QualificationRule]:
        """A page in order of creation; `after` is the (create_time, id) of the last one that was seen."""
        rows = await self._database.fetch(
            "SELECT * FROM qualification_rule WHERE tenant = $1 AND ($2::text IS NULL OR state = $2) "
            "AND ($3::timestamptz IS NULL OR (created_at, rule_id) > ($3, $4)) "
            "ORDER BY created_at, rule_id LIMIT $5",
            tenant,
            state,
            None if after is None else after[0],
            "" if after is None else after[1],
            limit,
        )
        return [_rule(row) for row in rows]

    async def usable(
        self, tenant: str, schema_id: str, states: Sequence[rule.State], limit: int
    ) -> list[QualificationRule]:
        """The rules of one table in those states, in order of creation, at most `limit`."""
        rows = await self._database.fetch(
            "SELECT * FROM qualification_rule WHERE tenant = $1 AND schema_id = $2 "
            "AND state = ANY($3::text[]) ORDER BY created_at, rule_id LIMIT $4",
            tenant,
            schema_id,
            list(states),
            limit,
        )
        return [_rule(row) for row in rows]

    async def named(self, tenant: str, rule_ids: Sequence[str]) -> list[QualificationRule]:
        """Those rules, in the order given. Raises: NotFound for the first that the tenant does not have."""
        known = [each for each in dict.fromkeys(rule_ids) if RULE_ID.fullmatch(each)]
        rows = await self._database.fetch(
            "SELECT * FROM qualification_rule WHERE tenant = $1 AND rule_id = ANY($2::text[])", tenant, known
        )
        found = {each.rule_id: each for each in map(_rule, rows)}
        for rule_id in rule_ids:
            if rule_id not in found:
                raise no_such_rule(rule_id)
        return [found[rule_id] for rule_id in rule_ids]

    async def moved(self, tenant: str, claim: Claim) -> QualificationRule | None:
        """The rule that this claim moved before, or None. Raises: AlreadyExists."""
        async with self._database.transaction() as session:
            rule_id = await claimed(session, tenant, claim)
            return None if rule_id is None else await _read_rule(session, tenant, rule_id)

    async def activate(
        self, tenant: str, rule_id: str, etag: str, matched_count: int | None, claim: Claim | None
    ) -> QualificationRule:
        """Put a draft into use, or return the rule that the claim put into use before.

        Raises: NotFound; VersionMismatch; InvalidState unless it is a draft; AlreadyExists.
        """
        async with self._changing() as session:
            before = await _read_rule(session, tenant, rule_id, lock=True)
            if claim is not None and await take(session, tenant, claim, rule_id) is not None:
                return before
            before.refuse_etag(etag)
            before.refuse_state("DRAFT", "activated")
            await session.execute(
                "UPDATE qualification_rule SET state = 'ACTIVE', version = version + 1, etag = $2, "
                "matched_count = $3, activated_at = clock_timestamp() WHERE rule_id = $1",
                rule_id,
                _etag(),
                matched_count,
            )
            return await _read_rule(session, tenant, rule_id)

    async def archive(self, tenant: str, rule_id: str, etag: str, claim: Claim | None) -> QualificationRule:
        """Take a rule out of use for good; one that is out of use is returned as it is.

        Raises: NotFound; VersionMismatch; AlreadyExists.
        """
        async with self._changing() as session:
            before = await _read_rule(session, tenant, rule_id, lock=True)
            if claim is not None and await take(session, tenant, claim, rule_id) is not None:
                return before
            before.refuse_etag(etag)
            if before.state == "ARCHIVED":
                return before
            await session.execute(
                "UPDATE qualification_rule SET state = 'ARCHIVED', version = version + 1, etag = $2 "
                "WHERE rule_id = $1",
                rule_id,
                _etag(),
            )
            return await _read_rule(session, tenant, rule_id)


def _etag() -> str:
    return secrets.token_hex(8)


async def _move(
    session: Session,
    recommendation_id: str,
    state: recommendation.State,
    *,
    rule_id: str = "",
    comment: str = "",
) -> None:
    await session.execute(
        "UPDATE recommendation SET state = $2, etag = $3, rule_id = nullif($4, ''), comment = $5, "
        "updated_at = clock_timestamp() WHERE recommendation_id = $1",
        recommendation_id,
        state,
        _etag(),
        rule_id,
        comment,
    )


async def _read(reader: Reader, tenant: str, recommendation_id: str, *, lock: bool = False) -> Recommendation:
    known = recommendation_id if RECOMMENDATION_ID.fullmatch(recommendation_id) else ""
    rows = await reader.fetch(
        f"SELECT * FROM recommendation WHERE tenant = $1 AND recommendation_id = $2{_LOCK[lock]}",  # noqa: S608
        tenant,
        known,
    )
    if not rows:
        raise no_such_recommendation(recommendation_id)
    return _recommendation(rows[0])


async def _read_rule(reader: Reader, tenant: str, rule_id: str, *, lock: bool = False) -> QualificationRule:
    rows = await reader.fetch(
        f"SELECT * FROM qualification_rule WHERE tenant = $1 AND rule_id = $2{_LOCK[lock]}",  # noqa: S608
        tenant,
        rule_id if RULE_ID.fullmatch(rule_id) else "",
    )
    if not rows:
        raise no_such_rule(rule_id)
    return _rule(rows[0])


_LOCK = {True: " FOR UPDATE", False: ""}


async def _pair(session: Session, tenant: str, rule_id: str) -> tuple[Recommendation, QualificationRule]:
    found = await _read_rule(session, tenant, rule_id)
    return await _read(session, tenant, found.recommendation_id), found


def _recommendation(row: Row) -> Recommendation:
    return Recommendation(
        recommendation_id=row.text("recommendation_id"),
        applied=AppliedCard(
            run_id=row.text("run_id"),
            card_id=row.text("card_id"),
            schema_id=row.text("schema_id"),
            name=row.text("name"),
            card=row.text("card"),
            criteria=row.text("criteria"),
            filter_rules=row.text("filter_rules"),
        ),
        state=recommendation.state_of(row.text("state")),
        etag=row.text("etag"),
        rule_size=row.optional_integer("rule_size"),
        rule_id=row.optional_text("rule_id") or "",
        comment=row.text("comment"),
        create_time=row.instant("created_at"),
        update_time=row.instant("updated_at"),
    )


def _rule(row: Row) -> QualificationRule:
    return QualificationRule(
        rule_id=row.text("rule_id"),
        schema_id=row.text("schema_id"),
        state=rule.state_of(row.text("state")),
        stage=rule.stage_of(row.text("stage")),
        type=row.text("type"),
        name=row.text("name"),
        criteria=row.text("criteria"),
        filter_rules=row.text("filter_rules"),
        recommendation_id=row.text("recommendation_id"),
        version=row.integer("version"),
        etag=row.text("etag"),
        matched_count=row.optional_integer("matched_count"),
        create_time=row.instant("created_at"),
        activate_time=row.optional_instant("activated_at"),
    )
