"""Which columns say most about customers, found once for a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Operator
from segmentry.reader.language.thesaurus import MONEY_NAMES
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.names import Named

_MOST = 3
_TELLING: Final = word_set("value ltv spend revenue total orders purchases engagement loyalty")
_NO_MERIT: Final = word_set("churn risk age day month year code")
_UPWARDS: Final = frozenset({Operator.GT, Operator.GTE})


def most_telling(fields: Iterable[Field], named: Mapping[str, Named]) -> tuple[Field, ...]:
    """Of numbers that rank people: with bands first, then money, then scores and counts; at most three."""
    scored: list[tuple[int, int, Field]] = []
    for position, field in enumerate(fields):
        words = set(named[field.name].words)
        rank = 2 * any(band.operator in _UPWARDS for band in field.bands) + 2 * bool(words & _TELLING)
        rank += bool({word.rstrip("s") for word in words} & MONEY_NAMES) - 3 * bool(words & _NO_MERIT)
        scored.append((-rank, position, field))
    return tuple(field for _, _, field in sorted(scored, key=lambda item: item[:2])[:_MOST])
