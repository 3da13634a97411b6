"""Which of today's segments are those of the last run over the same fields, and who moved between them.

The last run's model (preparation and centroids) is applied to today's rows: what it would have called each
customer is compared with what today's model calls them. Who moved is known from the labels that the last run
stored, by keyed hashes of the customers' keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis.continuity import (
    Continuity,
    Migration,
    MigrationCount,
    MigrationFlow,
    RetiredSegment,
    SegmentMatch,
)
from segmentry.analysis.events import Notice, SegmentCard
from segmentry.analysis.halves import Keys
from segmentry.analysis.naming import numbered, renamed
from segmentry.analysis.recipes import Recipe, apply
from segmentry.analysis.table import FeatureTable, Floats, Labels

# A segment that shares less than half of all customers of both is another one.
SAME = 0.5
# The rows whose hashes are the least stand for all in a larger table: the same customers in every run.
MOST_STORED = 1_000_000
BLOCK = 65_536
HASH_BYTES = 8

Hashes = NDArray[np.uint64]
AnyLabels = NDArray[np.int16] | NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Named:
    """A segment as it was called; its position is its label."""

    card_id: str
    name: str
    size: int
    from_model: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """What finds the segments of a run in other rows. `centroids` are empty for dbscan, which has none.

    `ground` names what was compared: fields and how they were read, algorithm and `within`.
    """

    ground: str
    algorithm: str
    recipes: tuple[Recipe, ...]
    centroids: tuple[tuple[float, ...], ...]
    segments: tuple[Named, ...]
    rows: int

    def labels(self, table: FeatureTable, as_of_s: float) -> Labels:
        """The segment of each row of a raw table, by the nearest centroid. (rows,)

        Raises: ValueError when a field is no longer what it was.
        """
        X = apply(table, self.recipes, as_of_s)
        centroids = np.array(self.centroids, dtype=np.float64).reshape(len(self.centroids), X.shape[1])
        found = np.empty(len(X), dtype=np.int32)
        for start in range(0, len(X), BLOCK):
            block = X[start : start + BLOCK]
            distances = (centroids**2).sum(axis=1) - 2 * block @ centroids.T
            found[start : start + BLOCK] = distances.argmin(axis=1)
        return found


@dataclass(frozen=True, eq=False)
class Customers:
    """Keyed `hashes` in ascending order, each once, and the `labels` of the same customers (-1: in none).
    With more than a million customers those with the least hashes."""

    hashes: Hashes
    labels: NDArray[np.int16]
    is_sample: bool

    @classmethod
    def of(cls, keys: Keys, labels: Labels, secret: bytes) -> Customers:
        """The customers of a table. `secret` makes the hashes useless without it; 1 s a million rows."""
        size = HASH_BYTES
        hashed = b"".join(
            hashlib.blake2b(
                (key or "").encode("utf-8", "surrogatepass"), digest_size=size, key=secret
            ).digest()
            for key in keys
        )
        kept = np.fromiter((key is not None for key in keys), dtype=np.bool_, count=len(keys))
        hashes = np.frombuffer(hashed, dtype="<u8")[kept].astype(np.uint64)
        unique, first = np.unique(hashes, return_index=True)
        of_each = labels[kept][first].astype(np.int16)
        return cls(unique[:MOST_STORED], of_each[:MOST_STORED], len(unique) > MOST_STORED)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Customers:
        """What `to_bytes` gave."""
        n = (len(stored) - 1) // (HASH_BYTES + 2)
        hashes = np.frombuffer(stored, dtype="<u8", count=n, offset=1).astype(np.uint64)
        labels = np.frombuffer(stored, dtype="<i2", count=n, offset=1 + HASH_BYTES * n).astype(np.int16)
        return cls(hashes, labels, stored[:1] == b"\x01")

    def to_bytes(self) -> bytes:
        """A byte that says whether it is a sample, the hashes, the labels: 10 bytes a customer."""
        flag = b"\x01" if self.is_sample else b"\x00"
        return flag + self.hashes.astype("<u8").tobytes() + self.labels.astype("<i2").tobytes()

    def below(self, bound: np.uint64) -> Customers:
        """Those with hashes up to a bound."""
        n = int(np.searchsorted(self.hashes, bound, side="right"))
        return Customers(self.hashes[:n], self.labels[:n], self.is_sample)


@dataclass(frozen=True, eq=False)
class Remembered:
    """The model of an earlier run, and its customers where they were stored."""

    run_id: str
    model: Model
    customers: Customers | None = None


@dataclass(eq=False)
class Past:
    """What a run knows of earlier ones, newest first, and what it leaves for later ones.

    `secret` keys the hashes of customers; empty: no customer is looked at.
    """

    runs: tuple[Remembered, ...] = ()
    secret: bytes = b""
    learnt: Model | None = None
    customers: Customers | None = None
    notices: list[Notice] = field(default_factory=list)

    def last_on(self, ground: str) -> Remembered | None:
        """The newest run over the same ground; a notice when there are others only."""
        found = next((each for each in self.runs if each.model.ground == ground), None)
        if found is None and self.runs:
            text = "the last analysis compared other fields or customers: its segments are not continued"
            self.notices.append(Notice("IDENTITY_RESET", text, "included_features"))
        return found


@dataclass(frozen=True, eq=False)
class Pairing:
    """For each of today's segments the earlier one that it continues, or None; and how much they share."""

    of_each: tuple[tuple[Named, float] | None, ...]
    retired: tuple[Named, ...]


