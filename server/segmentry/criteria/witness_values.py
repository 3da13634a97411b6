"""The values of one field on which two criteria could differ, at the edges of every constant they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise, product

from segmentry.criteria.catalog import Field
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import Leaf, Scalar

# A text that holds no letter or digit, so that no constant is found in it by chance.
FOREIGN = "§"
_SECOND = timedelta(seconds=1)
# Over a day and less than two: a local date in place of a UTC one shows as well as a day too many.
_DAYS = timedelta(hours=36)
# Joined pairs show "starts with a and ends with b"; their number grows with the square.
_MOST_JOINED = 6


def constants(leaves: Iterable[Leaf]) -> list[Scalar]:
    """The set values that leaves of one field compare with, each once, in their order.

    >>> from segmentry.criteria.nodes import Operator
    >>> constants([Leaf("a", Operator.IN, (1, None, 2)), Leaf("a", Operator.EXISTS, True)])
    [1, 2]
    """
    found: dict[tuple[bool, Scalar], Scalar] = {}
    for leaf in leaves:
        if leaf.operator.value == "exists":
            continue
        for each in leaf.value if isinstance(leaf.value, tuple) else (leaf.value,):
            if each is not None:
                found.setdefault((isinstance(each, bool), each), each)
    return list(found.values())


def cells(field: Field, named: Sequence[Scalar], as_of: datetime) -> list[Cell]:
    """Values of a field around the constants named, ordinary ones first and unset last.

    They obey the field's own domain: a closed list (and one value outside it), a declared range, a field
    that only holds the past, a field that is never unset. A constant outside a range or in the future shows
    that the criteria ask beyond it, so then nothing is left out.

    >>> cells(Field("visits", "number", integer=True), [10], datetime(2025, 1, 1))
    [9, 10, 11, None]
    """
    unset: list[Cell] = [None] if field.nullable else []
    return [*_set_values(field, named, as_of), *unset]


def _set_values(field: Field, named: Sequence[Scalar], as_of: datetime) -> list[Cell]:
    if field.type == "enum" and field.values:
        return _closed(field)
    match field.type:
        case "number":
            numbers = [each for each in named if isinstance(each, int | float) and not isinstance(each, bool)]
            return [*_numbers(field, numbers)]
        case "boolean":
            return [True, False]
        case "datetime":
            return [*_dates(field, [each for each in named if isinstance(each, datetime)], as_of)]
        case "array":
            return _arrays([each for each in named if isinstance(each, str)])
        case "string" | "enum":
            return [*_texts([each for each in named if isinstance(each, str)])]


def _closed(field: Field) -> list[Cell]:
    known: list[Cell] = [each.value for each in field.values]
    match field.stored.type:
        case "boolean":
            return [True, False]
        case "number":
            return [*known, max(each for each in known if isinstance(each, int | float)) + 1]
        case _:
            return [*known, FOREIGN]


def _numbers(field: Field, named: Sequence[int | float]) -> list[int | float]:
    ordered = sorted(set(named))
    found = [value for each in ordered for value in (each - 1, each, each + 1)] or [0, 1]
    if not field.integer:
        found += [(low + high) / 2 for low, high in pairwise(ordered)]
        found += [each + half for each in ordered for half in (-0.5, 0.5)]
    low, high = field.minimum, field.maximum
    if all((low is None or low <= each) and (high is None or each <= high) for each in ordered):
        found += [each for each in (low, high) if each is not None]
        found = [each for each in found if (low is None or low <= each) and (high is None or each <= high)]
    return sorted(set(found))


def _dates(field: Field, named: Sequence[datetime], as_of: datetime) -> list[datetime]:
    ordered = sorted(set(named)) or [as_of]
    found = {low + (high - low) / 2 for low, high in pairwise(ordered)}
    for each in ordered:
        for step in (-_DAYS, -_SECOND, timedelta(), _SECOND, _DAYS):
            try:
                found.add(each + step)
            except OverflowError:
                continue  # the calendar ends here, so that no such row exists
    if field.tense == "past" and all(each <= as_of for each in ordered):
        found = {each for each in found if each < as_of}
    return sorted(found)


def _texts(named: Sequence[str]) -> list[str]:
    found: list[str] = []
    for each in named:
        found += [each, each + FOREIGN, FOREIGN + each, FOREIGN + each + FOREIGN, each[:-1], each[1:]]
        found += [each.lower(), each.upper(), each.swapcase()]
    if len(named) <= _MOST_JOINED:
        found += [one + between + other for one, other in product(named, named) for between in ("", FOREIGN)]
    return list(dict.fromkeys([*found, "", FOREIGN]))


def _arrays(named: Sequence[str]) -> list[Cell]:
    single = list(dict.fromkeys([form for each in named for form in (each, each.swapcase())] + [FOREIGN]))
    found: list[Cell] = [(), *((each,) for each in single)]
    found += [(each, FOREIGN) for each in named]
    if len(named) <= _MOST_JOINED:
        found += [(one, other) for at, one in enumerate(named) for other in named[at + 1 :]]
    if len(named) > 2:
        found.append(tuple(named))
    return found
