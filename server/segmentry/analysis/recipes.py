"""How one field becomes columns: fitted on one table by `prepare`, applied to any table with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segmentry.analysis.events import Notice
from segmentry.analysis.parameters import Role
from segmentry.analysis.reading import levels_of_numbers
from segmentry.analysis.table import Column, FeatureTable, Floats, Levels, Numbers

MISSING_COLUMN_WEIGHT = 0.5
DAY_S = 86_400.0

Kind = Literal["number", "age", "flag", "levels", "dropped"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to one field, and what that did to the rows that it was fitted on.

    `filled`, `unusable` and `clipped` count those rows. `low`, `high` and `fill` are raw units (days for
    ages), `mean` and `scale` transformed ones. `yes` is the number that a flag is true at; None means every
    number but 0. `levels` have a column each, commonest first.
    """

    field: str
    transform: str
    kind: Kind = "dropped"
    role: Role = "QUANTITY"
    sentinel: float | None = None
    filled: int = 0
    unusable: int = 0
    clipped_low: int = 0
    clipped_high: int = 0
    low: float | None = None
    high: float | None = None
    fill: float | None = None
    is_logged: bool = False
    mean: float | None = None
    scale: float | None = None
    marks_missing: bool = False
    yes: float | None = None
    levels: tuple[str, ...] = ()
    folded_levels: int = 0
    columns: int = 0
    notices: tuple[Notice, ...] = ()

    @property
    def width(self) -> int:
        """How many columns `columns_of` makes."""
        match self.kind:
            case "dropped":
                return 0
            case "flag":
                return 1
            case "number" | "age":
                return 1 + self.marks_missing
            case "levels":
                return len(self.levels) + bool(self.folded_levels) + self.marks_missing


def columns_of(column: Column, recipe: Recipe, as_of_s: float) -> Floats:
    """The columns of one field, (rows, `recipe.columns`). `as_of_s` is the instant that ages are measured at.

    Raises: ValueError when the column is of another kind than the one that the recipe was made for.
    """
    match column, recipe.kind:
        case Numbers(), "number":
            return _scaled(column, column.values, recipe)
        case Numbers(), "age":
            return _scaled(column, (as_of_s - column.values) / DAY_S, recipe)
        case Numbers(), "flag":
            return _flag(column, recipe)
        case Levels(), "flag" | "levels":
            return _levels(column, recipe)
        case _, "dropped":
            return np.empty((_rows(column), 0))
        case _:
            raise ValueError(f"{recipe.field} is no longer what it was: {recipe.kind}")


def apply(table: FeatureTable, recipes: Sequence[Recipe], as_of_s: float) -> Floats:
    """The matrix of a raw table by recipes that were fitted on another one. (rows, columns)

    Raises: ValueError when a field is gone or of another kind.
    """
    blocks: list[Floats] = []
    for recipe in recipes:
        column = table.columns.get(recipe.field)
        if column is None:
            raise ValueError(f"{recipe.field} is gone")
        blocks.append(columns_of(_as_read(column, recipe), recipe, as_of_s))
    return np.hstack(blocks) if blocks else np.empty((table.rows, 0))


def _as_read(column: Column, recipe: Recipe) -> Column:
    if isinstance(column, Levels):
        return column
    if recipe.kind == "levels":
        return levels_of_numbers(column)
    return Numbers(column.field, column.values, recipe.sentinel)


def _scaled(column: Numbers, given: Floats, recipe: Recipe) -> Floats:
    assert recipe.fill is not None
    assert recipe.mean is not None
    assert recipe.scale is not None
    values = np.where(column.finite, given, recipe.fill)
    np.clip(values, recipe.low, recipe.high, out=values)
    if recipe.is_logged:
        values = np.log1p(values)
    block = ((values - recipe.mean) / recipe.scale)[:, None]
    if recipe.marks_missing:
        missing = (~column.finite)[:, None].astype(np.float64) * MISSING_COLUMN_WEIGHT
        block = np.hstack([block, missing])
    return block


def _flag(column: Numbers, recipe: Recipe) -> Floats:
    assert recipe.fill is not None
    true = column.values != 0 if recipe.yes is None else column.values == recipe.yes
    return np.where(column.finite, true, recipe.fill).astype(np.float64)[:, None]


def _levels(column: Levels, recipe: Recipe) -> Floats:
    place = {level: code for code, level in enumerate(column.levels)}
    kept = [place.get(level, -2) for level in recipe.levels]
    if recipe.kind == "flag":
        # Of two values the greater one is true: "true" after "false", "yes" after "no".
        return (column.codes == kept[recipe.levels.index(max(recipe.levels))]).astype(np.float64)[:, None]
    found = [column.codes == code for code in kept]
    if recipe.folded_levels:
        found.append((column.codes >= 0) & ~np.isin(column.codes, kept))
    if recipe.marks_missing:
        found.append(column.codes < 0)
    return np.column_stack(found).astype(np.float64)


def _rows(column: Column) -> int:
    return len(column.codes) if isinstance(column, Levels) else len(column.values)
