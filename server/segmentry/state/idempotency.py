"""One effect per request id: the id is taken in the same transaction as the effect."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.errors import AlreadyExists
from segmentry.state.database import Session

# The contract promises one effect per request id for a day.
REMEMBERED_H = 24


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's request id with what was asked under it (SHA-256 of the request without the id)."""

    rpc: str
    request_id: str
    digest: bytes


async def claimed(session: Session, tenant: str, claim: Claim) -> str | None:
    """The resource that came of this request id before, or None.

    Raises: AlreadyExists if the request id was used for another request.
    """
    row = await session.fetch_one(
        "SELECT digest, resource FROM idempotency WHERE tenant = $1 AND rpc = $2 AND request_id = $3 "
        "AND created_at > now() - make_interval(hours => $4)",
        tenant,
        claim.rpc,
        claim.request_id,
        REMEMBERED_H,
    )
    if row is None:
        return None
    if row.blob("digest") != claim.digest:
        raise AlreadyExists(
            "this request_id was used for another request; send a new one",
            existingResource=row.text("resource"),
        )
    return row.text("resource")


async def take(session: Session, tenant: str, claim: Claim, resource: str) -> str | None:
    """Take the request id for `resource`, or return the resource that has it already.

    A parallel transaction with the same id makes this one wait until that one has ended.

    Raises: as `claimed`.
    """
    taken = await session.fetch_one(
        "INSERT INTO idempotency AS known (tenant, rpc, request_id, digest, resource) "
        "VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant, rpc, request_id) DO UPDATE SET digest = EXCLUDED.digest, "
        "resource = EXCLUDED.resource, created_at = EXCLUDED.created_at "
        "WHERE known.created_at <= now() - make_interval(hours => $6) RETURNING resource",
        tenant,
        claim.rpc,
        claim.request_id,
        claim.digest,
        resource,
        REMEMBERED_H,
    )
    return None if taken is not None else await claimed(session, tenant, claim)
