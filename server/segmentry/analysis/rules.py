"""Rules that describe a cluster: one conjunction of at most six conditions, or several, learnt on raw values.

Greedy for F1, the harmonic mean of precision and recall. A range of one field is tried as a pair, because
neither of its bounds alone need help. Rows without a value match no bound, as in criteria.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis import conditions
from segmentry.analysis.conditions import Edge
from segmentry.analysis.halves import Places
from segmentry.analysis.table import Column, Floats, Labels, Levels, Mask, Numbers
from segmentry.criteria.catalog import Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Leaf

MOST_CONDITIONS = 6
LEAST_GAIN = 0.005
MOST_EDGES = 64
MOST_LISTED = 20
MOST_LEARNING_ROWS = 200_000
LEAST_ROWS_TO_HALVE = 400


@dataclass(frozen=True, eq=False)
class _Binned:
    """A field cut at its edges: `bins` (rows,) int32, -1 unset; bin b lies between edge b-1 and edge b.
    Levels have no edges: `values` are what the bins stand for, and criteria can name the `sayable` ones.
    A `sentinel` has bin 0 to itself, and no range reaches from it to other values."""

    field: Field
    bins: Labels
    n_bins: int
    edges: tuple[Edge, ...] = ()
    values: tuple[str | float | bool, ...] = ()
    sayable: frozenset[int] = frozenset()
    sentinel: float | None = None


@dataclass(frozen=True, slots=True)
class _Condition:
    """Bins that a row may be in: `low` <= bin <= `high`, or one of `listed`."""

    column: int
    low: int = 0
    high: int = 0
    listed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Score:
    """F1 of a rule that adds rows to those that are matched already: `true` of them among `members`."""

    members: int
    true: float = 0.0
    matched: float = 0.0

    def of(self, true: float, matched: float) -> float:
        return 2 * (self.true + true) / (self.matched + matched + self.members)

    def each(self, true: Floats, matched: Floats) -> Floats:
        return 2 * (self.true + true) / (self.matched + matched + self.members)

    def with_more(self, true: Mask, matched: Mask) -> _Score:
        """With the rows of another conjunction."""
        return dataclasses.replace(
            self,
            true=self.true + float(np.count_nonzero(true)),
            matched=self.matched + float(np.count_nonzero(matched)),
        )


@dataclass(frozen=True, eq=False)
class Learner:
    """The rows that rules are learnt on. `rows` indexes the table of `n_rows`; with `halved` it is one half
    at most."""

    columns: tuple[_Binned, ...]
    rows: NDArray[np.intp]
    halved: bool
    n_rows: int

    @classmethod
    def of(cls, columns: Mapping[str, Column], places: Places, clock: Clock) -> Learner:
        """Rows to learn on (half of them, at most 200,000) with every column cut at its edges.

        `places` (table rows,) put the rows in an order that has nothing to do with what they hold: the first
        half is learnt from.
        """
        n_rows = len(places)
        halved = n_rows >= LEAST_ROWS_TO_HALVE
        n_learnt = min(n_rows // 2, MOST_LEARNING_ROWS)
        kept = np.sort(np.argpartition(places, n_learnt)[:n_learnt]) if halved else np.arange(n_rows)
        binned = [_bin(column.take(kept), clock) for column in columns.values()]
        return cls(tuple(each for each in binned if each is not None), kept, halved, n_rows)

    @property
    def held_out(self) -> Mask | None:
        """The rows that nothing is learnt from (table rows,), None where all of them are needed."""
        if not self.halved:
            return None
        held = np.ones(self.n_rows, dtype=np.bool_)
        held[self.rows] = False
        return held

    def learn(self, members: Mask) -> tuple[Leaf, ...]:
        """The conditions for the rows that `members` (table rows,) marks; empty when none helps."""
        (rule,) = self.learn_several(members, 1) or ((),)
        return rule

    def learn_several(self, members: Mask, most: int) -> tuple[tuple[Leaf, ...], ...]:
        """Up to `most` conjunctions, one of which has to hold; fewer where another one would not help.

        The first is the rule of `learn`, each other one is about the rows that those before it leave.
        """
        inside = members[self.rows]
        n_members = int(np.count_nonzero(inside))
        if n_members in (0, len(inside)):
            return ()
        score = _Score(n_members)
        left = np.ones(len(inside), dtype=np.bool_)
        rules: list[tuple[Leaf, ...]] = []
        while len(rules) < most:
            chosen = self._conjunction(left, inside, score)
            if not chosen:
                break
            rules.append(tuple(leaf for each in chosen for leaf in self._leaves(each)))
            covered = left & np.logical_and.reduce([self._holds(one) for one in chosen])
            left &= ~covered
            score = score.with_more(covered & inside, covered)
        return tuple(rules)

    def _conjunction(self, left: Mask, inside: Mask, score: _Score) -> list[_Condition]:
        """The best conjunction for the rows that are `left`; empty where none makes the whole rule better."""
        chosen: list[_Condition] = []
        kept = left.copy()
        # Of the first one: that everybody is a member. Of others: what stands without them.
        before = score.of(float(np.count_nonzero(kept & inside)), float(np.count_nonzero(kept)))
        best = max(before, score.of(0.0, 0.0))
        while True:
            found = self._best(kept, inside, score, MOST_CONDITIONS - self._written(chosen))
            if found is None or found[0] < best + LEAST_GAIN:
                break
            best, condition = found
            kept &= self._holds(condition)
            chosen = _merged(chosen, condition)
        return self._pruned(chosen, left, inside, score, best)

    def _best(self, kept: Mask, inside: Mask, score: _Score, room: int) -> tuple[float, _Condition] | None:
        if room < 1:
            return None
        best: tuple[float, _Condition] | None = None
        for index, column in enumerate(self.columns):
            here = kept & (column.bins >= 0)
            matched = np.bincount(column.bins[here], minlength=column.n_bins).astype(np.float64)
            true = np.bincount(column.bins[here & inside], minlength=column.n_bins).astype(np.float64)
            for found in _candidates(index, column, (matched, true), score, room):
                # A condition more must earn its place, so the simpler one wins a near tie.
                if best is None or found[0] > best[0] + 1e-9:
                    best = found
        return best

    def _holds(self, condition: _Condition) -> Mask:
        bins = self.columns[condition.column].bins
        if condition.listed:
            return np.isin(bins, condition.listed)
        return (bins >= condition.low) & (bins <= condition.high)

    def _leaves(self, condition: _Condition) -> list[Leaf]:
        column = self.columns[condition.column]
        if condition.listed:
            leaf = conditions.one_of(column.field, [column.values[each] for each in condition.listed])
            return [leaf] if leaf else []
        if column.sentinel is not None and condition.high == 0:
            leaf = conditions.one_of(column.field, [column.sentinel])
            return [leaf] if leaf else []
        found: list[Leaf | None] = []
        if condition.low > 0:
            found.append(conditions.at_least(column.field, column.edges[condition.low - 1]))
        if condition.high < column.n_bins - 1:
            found.append(conditions.below(column.field, column.edges[condition.high]))
        return [leaf for leaf in found if leaf is not None]

    def _written(self, chosen: Sequence[_Condition]) -> int:
        return sum(len(self._leaves(each)) for each in chosen)

    def _pruned(
        self, chosen: list[_Condition], left: Mask, inside: Mask, score: _Score, best: float
    ) -> list[_Condition]:
        """Without conditions that later ones made superfluous."""
        for each in list(chosen):
            others = [one for one in chosen if one is not each]
            if not others:
                break
            kept = left & np.logical_and.reduce([self._holds(one) for one in others])
            without = score.of(float(np.count_nonzero(kept & inside)), float(np.count_nonzero(kept)))
            if without >= best - LEAST_GAIN / 2:
                chosen, best = others, max(without, best)
        return chosen


def _candidates(
    index: int, column: _Binned, counts: tuple[Floats, Floats], score: _Score, room: int
) -> list[tuple[float, _Condition]]:
    """The best of each form of condition on a column; `counts` are its bins' rows and their members."""
    matched, true = counts
    if not column.edges:
        return _listed(index, column, matched, true, score)
    last = column.n_bins - 1
    up_matched, up_true = np.cumsum(matched), np.cumsum(true)
    found: list[tuple[float, _Condition]] = []
    below = conditions.below(column.field, column.edges[0])
    if below and column.sentinel is not None:
        if conditions.one_of(column.field, [column.sentinel]):
            found.append((score.of(float(true[0]), float(matched[0])), _Condition(index, 0, 0)))
    elif below:
        scores = score.each(up_true[:-1], up_matched[:-1])
        high = int(np.argmax(scores))
        found.append((float(scores[high]), _Condition(index, 0, high)))
    if conditions.at_least(column.field, column.edges[0]):
        scores = score.each(up_true[-1] - up_true[:-1], up_matched[-1] - up_matched[:-1])
        low = int(np.argmax(scores))
        found.append((float(scores[low]), _Condition(index, low + 1, last)))
    if below and found and room >= 2 and last >= 2:
        # Ranges that open after edge i and close before edge j: (i, j) with i < j.
        between_true = np.triu(up_true[None, :-1] - up_true[:-1, None], k=1)
        between_matched = np.triu(up_matched[None, :-1] - up_matched[:-1, None], k=1)
        scores = score.each(between_true, between_matched)
        low, high = divmod(int(np.argmax(scores)), scores.shape[1])
        if scores[low, high] >= max(reached for reached, _ in found) + LEAST_GAIN:
            found.append((float(scores[low, high]), _Condition(index, low + 1, high)))
    return found


