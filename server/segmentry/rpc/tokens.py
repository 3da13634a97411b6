"""Opaque, signed tokens: what a caller gets to resume a stream or to turn a page.

A token is bound to its kind, its tenant and whatever the caller of `seal` puts in (run and sequence,
filters and position). It is signed, not encrypted: put in nothing that the caller may not know.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Literal

from segmentry.errors import InvalidPageToken, InvalidResumeToken
from segmentry.runs.opaque import unwritten, written

Kind = Literal["resume", "page"]
Payload = dict[str, str | int]

_MAX_LENGTH = 2048
_SIGNATURE_BYTES = 16


class Tokens:
    """Makes and opens tokens under one key. Servers that share a state database share the key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the token key needs at least 16 bytes")
        self._key = key

    def seal(self, kind: Kind, tenant: str, payload: Payload) -> str:
        """Return the token, URL-safe text."""
        body = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
        return written(self._sign(kind, tenant, body) + body)

    def open(self, kind: Kind, tenant: str, token: str) -> Payload:
        """Return the payload of a token that `seal` made for the same kind and tenant.

        Raises: InvalidResumeToken or InvalidPageToken, by kind, for anything else.
        """
        raw = (unwritten(token) if len(token) <= _MAX_LENGTH else None) or b""
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(kind, tenant, body)):
            if kind == "resume":
                raise InvalidResumeToken(
                    "resume_token was not issued by this service; send it back exactly as received",
                    field="resume_token",
                )
            raise InvalidPageToken(
                "page_token was not issued for this list and these filters; start without one",
                field="page_token",
            )
        payload: Payload = json.loads(body)
        return payload

    def _sign(self, kind: Kind, tenant: str, body: bytes) -> bytes:
        # Lengths in front, so that no two (kind, tenant, body) run together to the same bytes.
        scope = f"{kind}:{len(tenant.encode())}:{tenant}:".encode()
        return hmac.new(self._key, scope + body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
