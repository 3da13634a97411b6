"""From raw columns to the matrix that is clustered: filled, clipped, logged, scaled, all reported."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import words
from segmentry.analysis.events import FieldPreparation, Notice, Preparation
from segmentry.analysis.parameters import Role
from segmentry.analysis.recipes import DAY_S, Recipe, columns_of
from segmentry.analysis.statistics import skew_of
from segmentry.analysis.table import HUGE, FeatureTable, Levels, Matrix, Numbers, empty_matrix

CLIP_PERCENTILES = (0.5, 99.5)
SKEWED = 1.0
MISSING_COLUMN_SHARE = 0.05
TOP_LEVELS = 8
LEAST_LEVEL_SHARE = 0.01
MAX_ONE_HOT = 64


@dataclass(frozen=True, eq=False)
class Prepared:
    """`X` (rows, columns), float32 beyond 2 million rows. `gaussian` (columns,) marks scaled quantities;
    `groups` names the field of every column. `recipes` make the same columns of other rows. `dropped` maps
    fields without variation to the reason."""

    X: Matrix
    groups: tuple[str, ...]
    gaussian: tuple[bool, ...]
    recipes: tuple[Recipe, ...]
    dropped: Mapping[str, str]
    notices: tuple[Notice, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that take part, in order."""
        return tuple(recipe.field for recipe in self.recipes)

    @property
    def told(self) -> Preparation:
        """The recipes as people see them."""
        return Preparation(tuple(_told(recipe) for recipe in self.recipes), self.X.shape[1])


def prepare(
    table: FeatureTable, features: Sequence[str], roles: Mapping[str, Role], as_of_s: float
) -> Prepared:
    """The matrix of those fields. `as_of_s` (epoch seconds) is the instant that ages are measured at.

    Quantities are clipped to their 0.5 and 99.5 percentiles, logged when that lessens a skew above 1, and
    scaled to mean 0 and deviation 1. Categories become 0/1 columns which are never standardised, because
    that amplifies rare levels. Cost: one sort per numeric field.
    """
    groups: list[str] = []
    gaussian: list[bool] = []
    recipes: list[Recipe] = []
    dropped: dict[str, str] = {}
    notices: list[Notice] = []
    one_hot_left = MAX_ONE_HOT
    for name in features:
        column, role = table.columns[name], roles[name]
        if isinstance(column, Levels):
            recipe = _levels(column, min(TOP_LEVELS, one_hot_left), flag=role == "FLAG")
        elif role == "FLAG":
            recipe = _flag(column)
        else:
            recipe = _quantity(column, as_of_s if role == "DATE" else None)
        if recipe.kind == "dropped":
            dropped[name] = "it does not vary"
            notices.append(Notice("FIELD_DROPPED", f"{name} was left out: it does not vary", name))
            continue
        width = recipe.width
        one_hot_left -= width if recipe.kind == "levels" else 0
        said = _notices(recipe, table.rows)
        notices.extend(said)
        groups.extend([name] * width)
        scaled = recipe.kind in ("number", "age")
        gaussian.extend([scaled, *[False] * (width - 1)])
        recipes.append(dataclasses.replace(recipe, role=role, columns=width, notices=said))
    X = empty_matrix(table.rows, len(groups))
    first = 0
    for recipe in recipes:
        last = first + recipe.columns
        X[:, first:last] = columns_of(table.columns[recipe.field], recipe, as_of_s)
        first = last
    return Prepared(X, tuple(groups), tuple(gaussian), tuple(recipes), dropped, tuple(notices))


def _told(recipe: Recipe) -> FieldPreparation:
    is_scaled = recipe.kind in ("number", "age")
    return FieldPreparation(
        recipe.field,
        recipe.role,
        recipe.transform,
        recipe.filled,
        recipe.columns,
        clipped_low=recipe.clipped_low if is_scaled else None,
        clipped_high=recipe.clipped_high if is_scaled else None,
        low=recipe.low,
        high=recipe.high,
        fill=recipe.fill if is_scaled else None,
        mean=recipe.mean,
        scale=recipe.scale,
        levels=tuple(words.cut(level) for level in recipe.levels),
        folded_levels=recipe.folded_levels,
        notices=recipe.notices,
    )