def _listed(
    index: int, column: _Binned, matched: Floats, true: Floats, score: _Score
) -> list[tuple[float, _Condition]]:
    """The values with the greatest share of members, as many of them as serve F1."""
    share = true / np.maximum(matched, 1)
    ranked = [int(code) for code in np.argsort(-share, kind="stable") if matched[code] > 0]
    sayable = [code for code in ranked if code in column.sayable][:MOST_LISTED]
    if not sayable:
        return []
    if conditions.one_of(column.field, [column.values[each] for each in sayable[:2]]) is None:
        sayable = sayable[:1]
    scores = score.each(np.cumsum(true[sayable]), np.cumsum(matched[sayable]))
    best = int(np.argmax(scores))
    return [
        (
            float(scores[best]),
            _Condition(index, listed=tuple(sorted(sayable[: best + 1]))),
        )
    ]


def _merged(chosen: Sequence[_Condition], new: _Condition) -> list[_Condition]:
    """The conditions with `new` drawn into the one on the same field."""
    merged: list[_Condition] = []
    for each in chosen:
        if each.column != new.column:
            merged.append(each)
        elif new.listed:
            listed = tuple(code for code in new.listed if code in each.listed)
            new = dataclasses.replace(new, listed=listed or new.listed)
        else:
            new = dataclasses.replace(new, low=max(each.low, new.low), high=min(each.high, new.high))
    return [*merged, new]


