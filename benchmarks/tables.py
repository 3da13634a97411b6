"""Preparation compared on real tables: scaling alone, a logarithm of everything, and ours.

python -m benchmarks tables            # the shared tables beside the checkout
python -m benchmarks tables ../folder  # those in another folder
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from segmentry.analysis import fields
from segmentry.analysis.features import feature_table
from segmentry.analysis.prepare import prepare
from segmentry.analysis.silhouette import silhouettes
from segmentry.analysis.stability import adjusted_rand, stabilities
from segmentry.analysis.statistics import skew_of
from segmentry.analysis.sweep import sweep
from segmentry.analysis.table import FeatureTable, Floats, Labels, Levels, Matrix
from segmentry.customers.load import load_table

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
KS = range(2, 9)
# What each table is compared by, and what it is judged by afterwards.
TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "telco_churn": (("tenure", "MonthlyCharges", "TotalCharges"), ("Contract", "InternetService", "Churn")),
    "wholesale_customers": (
        ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen"),
        ("Channel",),
    ),
    "bank_marketing": (("age", "balance", "campaign", "previous"), ("poutcome", "y")),
}


def main(given: Sequence[str]) -> None:
    """Print what each preparation makes of each table."""
    folder = Path(given[0]) if given else SHARED
    for name, (features, judges) in TABLES.items():
        path = folder / f"{name}.csv"
        if not path.exists():
            print(f"{path} is not there", file=sys.stderr)
            continue
        table = feature_table(load_table(path, name))
        raw = _raw(table, features)
        logged = np.log1p(np.clip(raw, 0, None))
        roles: dict[str, fields.Role] = {each: advice.role for each, advice in fields.advise(table).items()}
        print(f"{name}: {', '.join(features)}")
        print(f"  skew {_rounded(raw)}; of the logarithm {_rounded(logged)}")
        for kind, X in (
            ("scaled", _scaled(raw)),
            ("log1p, scaled", _scaled(logged)),
            ("ours", prepare(table, features, roles, 0.0).X),
        ):
            _print(kind, X, {each: _codes(table, each) for each in judges})


def _print(kind: str, X: Matrix, judges: Mapping[str, Labels]) -> None:
    """One line for each k that has a claim: the best silhouette, and 4 where that is another."""
    clusterings = sweep(X, KS, seed=0)
    scores = silhouettes(X, [each.labels for each in clusterings], np.random.default_rng(0))
    stable = stabilities(X, list(KS), 0)
    best = max(range(len(scores)), key=lambda at: scores[at].value or -1.0)
    for at in sorted({best, KS.index(2), KS.index(4)}):
        labels = clusterings[at].labels
        shares = np.bincount(labels) / len(X)
        told = ", ".join(f"{name} {adjusted_rand(labels, codes):.2f}" for name, codes in judges.items())
        print(
            f"  {kind:<14} k={KS[at]}{'*' if at == best else ' '} silhouette {scores[at].value or 0:.3f}, "
            f"{100 * shares.max():.1f} % to {100 * shares.min():.1f} %, stability {stable[at] or 0:.2f}; "
            f"adjusted Rand index: {told}"
        )


def _raw(table: FeatureTable, features: Sequence[str]) -> Floats:
    """The columns as they are, the median where there is no value. (rows, features)"""
    found: list[Floats] = []
    for name in features:
        column = table.columns[name]
        assert not isinstance(column, Levels)
        found.append(np.where(np.isfinite(column.values), column.values, np.nanmedian(column.values)))
    return np.column_stack(found)


def _scaled(X: Floats) -> Floats:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def _rounded(X: Floats) -> str:
    return ", ".join(f"{skew_of(column):.2f}" for column in X.T)


def _codes(table: FeatureTable, name: str) -> Labels:
    column = table.columns[name]
    return column.codes if isinstance(column, Levels) else column.values.astype(np.int32)
