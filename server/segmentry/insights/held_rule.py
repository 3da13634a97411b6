"""A rule made ready for an engine: its criteria over a table as it is, at one instant, and their words."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from segmentry.criteria import check, walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.english import english
from segmentry.criteria.nodes import And, Node, Segment
from segmentry.criteria.segments import SegmentLookup, nothing_saved
from segmentry.insights.counting import KeptCriteria, node_of
from segmentry.insights.rule import QualificationRule

MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class HeldRule:
    """A rule ready for the engine: `nodes` are the whole and, where it is a list, its conditions."""

    rule: QualificationRule
    nodes: tuple[Node, ...]
    names: tuple[str, ...]


class HeldRules:
    """Rules made ready. Calls of one second ask at one instant, so that what was made for one serves all."""

    def __init__(self, kept: KeptCriteria) -> None:
        self._kept = kept
        self._made: OrderedDict[tuple[str, Clock], tuple[Catalog, HeldRule]] = OrderedDict()

    async def ready(self, tenant: str, rule: QualificationRule, catalog: Catalog, clock: Clock) -> HeldRule:
        """Raises: InvalidCriteria where the table or a segment has changed since."""
        node = node_of(rule.criteria)
        if any(isinstance(each, Segment) for each in walk.nodes(node)):
            # The segments that it names may change at any time.
            return _held(rule, node, catalog, clock, await self._kept.saved(tenant, rule.schema_id, node))
        # An etag is of one rule in one state, whoever owns it.
        key = (rule.etag, clock)
        known = self._made.get(key)
        if known is not None and known[0] is catalog:
            return known[1]
        made = _held(rule, node, catalog, clock)
        self._made[key] = (catalog, made)
        while len(self._made) > MOST_KEPT:
            self._made.popitem(last=False)
        return made


def _held(
    rule: QualificationRule,
    node: Node,
    catalog: Catalog,
    clock: Clock,
    saved: SegmentLookup = nothing_saved,
) -> HeldRule:
    bound = check.require(node, catalog, clock, saved).bound
    if not isinstance(bound, And) or not isinstance(node, And) or len(bound.items) != len(node.items):
        return HeldRule(rule, (bound,), (english(node, catalog, clock),))
    names = tuple(english(each, catalog, clock) for each in node.items)
    return HeldRule(rule, (bound, *bound.items), names)