def _bin(column: Column, clock: Clock) -> _Binned | None:
    """The column cut for learning; None when nothing can be said about it."""
    field = column.field
    if isinstance(column, Levels):
        values = tuple(_level_value(field, level) for level in column.levels)
        return _of_values(field, column.codes, values, clock) if values else None
    kept = column.values[column.finite]
    if column.sentinel is not None:
        return _bin_beside(column, column.sentinel)
    distinct = np.unique(kept[:100_000])
    if field.type == "number" and len(distinct) == 2 and len(np.unique(kept)) == 2:
        bins = np.where(column.values == distinct[0], 0, np.where(column.values == distinct[1], 1, -1))
        values = tuple(float(each) for each in distinct)
        return _of_values(field, bins.astype(np.int32), values, clock)
    edges = (
        conditions.date_edges(kept, MOST_EDGES, clock)
        if field.type == "datetime"
        else conditions.number_edges(kept, MOST_EDGES)
    )
    if not edges:
        return None
    starts = np.array([edge.above for edge in edges])
    bins = np.where(column.finite, np.searchsorted(starts, column.values, side="right"), -1)
    return _Binned(field, bins.astype(np.int32), len(edges) + 1, edges=tuple(edges))


def _bin_beside(column: Numbers, sentinel: float) -> _Binned | None:
    """The column cut at the sentinel and among its other values."""
    kept = column.values[column.finite]
    if len(kept) == 0:
        return None
    first = Edge(sentinel, float(kept.min()))
    edges = (first, *conditions.number_edges(kept, MOST_EDGES - 1))
    starts = np.array([edge.above for edge in edges])
    bins = np.where(np.isfinite(column.values), np.searchsorted(starts, column.values, side="right"), -1)
    return _Binned(column.field, bins.astype(np.int32), len(edges) + 1, edges=edges, sentinel=sentinel)


def _of_values(field: Field, codes: Labels, values: tuple[str | float | bool, ...], clock: Clock) -> _Binned:
    held = set(np.unique(codes).tolist())
    named = frozenset(
        code for code, value in enumerate(values) if code in held and conditions.sayable(field, value, clock)
    )
    return _Binned(field, codes, len(values), values=values, sayable=named)


def _level_value(field: Field, level: str) -> str | float | bool:
    if field.type == "number":
        return float(level)
    return level == "true" if field.type == "boolean" else level