def pair(before: Sequence[Named], old: AnyLabels, new: AnyLabels, k: int) -> Pairing:
    """One to one, by the largest sum of Jaccard overlaps. `old` and `new` label the same customers."""
    from segmentry.analysis.scikit import assignment  # noqa: PLC0415 - scikit-learn takes a second

    shared = np.zeros((len(before) + 1, k + 1), dtype=np.int64)
    np.add.at(shared, (old, new), 1)
    both = shared[: len(before), :k]
    either = shared.sum(axis=1)[: len(before), None] + shared.sum(axis=0)[None, :k] - both
    overlap: Floats = both / np.maximum(either, 1)
    of_each: list[tuple[Named, float] | None] = [None] * k
    for earlier, now in assignment(-overlap):
        if overlap[earlier, now] >= SAME:
            of_each[now] = (before[earlier], round(float(overlap[earlier, now]), 4))
    kept = {each[0].card_id for each in of_each if each}
    return Pairing(tuple(of_each), tuple(each for each in before if each.card_id not in kept))


def continued(cards: Iterable[SegmentCard], pairing: Pairing, known: Sequence[str]) -> Iterator[SegmentCard]:
    """The cards under the ids and names of the segments that they continue; `known` ids belong to others."""
    names = {each[0].name for each in pairing.of_each if each}
    ids = set(known)
    for card, match in zip(cards, pairing.of_each, strict=True):
        if match:
            earlier = match[0]
            yield replace(
                card,
                card_id=earlier.card_id,
                name=earlier.name,
                suggested_use=renamed(card.suggested_use, card.name, earlier.name),
                name_from_model=earlier.from_model,
                previous_card_id=earlier.card_id,
            )
            continue
        name, card_id = numbered(card.name, names), card.card_id
        while card_id in ids:
            card_id = "seg_" + hashlib.sha256(card_id.encode()).hexdigest()[:12]
        names.add(name)
        ids.add(card_id)
        use = renamed(card.suggested_use, card.name, name)
        yield replace(card, card_id=card_id, name=name, suggested_use=use)


def continuity(
    last: Remembered, pairing: Pairing, cards: Sequence[SegmentCard], today: Customers | None
) -> Continuity:
    """What became of the last run's segments, for people."""
    matches = tuple(
        SegmentMatch(card.card_id, match[1], match[0].size, card.size)
        for card, match in zip(cards, pairing.of_each, strict=True)
        if match
    )
    retired = tuple(RetiredSegment(each.card_id, each.name, each.size) for each in pairing.retired)
    moved = None
    if today is not None and last.customers is not None:
        moved = migration(last.model.segments, last.customers, [card.card_id for card in cards], today)
    return Continuity(last.run_id, matches, retired, moved)


def migration(
    before: Sequence[Named], then: Customers, card_ids: Sequence[str], today: Customers
) -> Migration:
    """How many customers went from which segment to which. The empty id stands for customers in no segment.

    Where one of the tables is larger than what is stored, customers are compared whose hashes lie below
    both bounds: an even sample, and the counts are those of the sample.
    """
    is_sample = then.is_sample or today.is_sample
    if is_sample and len(then.hashes) and len(today.hashes):
        bounds = [each.hashes[-1] for each in (then, today) if each.is_sample]
        then, today = then.below(min(bounds)), today.below(min(bounds))
    old_ids = [*(each.card_id for each in before), ""]
    new_ids = [*card_ids, ""]
    _, old, new = np.intersect1d(then.hashes, today.hashes, assume_unique=True, return_indices=True)
    counts = np.zeros((len(old_ids), len(new_ids)), dtype=np.int64)
    np.add.at(counts, (then.labels[old], today.labels[new]), 1)
    gone = np.ones(len(then.hashes), dtype=np.bool_)
    gone[old] = False
    came = np.ones(len(today.hashes), dtype=np.bool_)
    came[new] = False
    flows = tuple(
        MigrationFlow(old_ids[row], new_ids[column], int(counts[row, column]))
        for row, column in np.argwhere(counts).tolist()
    )
    stayed = sum(each.customers for each in flows if each.from_card_id == each.to_card_id)
    compared = int(counts.sum())
    return Migration(
        flows,
        joined=_counts(new_ids, today.labels[came]),
        left=_counts(old_ids, then.labels[gone]),
        compared=compared,
        moved=compared - stayed,
        is_sample=is_sample,
    )


def _counts(ids: Sequence[str], labels: NDArray[np.int16]) -> tuple[MigrationCount, ...]:
    held = np.bincount(np.where(labels < 0, len(ids) - 1, labels), minlength=len(ids))
    return tuple(MigrationCount(ids[at], int(n)) for at, n in enumerate(held) if n)


def ground_of(recipes: Sequence[Recipe], algorithm: str, within: str) -> str:
    """What has to be the same for segments to be continued."""
    read = sorted(f"{each.field} {each.kind}" for each in recipes)
    return hashlib.sha256("\0".join([algorithm, within, *read]).encode()).hexdigest()[:32]
