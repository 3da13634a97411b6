"""The rules and recommendations whose criteria name a segment, directly or through saved versions.

They keep their criteria as text, without a table of what they name: the text is searched, then parsed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.criteria import segments
from segmentry.segments.lookup import Reader
from segmentry.segments.record import node_of
from segmentry.state.row import Row

# Every version through which a segment is reached, itself included: a rule may pin any of them.
_VIA = (
    "WITH RECURSIVE via (root, segment_id, version) AS ("
    "SELECT v.segment_id, v.segment_id, v.version FROM segment_version v "
    "JOIN segment s ON s.segment_id = v.segment_id AND s.tenant = $1 WHERE v.segment_id = ANY($2::text[]) "
    "UNION SELECT u.root, r.segment_id, r.version FROM via u "
    "JOIN segment t ON t.segment_id = u.segment_id JOIN segment_reference r ON r.target = u.segment_id "
    "AND (r.target_version = u.version OR (r.target_version IS NULL AND t.latest = u.version))) "
    "SELECT u.root, u.segment_id, u.version, s.latest FROM via u "
    "JOIN segment s ON s.segment_id = u.segment_id AND s.tenant = $1"
)
# An accepted recommendation lives on in its rule, and is history once that is out of use.
_NAMING = (
    "SELECT 'rule' AS kind, q.rule_id AS id, q.name, q.criteria FROM qualification_rule q "
    "WHERE q.tenant = $1 AND q.state IN ('DRAFT', 'ACTIVE') AND q.criteria LIKE '%\"$segment\"%' "
    "UNION ALL SELECT 'recommendation', r.recommendation_id, r.name, r.criteria FROM recommendation r "
    "LEFT JOIN qualification_rule q ON q.rule_id = r.rule_id AND q.tenant = r.tenant "
    "WHERE r.tenant = $1 AND (r.state = 'OPEN' OR (r.state = 'ACCEPTED' AND q.state <> 'ARCHIVED')) "
    "AND r.criteria LIKE '%\"$segment\"%' ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class RuleUser:
    """A rule or a recommendation that names a segment."""

    kind: str
    user_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.user_id})"


async def rule_users(
    reader: Reader, tenant: str, segment_ids: Sequence[str]
) -> dict[str, tuple[RuleUser, ...]]:
    """Who uses each of those segments, in order of id; a segment that nobody uses is left out."""
    if not segment_ids:
        return {}
    rows = await reader.fetch(_NAMING, tenant)
    if not rows:
        # Most tenants have no rule that names a segment: one query tells.
        return {}
    reached = await reader.fetch(_VIA, tenant, list(segment_ids))
    return await asyncio.to_thread(_verified, reached, rows)


def _verified(reached: Sequence[Row], rows: Sequence[Row]) -> dict[str, tuple[RuleUser, ...]]:
    roots: dict[tuple[str, int | None], set[str]] = {}
    for row in reached:
        segment_id, version, root = row.text("segment_id"), row.integer("version"), row.text("root")
        roots.setdefault((segment_id, version), set()).add(root)
        if version == row.integer("latest"):
            roots.setdefault((segment_id, None), set()).add(root)
    found: dict[str, tuple[RuleUser, ...]] = {}
    for row in rows:
        user = RuleUser(row.text("kind"), row.text("id"), row.text("name"))
        references = segments.references(node_of(row.text("criteria")))
        for root in sorted({root for each in references for root in roots.get(each, ())}):
            found[root] = (*found.get(root, ()), user)
    return found
