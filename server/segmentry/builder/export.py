"""Criteria that a caller wrote, in the language of another system."""

from __future__ import annotations

import asyncio

from segmentry.builder.request import Place
from segmentry.criteria import segments
from segmentry.criteria.export import placeholders, targets
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.nodes import Node, Top
from segmentry.criteria.walk import nodes
from segmentry.customers.store import CustomerStore


async def export(
    node: Node,
    target: str,
    place: Place,
    store: CustomerStore,
    *,
    keep_placeholders: bool = False,
    view: str = "",
) -> Exported:
    """The criteria in another language, with segments expanded and each `$top` as its threshold of now.

    `view` names a view that the statement is to define.

    Raises: InvalidCriteria; ExportUnsupported; InvalidParameters for the name of the view; whatever the store
    raises.
    """
    bound = (await asyncio.to_thread(place.require, node)).bound
    has_top = any(isinstance(each, Top) for each in nodes(bound))
    if has_top:
        (bound,) = await store.resolve(place.tenant, place.schema_id, [bound], place.clock.as_of)
    if keep_placeholders:
        bound = placeholders.keep(segments.expand(node, place.saved), bound)
    origin = (await store.table(place.tenant, place.schema_id)).origin
    return await asyncio.to_thread(
        targets.write, target, bound, Source(place.catalog, place.clock, origin), view
    )