def _notices(recipe: Recipe, rows: int) -> tuple[Notice, ...]:
    found: list[Notice] = list(recipe.notices)
    name = recipe.field
    if recipe.filled:
        have, count = ("has", "counts") if recipe.filled == 1 else ("have", "count")
        text = f"{name}: {recipe.filled:,} of {rows:,} rows {have} no value and {count} as typical"
        found.append(Notice("VALUES_IMPUTED", text, name))
    if recipe.unusable:
        lie, were = ("is", "was") if recipe.unusable == 1 else ("are", "were")
        text = f"{name}: {words.many(recipe.unusable, 'value')} {lie} beyond 1e15 and {were} clipped"
        found.append(Notice("VALUES_CLIPPED", text, name))
    return tuple(found)


def _quantity(column: Numbers, as_of_s: float | None) -> Recipe:
    """One scaled column, and a 0/1 column for "missing" where that is common."""
    name = column.field.name
    values = column.values.copy()
    if as_of_s is not None:
        values = (as_of_s - values) / DAY_S
    finite = column.finite
    huge = finite & (np.abs(np.where(finite, values, 0.0)) > HUGE)
    usable = values[finite & ~huge]
    if len(usable) == 0:
        return Recipe(name, "dropped")
    asked = (*CLIP_PERCENTILES, 95.0 if as_of_s is not None else 50.0)
    low, high, fill = (float(each) for each in np.percentile(usable, asked))
    clipped_low = int(np.count_nonzero(finite & (values < low)))
    clipped_high = int(np.count_nonzero(finite & (values > high)))
    values[~finite] = fill
    np.clip(values, low, high, out=values)
    transform = "age in days, scaled" if as_of_s is not None else "scaled"
    skew = skew_of(values)
    is_logged = False
    notices: list[Notice] = []
    if abs(skew) > SKEWED:
        if low < 0:
            transform = "scaled (skewed: no logarithm of negatives)"
            text = f"{name} is skewed ({skew:.1f}) and holds negatives, of which there is no logarithm"
            notices.append(Notice("SKEWED", text, name))
        elif skew > SKEWED and abs(skew_of(np.log1p(values))) < abs(skew):
            values, is_logged, transform = np.log1p(values), True, f"log1p, {transform}"
    mean, scale = float(values.mean()), float(values.std())
    # A constant column of large numbers has a deviation of rounding errors, not of zero.
    if scale <= 1e-12 * max(1.0, abs(mean)):
        return Recipe(name, "dropped")
    filled = int(np.count_nonzero(~finite))
    return Recipe(
        name,
        transform,
        "age" if as_of_s is not None else "number",
        sentinel=column.sentinel,
        filled=filled,
        unusable=int(np.count_nonzero(huge)),
        clipped_low=clipped_low,
        clipped_high=clipped_high,
        low=low,
        high=high,
        fill=fill,
        is_logged=is_logged,
        mean=mean,
        scale=scale,
        marks_missing=filled / len(values) >= MISSING_COLUMN_SHARE,
        notices=tuple(notices),
    )


def _flag(column: Numbers) -> Recipe:
    """One 0/1 column; a row without a value takes the commoner side."""
    name = column.field.name
    held = np.unique(column.values[column.finite])
    if len(held) < 2:
        return Recipe(name, "dropped")
    # Of two numbers the larger one is yes; of more, every one but 0.
    yes = float(held[1]) if len(held) == 2 else None
    kept = column.values[column.finite]
    typical = float(np.median(kept == yes if yes is not None else kept != 0) > 0.5)
    filled = int(np.count_nonzero(~column.finite))
    transform = "0/1" if yes is not None else "0/1 (not zero)"
    return Recipe(name, transform, "flag", sentinel=column.sentinel, filled=filled, fill=typical, yes=yes)


def _levels(column: Levels, at_most: int, *, flag: bool) -> Recipe:
    """0/1 columns of the commonest levels, the rest in one more; unset is a level of its own."""
    rows = len(column.codes)
    name = column.field.name
    missing = int(np.count_nonzero(column.codes < 0))
    order = [int(code) for code in np.argsort(-column.counts, kind="stable") if column.counts[code] > 0]
    levels = tuple(column.levels[code] for code in order)
    if len(order) + bool(missing) < 2 or at_most < 1:
        return Recipe(name, "dropped")
    if flag and len(order) == 2 and not missing:
        return Recipe(name, "0/1", "flag", levels=levels)
    n_kept = sum(int(column.counts[code] >= LEAST_LEVEL_SHARE * rows) for code in order[:at_most])
    folded = len(order) - n_kept
    transform = f"0/1 for {words.many(n_kept, 'value')}" + (", rest together" if folded else "")
    return Recipe(
        name,
        transform,
        "levels",
        levels=levels[:n_kept],
        folded_levels=folded,
        marks_missing=missing > 0,
    )
