"""Bytes as text that fits into a URL, one text for the same bytes: a token has no second spelling."""

from __future__ import annotations

import base64
import binascii


def written(raw: bytes) -> str:
    """Bytes as URL-safe text without padding.

    >>> written(b"ab")
    'YWI'
    """
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unwritten(token: str) -> bytes | None:
    """The bytes of a text that `written` gave, None for any other text, also of the same bytes.

    >>> unwritten("YWI"), unwritten("YWI="), unwritten("YWJ")
    (b'ab', None, None)
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if written(raw) == token else None
