"""Pages of a list that does not change while it is read: the position is in the token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


def page(items: Sequence[T], asked: PageRequest, tokens: Tokens, default_size: int) -> tuple[list[T], str]:
    """The items of one page and the token of the next, empty after the last.

    Raises: InvalidParameters for a negative size; InvalidPageToken for a token of another list, tenant or
    version of the list.
    """
    if asked.page_size < 0:
        raise InvalidParameters(
            f"page_size is {asked.page_size}; use 0 for the default, or up to {MAX_PAGE}", field="page_size"
        )
    size = min(asked.page_size or default_size, MAX_PAGE)
    start = 0
    if asked.page_token:
        payload = tokens.open("page", asked.tenant, asked.page_token)
        position = payload.get("at")
        if payload.get("of") != asked.scope or not isinstance(position, int):
            raise InvalidPageToken(
                "page_token belongs to another list, or the list has changed; start without one",
                field="page_token",
            )
        start = position
    following = start + size
    token = ""
    if following < len(items):
        token = tokens.seal("page", asked.tenant, {"of": asked.scope, "at": following})
    return list(items[start:following]), token
