"""A first estimate of a count, told while the exact one is under way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from segmentry.builder.events import Emit, Preview, quiet
from segmentry.builder.request import Place
from segmentry.criteria.nodes import Node
from segmentry.customers.store import CustomerStore
from segmentry.errors import SegmentryError

_log = logging.getLogger(__name__)

T = TypeVar("T")


async def estimated(
    exact: Callable[[], Awaitable[T]], bound: Node, place: Place, store: CustomerStore, emit: Emit
) -> T:
    """What `exact` gives, while a listener hears the store's estimate if it has one and it comes first.

    An estimate that fails is logged and left out: the exact count says whether the store works.

    Raises: whatever `exact` raises.
    """
    if emit is quiet:
        return await exact()

    async def tell() -> None:
        try:
            first = await store.estimate(place.tenant, place.schema_id, bound, place.clock.as_of)
        except SegmentryError as error:
            _log.warning("no estimate while counting: %s", error.reason)
            return
        if first is not None:
            await emit(Preview("", first))

    try:
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(tell())
            counted = await exact()
            # An estimate that comes after the count says nothing any more.
            telling.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return counted
