"""Raises and lowers the numbers that are there: "by 10", "by 10 %", "double it"."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

from segmentry.criteria.nodes import Leaf
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.draft import Draft
from segmentry.reader.language.tokens import name_words
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.refining import reply
from segmentry.reader.refining.amounts import Shift, holds_period, shifted
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.pointing import bounded, pointed
from segmentry.reader.refining.step import Step
from segmentry.reader.refining.trees import exchanged

_SHARES = frozenset({"pct", "percent", "percentage", "rate", "share", "ratio"})


def shift(step: Step, current: Current) -> Draft:
    """The criteria with one number raised or lowered; a question where several fit."""
    by = step.shift
    assert by is not None
    if step.old.strip():
        found = pointed(step.old, current)
        if not found.ways:
            return reply.absent(current, step.old, step.said)
        among = tuple(dict.fromkeys(at for leaves in found.ways for at in leaves))
        among = bounded(step.old, among, current)
    else:
        among = tuple(range(len(current.leaves)))
    fits: list[tuple[int, AnyLeaf]] = []
    for at in among:
        leaf = current.leaves[at]
        if isinstance(leaf, Leaf) and _is_flag(leaf, current):
            continue
        shifts = [shifted(leaf, each, current.catalog) for each in _readings(leaf, by, current)]
        fits += [(at, new) for new in shifts if new is not None]
    if step.old.strip():
        # "The number of orders" names no date.
        fits = [(at, new) for at, new in fits if not holds_period(new)] or fits
    ways = (
        (
            f"{reply.words(new)} instead of {reply.words(current.leaves[at])}",
            exchanged(current.node, {at: new}),
        )
        for at, new in fits
    )
    if len(fits) == 1:
        return reply.done(current, next(ways)[1], step.said)
    if fits:
        message = f"{reply.quoted(step.said)} fits more than one condition"
        return reply.asked(current, message, ways, said=step.said)
    message = (
        f"No condition holds a number that {reply.quoted(step.said)} could change; "
        f"the conditions are: {reply.listed(current)}"
    )
    return reply.asked(current, message, said=step.said)


def _readings(leaf: object, by: Shift, current: Current) -> list[Shift]:
    """ "10 %" more of a percentage is a tenth of it, or ten points."""
    if not by.percent or not isinstance(leaf, Leaf):
        return [by]
    field = current.catalog.get(leaf.field)
    if field is None or not _SHARES & {*name_words(field.name), *name_words(field.unit)}:
        return [by]
    points = by.factor * (1 if field.maximum is not None and field.maximum <= 1 else 100)
    return [by, dataclasses.replace(by, percent=False, factor=Fraction(1), plus=points)]


def _is_flag(leaf: Leaf, current: Current) -> bool:
    field = current.catalog.get(leaf.field)
    return field is None or field.type == "boolean" or truth_values(field) is not None
