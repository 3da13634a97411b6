"""Resume tokens: which run, of which tenant, heard up to which number; signed, so nobody makes one up."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from segmentry.errors import InvalidResumeToken
from segmentry.runs.opaque import unwritten, written
from segmentry.state.database import Database

SIGNATURE_BYTES = 16
MAX_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Position:
    run_id: str
    sequence: int


class ResumeTokens:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, tenant: str, run_id: str, sequence: int) -> str:
        """An opaque, URL-safe text."""
        body = json.dumps([1, tenant, run_id, sequence], separators=(",", ":")).encode()
        return written(self._sign(body) + body)

    def read(self, tenant: str, token: str) -> Position:
        """Where the token's holder stands.

        Raises: InvalidResumeToken if we did not issue it, or not to this tenant: whose it is shows nowhere.
        """
        bad = InvalidResumeToken(
            "resume_token was not issued by this service; send it back exactly as received",
            field="resume_token",
        )
        raw = unwritten(token) if len(token) <= MAX_CHARACTERS else None
        if raw is None:
            raise bad
        signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise bad
        version, owner, run_id, sequence = json.loads(body)
        if version != 1 or owner != tenant:
            raise bad
        return Position(run_id, sequence)

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key, b"resume:" + body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


async def signing_key(database: Database, name: str = "tokens") -> bytes:
    """The installation's key of that name, 32 bytes; made on first use and the same after a restart."""
    await database.execute(
        "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        name,
        secrets.token_bytes(32),
    )
    row = await database.fetch_one("SELECT value FROM secret WHERE name = $1", name)
    assert row is not None
    return row.blob("value")
