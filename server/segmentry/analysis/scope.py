"""What one run looks at: the customers inside `within`, and the counting of criteria among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from segmentry.analysis.conditions import node_of
from segmentry.analysis.events import RuleFidelity
from segmentry.analysis.features import feature_table
from segmentry.analysis.table import FeatureTable, Mask
from segmentry.criteria import canonical, check, parse, render
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node
from segmentry.criteria.segments import Saved
from segmentry.customers.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Scope:
    """`table` holds the rows that `inside` (snapshot rows,) marks; None marks all of them."""

    snapshot: Snapshot
    clock: Clock
    table: FeatureTable
    within: Node
    inside: Mask | None
    saved: Saved = field(default_factory=Saved)

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        within: str,
        as_of: datetime,
        time_zone: str = "",
        saved: Saved | None = None,
    ) -> Scope:
        """The scope of criteria text; empty text and `{}` mean everyone. `saved` is what they may name.

        Raises: ParseError and InvalidCriteria for what is no sound criteria of this catalog.
        """
        clock = Clock.at(as_of, time_zone or snapshot.catalog.time_zone)
        node = parse.loads(within) if within else Everyone()
        if isinstance(node, Everyone):
            return cls(snapshot, clock, feature_table(snapshot), node, None)
        saved = saved or Saved()
        bound = check.require(node, snapshot.catalog, clock, saved).bound
        inside = snapshot.mask(bound, clock.as_of)
        return cls(snapshot, clock, feature_table(snapshot, inside), node, inside, saved)

    def criteria(self, leaves: Sequence[Leaf]) -> Node:
        """The conditions, inside `within`."""
        rule = node_of(leaves)
        if isinstance(self.within, Everyone):
            return rule
        if isinstance(rule, Everyone):
            return self.within
        outer = self.within.items if isinstance(self.within, And) else (self.within,)
        return And((*outer, *leaves))

    def text(self, node: Node) -> str:
        """Criteria as the JSON text of a card."""
        return json.dumps(render.to_json(node), ensure_ascii=False, separators=(",", ":"))

    def fingerprint(self, node: Node) -> str:
        """What criteria of equal meaning share."""
        return canonical.fingerprint(node)

    def matched(self, node: Node) -> Mask:
        """Rows of the table that match, by the engine that counts for callers. (rows,)"""
        bound = check.require(node, self.snapshot.catalog, self.clock, self.saved).bound
        mask = self.snapshot.mask(bound, self.clock.as_of)
        return mask if self.inside is None else mask[self.inside]

    def fidelity(self, node: Node, members: Mask, *, halved: bool) -> RuleFidelity:
        """How well criteria find the members (table rows,), counted on all rows of the table."""
        matched = self.matched(node)
        n_matched, n_members = int(np.count_nonzero(matched)), int(np.count_nonzero(members))
        true = int(np.count_nonzero(matched & members))
        learnt = ", rules learnt on half of them" if halved else ""
        return RuleFidelity(
            precision=true / n_matched if n_matched else None,
            recall=true / n_members if n_members else None,
            matched_count=n_matched,
            measured_on=f"all {self.table.rows:,} rows{learnt}",
        )
