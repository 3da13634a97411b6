"""Pages of a list: the position is in the token, which belongs to one list of one tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from segmentry.errors import InvalidPageToken, InvalidParameters
from segmentry.rpc.tokens import Tokens

T = TypeVar("T")

MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asked for. `scope` is everything that the list depends on besides the tenant."""

    tenant: str
    scope: str
    page_size: int
    page_token: str


def size_of(asked: PageRequest, default_size: int) -> int:
    """How many items the page has at most. Raises: InvalidParameters for a negative size."""
    if asked.page_size < 0:
        raise InvalidParameters(
            f"page_size is {asked.page_size}; use 0 for the default, or up to {MAX_PAGE}", field="page_size"
        )
    return min(asked.page_size or default_size, MAX_PAGE)


def page(items: Sequence[T], asked: PageRequest, tokens: Tokens, default_size: int) -> tuple[list[T], str]:
    """The items of one page of a list that is at hand, and the token of the next, empty after the last.

    Raises: InvalidParameters for a negative size; InvalidPageToken for a token of another list, tenant or
    version of the list.
    """
    size = size_of(asked, default_size)
    start = int(position(asked, tokens) or 0)
    following = start + size
    token = sealed(asked, tokens, str(following)) if following < len(items) else ""
    return list(items[start:following]), token


def position(asked: PageRequest, tokens: Tokens) -> str:
    """Where the page before ended, as `sealed` was told; empty for the first page.

    Raises: InvalidPageToken for a token of another list or tenant.
    """
    if not asked.page_token:
        return ""
    payload = tokens.open("page", asked.tenant, asked.page_token)
    at = payload.get("at")
    if payload.get("of") != asked.scope or not isinstance(at, str):
        raise InvalidPageToken(
            "page_token belongs to another list, or the list has changed; start without one",
            field="page_token",
        )
    return at


def sealed(asked: PageRequest, tokens: Tokens, at: str) -> str:
    """The token of the page that begins after `at`."""
    return tokens.seal("page", asked.tenant, {"of": asked.scope, "at": at})


def creation(at: str) -> tuple[datetime, str] | None:
    """The (time, id) of a position that `created` wrote; None for the first page."""
    if not at:
        return None
    time, _, item_id = at.partition(" ")
    return datetime.fromisoformat(time), item_id


def created(time: datetime, item_id: str) -> str:
    """The position after an item of a list in order of creation."""
    return f"{time.isoformat()} {item_id}"
