"""`--etag`: a change of what was read, refused when somebody else was faster."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

import typer

ETAG = Annotated[str, typer.Option(help="Refuse if it has changed since it was read; else what it is now.")]


class Tagged(Protocol):
    """What has an etag."""

    @property
    def etag(self) -> str: ...


async def current(given: str, read: Callable[[], Awaitable[Tagged]]) -> str:
    """The etag that was given, else that of what `read` finds now."""
    return given or (await read()).etag
