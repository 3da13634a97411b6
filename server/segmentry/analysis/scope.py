"""What one run looks at: the customers inside `within`, and the counting of criteria among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from segmentry.analysis.conditions import node_of
from segmentry.analysis.events import RuleFidelity
from segmentry.analysis.features import feature_table
from segmentry.analysis.halves import Keys, Places, by_key, by_row
from segmentry.analysis.table import FeatureTable, Mask
from segmentry.criteria import canonical, check, parse, render
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Or
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
        if isinstance(self.within, Everyone):
            return node_of(leaves)
        return And((*self._outer, *leaves)) if leaves else self.within

    def any_of(self, rules: Sequence[Sequence[Leaf]]) -> Node:
        """Two or more conjunctions of which one has to hold, inside `within`."""
        either = Or(tuple(node_of(leaves) for leaves in rules))
        return either if isinstance(self.within, Everyone) else And((*self._outer, either))

    @property
    def _outer(self) -> tuple[Node, ...]:
        return self.within.items if isinstance(self.within, And) else (self.within,)

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

    def places(self, seed: int) -> Places:
        """An order of the rows by customer, (table rows,); by chance where customers have no key."""
        keys = self.keys()
        return by_row(self.table.rows, seed) if keys is None else by_key(keys)

    def keys(self) -> Keys | None:
        """What the customers of the table's rows are called; None where they have no key."""
        return self.snapshot.key_texts(self.inside)

    def fidelity(self, node: Node, members: Mask, held_out: Mask | None = None) -> RuleFidelity:
        """How well criteria find the members (table rows,), counted on all rows of the table, and on those
        that `held_out` marks, where rules were learnt on the others."""
        matched = self.matched(node)
        precision, recall = _shares(matched, members)
        told = RuleFidelity(
            precision=precision,
            recall=recall,
            matched_count=int(np.count_nonzero(matched)),
            measured_on=f"all {self.table.rows:,} rows" if self.table.rows > 1 else "the one row",
        )
        if held_out is None:
            return told
        precision, recall = _shares(matched[held_out], members[held_out])
        n_held = int(np.count_nonzero(held_out))
        part = "half" if 2 * n_held <= self.table.rows + 1 else f"{self.table.rows - n_held:,}"
        return replace(
            told,
            measured_on=f"{told.measured_on}, rules learnt on {part} of them",
            held_out_precision=precision,
            held_out_recall=recall,
            held_out=n_held,
        )


def _shares(matched: Mask, members: Mask) -> tuple[float | None, float | None]:
    """Precision and recall, None where nobody is matched and where there are no members."""
    n_matched, n_members = int(np.count_nonzero(matched)), int(np.count_nonzero(members))
    true = int(np.count_nonzero(matched & members))
    return true / n_matched if n_matched else None, true / n_members if n_members else None
