"""Names said in another order than they are written: "lifetime orders" for `orders_lifetime`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.names import Named

# states of what is counted: `complaints_open` is said "open complaints"
_STATES: Final = word_set("""
open closed pending active unpaid paid overdue failed cancelled canceled completed missed outstanding unused
used returned declined rejected resolved unresolved attended skipped expired late
""")
# `orders_lifetime` is said "lifetime orders"
_WHOLE: Final = frozenset({"lifetime", "total", "overall", "average"})
_ALL_TIME: Final = (("lifetime",), ("overall",), ("all", "time"))


def turned(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Lifetime orders" for `orders_lifetime`, "lifetime spend" for `total_spend`, "open complaints"."""
    if len(named.plain) > 1 and named.plain[-1] in _WHOLE:
        yield (named.plain[-1], *named.plain[:-1])
    if len(named.plain) > 1 and named.plain[0] == "total":
        for words in _ALL_TIME:
            yield (*words, *named.plain[1:])
    if len(named.core) == 2 and named.core[1] in _STATES:
        yield (named.core[1], named.core[0])


def states(named: Named) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The flag's opposite (True), and `email_verified` turned round: "unverified email"."""
    if len(named.core) == 1:
        for prefix in ("in", "un", "non"):
            yield (prefix + named.core[0],), True
    elif len(named.core) == 2 and named.core[1].endswith("ed"):
        thing, state = named.core
        yield (state, thing), False
        yield ("un" + state, thing), True
        yield (thing, "un" + state), True
