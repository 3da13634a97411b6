"""Metres and millimetres: "taller than 1.8 m" is no height of millions, where the column holds a length."""

from __future__ import annotations

from dataclasses import replace

from segmentry.reader.lexicon.names import Named
from segmentry.reader.lexicon.phrases import Entry
from segmentry.reader.lexicon.units import in_metres, is_length, keeps_in, unit_factor
from segmentry.reader.quantities.comparators import Comparison
from segmentry.reader.quantities.numbers import Quantity
from segmentry.reader.scene import Scene


def metric(scene: Scene, named: Named, found: Comparison) -> tuple[Comparison, float, bool] | None:
    """The comparison in metres on a length, the factor, and whether the unit is a guess; None for others."""
    unit = _said(scene, found)
    if not unit:
        return None
    is_one, known = is_length(named)
    if not is_one:
        return None
    bounds = tuple(
        (operator, replace(number, value=in_metres(number.value)) if _letters(scene, number) else number)
        for operator, number in found.bounds
    )
    factor = unit_factor(named, unit) if known else None
    return replace(found, bounds=bounds), 1.0 if factor is None else factor[0], not known


def kept_in_metres(scene: Scene, candidates: list[Entry], found: Comparison) -> list[Entry]:
    """Of several columns the one that is kept in metres, where metres were said."""
    unit = _said(scene, found) if len(candidates) > 1 else ""
    if not unit:
        return candidates
    kept = [each for each in candidates if keeps_in(scene.lexicon.named[each.field], unit)]
    return kept if len(kept) == 1 else candidates


def _said(scene: Scene, found: Comparison) -> str:
    """The unit that the letters behind a number may be instead of millions: "m", "mm" or ""."""
    return next((unit for _, number in found.bounds if (unit := _letters(scene, number))), "")


def _letters(scene: Scene, number: Quantity) -> str:
    last = scene.tokens[number.end - 1]
    if last.kind != "number" or last.money or not last.text.endswith("m"):
        return ""
    return "mm" if last.text.endswith("mm") else "m"
