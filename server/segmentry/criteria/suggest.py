"""Nearest names: what a misspelt field, operator, value or event was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from segmentry.criteria.catalog import Catalog

MOST = 3
LEAST_SCORE = 75.0
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])|(?<=[A-Z])(?=[A-Z][a-z])|[_\s\-./]+")


@lru_cache(maxsize=4096)
def words(name: str) -> str:
    """A name in lower-case words, whatever its spelling habit.

    >>> words("lastBookingAt"), words("last_booking_at")
    ('last booking at', 'last booking at')
    """
    return " ".join(part for part in _HUMP.split(name) if part).casefold()


def nearest(
    name: str, candidates: Iterable[str], *, most: int = MOST, least: float = LEAST_SCORE
) -> list[str]:
    """The candidates that look like `name`, best first: at most `most`, none below a score of `least`.

    A candidate one edit away is always in, however short it is.

    >>> nearest("engagmentScore", ["engagementScore", "churnRiskScore", "status"])
    ['engagementScore']
    """
    return nearest_by_forms(name, {each: (each,) for each in candidates}, most=most, least=least)


def nearest_by_forms(
    name: str, forms: dict[str, tuple[str, ...]], *, most: int = MOST, least: float = LEAST_SCORE
) -> list[str]:
    """As `nearest`, where each candidate may be met by several forms, such as its synonyms.

    >>> nearest_by_forms("LTV", {"lifetimeValue": ("lifetimeValue", "ltv"), "city": ("city",)})
    ['lifetimeValue']
    """
    # rapidfuzz costs 20 ms to import, and most requests have nothing to suggest.
    from rapidfuzz.distance import OSA, Indel  # noqa: PLC0415

    given, folded = words(name), name.casefold()
    scored: list[tuple[bool, float, int, str]] = []
    for order, (candidate, spellings) in enumerate(forms.items()):
        best, close = 0.0, False
        for spelling in spellings:
            plain = spelling.casefold()
            best = max(
                best,
                Indel.normalized_similarity(folded, plain) * 100,
                Indel.normalized_similarity(given, words(spelling)) * 100,
            )
            close = close or OSA.distance(folded, plain, score_cutoff=1) <= 1
        if best >= least or close:
            scored.append((not close, -best, order, candidate))
    return [candidate for *_, candidate in sorted(scored)[:most]]


def fields(name: str, catalog: Catalog) -> list[str]:
    """The visible fields nearest to an unknown name, by name, synonyms and spelling habit; at most 3.

    >>> from segmentry.criteria.catalog import Field
    >>> fields("handicp", Catalog("golf", (Field("handicap", "number"), Field("city", "string"))))
    ['handicap']
    """
    return nearest_by_forms(name, {each.name: (each.name, *each.synonyms) for each in catalog.visible})
