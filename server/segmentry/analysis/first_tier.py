"""Who tries first for an accepted run, which is fixed with it."""

from __future__ import annotations

import asyncio

from segmentry.analysis import tiers, told
from segmentry.analysis.parameters import Tier
from segmentry.analysis.records import Order
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import ModelNotUsable


async def first_tier(order: Order, snapshot: Snapshot, *, model: bool) -> Tier:
    """Who tries first. For AUTO the rows inside `within` decide, which are counted only where they matter.

    AUTO asks no model about a table of which nothing may be told; who asks for one by name is told so.

    Raises: ModelNotUsable when a model is required and none is configured.
    """
    parameters, rows = order.parameters, snapshot.rows
    if parameters.preferred_tier == "LLM" and parameters.require_tier and not model:
        said = "no language model is configured, and the model tier is required"
        raise ModelNotUsable(said, cause="LLM_NOT_CONFIGURED", field="parameters.preferred_tier")
    if parameters.preferred_tier != "AUTO":
        return tiers.first(parameters, rows, model=model)
    model = model and told.tellable(snapshot.catalog, parameters.included_features)
    if model and parameters.within and rows >= tiers.worker_rows(parameters):
        clock = Clock.at(order.as_of, order.time_zone or snapshot.catalog.time_zone)
        within = check.require(parse.loads(parameters.within), snapshot.catalog, clock, order.saved).bound
        rows = await asyncio.to_thread(snapshot.count, within, clock.as_of)
    return tiers.first(parameters, rows, model=model)
