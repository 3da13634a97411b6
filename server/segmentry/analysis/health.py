"""How fit a table is for segments: gaps, fields without information, keys, and how values have moved.

How values lie is kept as a profile: rows between ten deciles, or by keyed hash of the text. The next
version of the table is held against it by the population stability index, less what chance alone gives two
samples of their sizes (N. Siddiqi, Credit Risk Scorecards, 2006, for the index; its mean under no change is
(bins - 1) (1/n + 1/m)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from segmentry.analysis import fields
from segmentry.analysis.features import feature_table
from segmentry.analysis.table import Column, Floats, Levels
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import JsonValue

BINS = 10
LEVELS = 20
# Below this many rows with a value in either version an index is chance.
FEWEST = 100
# A share of nothing is no share of anything: each bin holds at least this.
LEAST_SHARE = 1e-4

# Fields whose values are all different, or say who somebody is: how they lie is nobody's business.
_TELLS_NOTHING = {"PERSONAL_DATA", "IDENTIFIER", "HIGH_CARDINALITY"}

Profile = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class FieldHealth:
    """One field: why it deserves a look, gravest first; the share of rows without a value, 0-1; whether it is
    used without being named; how far its values have moved since the version before, None if not known."""

    name: str
    reasons: tuple[str, ...]
    missing: float
    distinct: int
    is_feature: bool
    moved: float | None = None


@dataclass(frozen=True, slots=True)
class TableHealth:
    """A version of a table. `lost` are fields of the version before that it does not have; `profile` is what
    the next version is held against. `keyless` and `repeated` count rows without a key of their own."""

    rows: int
    snapshot_id: str
    loaded_at: datetime
    fields: tuple[FieldHealth, ...]
    has_key: bool
    keyless: int
    repeated: int
    profile: Profile
    rows_before: int | None = None
    lost: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The fields that customers are compared by when nobody names any."""
        return tuple(each.name for each in self.fields if each.is_feature)


def health(snapshot: Snapshot, before: Profile | None, key: bytes) -> TableHealth:
    """Look at a table, at most 20,000 of its rows. `before` is the profile of the version before; `key` hides
    the texts in profiles."""
    table = feature_table(snapshot)
    keyless, repeated = snapshot.key_faults()
    sample = table.spread(fields.ADVICE_ROWS)
    advice = fields.advise(table) if table.rows else {}
    chosen, _ = fields.choose_features(advice, None)
    earlier = _object((before or {}).get("fields"))
    found: list[FieldHealth] = []
    profiles: dict[str, JsonValue] = {}
    for name, each in advice.items():
        column = sample.columns[name]
        reasons = tuple(dict.fromkeys(reason for reason, _ in each.notes))
        moved: float | None = None
        if not each.field.pii and each.field.type != "datetime" and not _TELLS_NOTHING & set(reasons):
            then = _object(earlier.get(name))
            profiles[name] = _profile(column, _edges(column, {}), key, LEVELS)
            moved = _moved(then, _profile(column, _edges(column, then), key))
        missing = _missing(column, sample.rows)
        found.append(FieldHealth(name, reasons, missing, each.distinct, name in chosen, moved))
    rows_before = (before or {}).get("rows")
    names = _texts((before or {}).get("names"))
    return TableHealth(
        rows=snapshot.rows,
        snapshot_id=snapshot.snapshot_id,
        loaded_at=snapshot.loaded_at,
        fields=tuple(found),
        has_key=snapshot.keys is not None,
        keyless=keyless,
        repeated=repeated,
        profile={
            "rows": snapshot.rows,
            "names": [each.name for each in snapshot.catalog.visible],
            "fields": profiles,
        },
        rows_before=rows_before if isinstance(rows_before, int) else None,
        lost=tuple(each for each in names if snapshot.catalog.get(each) is None),
    )


def _missing(column: Column, rows: int) -> float:
    if not rows:
        return 0.0
    unset = column.codes < 0 if isinstance(column, Levels) else ~column.finite
    return float(np.count_nonzero(unset)) / rows


def _edges(column: Column, earlier: Mapping[str, JsonValue]) -> list[float]:
    """Between which numbers rows are counted: the earlier version's, else the deciles; none for texts."""
    if isinstance(column, Levels):
        return []
    known = earlier.get("edges")
    if isinstance(known, list):
        return [float(each) for each in known if isinstance(each, int | float)]
    if not len(column.present):
        return []
    cuts = np.quantile(column.present, np.linspace(0, 1, BINS + 1)[1:-1])
    return [float(each) for each in np.unique(cuts)]


def _profile(column: Column, edges: list[float], key: bytes, most: int | None = None) -> dict[str, JsonValue]:
    """Counts of rows by bin, and of all rows with a value; of texts `most` bins, the commonest first."""
    if isinstance(column, Levels):
        counts = column.counts
        common = np.argsort(-counts, kind="stable")[:most]
        named: dict[str, JsonValue] = {
            _hidden(column.levels[int(at)], key): int(counts[at]) for at in common if counts[at]
        }
        return {"levels": named, "n": int(counts.sum())}
    places = np.searchsorted(np.asarray(edges), column.present, side="right")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return {"edges": list(edges), "counts": [int(each) for each in counts], "n": len(column.present)}


def _moved(before: Mapping[str, JsonValue], now: Mapping[str, JsonValue]) -> float | None:
    """The index of what the two share, at least 0; None where there is too little of either."""
    n, m = before.get("n"), now.get("n")
    if not isinstance(n, int) or not isinstance(m, int) or min(n, m) < FEWEST:
        return None
    if ("levels" in before) != ("levels" in now):
        return None
    if "levels" in before:
        old, new = _object(before["levels"]), _object(now["levels"])
        names = list(old)
        left = np.array([_count(old.get(name)) for name in names], dtype=np.float64)
        right = np.array([_count(new.get(name)) for name in names], dtype=np.float64)
        left, right = np.append(left, n - left.sum()), np.append(right, m - right.sum())
    else:
        left, right = _counts(before.get("counts")), _counts(now.get("counts"))
        if len(left) != len(right):
            return None
    bins = int(np.count_nonzero((left > 0) | (right > 0)))
    p, q = np.maximum(left / n, LEAST_SHARE), np.maximum(right / m, LEAST_SHARE)
    index = float(((q - p) * np.log(q / p)).sum())
    return round(max(0.0, index - (bins - 1) * (1 / n + 1 / m)), 4)


def _hidden(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), key=key, digest_size=8).hexdigest()


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _texts(value: JsonValue) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _count(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _counts(value: JsonValue) -> Floats:
    kept = value if isinstance(value, list) else []
    return np.array([_count(each) for each in kept], dtype=np.float64)
