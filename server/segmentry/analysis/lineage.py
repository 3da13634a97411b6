"""The place of one run among the tenant's runs: what it continues, and what it leaves for the next one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import identity
from segmentry.analysis.continuity import Continuity
from segmentry.analysis.events import Notice, SegmentCard
from segmentry.analysis.identity import Customers, Model, Named, Pairing, Past, Remembered
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.prepare import Prepared
from segmentry.analysis.scope import Scope
from segmentry.analysis.table import Labels, Matrix


def by_size(labels: Labels) -> Labels:
    """The same groups numbered from the largest on; -1 stays -1. (rows,)"""
    k = int(labels.max()) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    ranks = np.full(k + 1, -1, dtype=np.int32)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(k, dtype=np.int32)
    return ranks[labels]


@dataclass(eq=False)
class Lineage:
    """One run between those before and after it. `last` is the run that it continues, if any."""

    past: Past
    model: Model
    customers: Customers | None
    last: Remembered | None
    pairing: Pairing | None

    @classmethod
    def of(
        cls, past: Past, scope: Scope, prepared: Prepared, labels: Labels, parameters: Parameters
    ) -> Lineage:
        """Of a run whose groups are found and ordered by size, before they have names."""
        ground = identity.ground_of(prepared.recipes, parameters.algorithm, parameters.within)
        k = int(labels.max()) + 1
        centroids = _means(prepared.X, labels, k) if parameters.algorithm == "kmeans" else ()
        model = Model(ground, parameters.algorithm, prepared.recipes, centroids, (), len(labels))
        customers = _customers(scope, labels, past.secret) if parameters.store_labels else None
        last = past.last_on(ground)
        pairing = None if last is None else _paired(last, scope, labels, customers, k)
        if last is not None and pairing is None:
            text = (
                "the segments of the last analysis cannot be found in today's table: they are not continued"
            )
            past.notices.append(Notice("IDENTITY_RESET", text, "included_features"))
        return cls(past, model, customers, last, pairing)

    def continued(self, cards: Iterable[SegmentCard]) -> Iterable[SegmentCard]:
        """The cards under the ids and names that they had."""
        if self.last is None or self.pairing is None:
            return cards
        known = [each.card_id for each in self.last.model.segments]
        return identity.continued(cards, self.pairing, known)

    def told(self, cards: Sequence[SegmentCard]) -> Continuity | None:
        """What became of the last run's segments; None where no run is continued. Leaves the model for later
        runs."""
        named = tuple(Named(card.card_id, card.name, card.size, card.name_from_model) for card in cards)
        self.past.learnt = dataclasses.replace(self.model, segments=named)
        self.past.customers = self.customers
        if self.last is None or self.pairing is None:
            return None
        return identity.continuity(self.last, self.pairing, cards, self.customers)


def _paired(
    last: Remembered, scope: Scope, labels: Labels, customers: Customers | None, k: int
) -> Pairing | None:
    """By the last model on today's rows; by the customers in both tables where there is no such model."""
    before = last.model.segments
    if last.model.centroids:
        try:
            old = last.model.labels(scope.table, scope.clock.as_of.timestamp())
        except ValueError:
            return None
        return identity.pair(before, old, labels, k)
    if last.customers is None or customers is None:
        return None
    _, then, now = np.intersect1d(
        last.customers.hashes, customers.hashes, assume_unique=True, return_indices=True
    )
    return identity.pair(before, last.customers.labels[then], customers.labels[now], k)


def _customers(scope: Scope, labels: Labels, secret: bytes) -> Customers | None:
    """The customers of the analysed rows; None where they have no key or may not be looked at."""
    keys = scope.keys() if secret else None
    return None if keys is None else Customers.of(keys, labels, secret)


def _means(X: Matrix, labels: Labels, k: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(X[labels == label].mean(axis=0, dtype=np.float64).tolist()) for label in range(k))
