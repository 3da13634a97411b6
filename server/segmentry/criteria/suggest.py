"""Nearest names: what a misspelt field, operator, value or event was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from segmentry.criteria.catalog import Catalog

MOST = 3
LEAST_SCORE = 75.0
_ROUNDING = 1e-9
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
    return Forms(forms).nearest(name, most=most, least=least)


class Forms:
    """Candidates with their forms, made ready once for many searches.

    >>> Forms({"lifetimeValue": ("lifetimeValue", "ltv"), "city": ("city",)}).nearest("LTV")
    ['lifetimeValue']
    """

    def __init__(self, forms: Mapping[str, tuple[str, ...]]) -> None:
        self._candidates = tuple(forms)
        pairs = [(at, form) for at, spellings in enumerate(forms.values()) for form in spellings]
        self._owners = [at for at, _ in pairs]
        self._folded = [form.casefold() for _, form in pairs]
        self._spaced = [words(form) for _, form in pairs]

    def nearest(self, name: str, *, most: int = MOST, least: float = LEAST_SCORE) -> list[str]:
        """The candidates that look like `name`, as `nearest_by_forms` finds them."""
        # rapidfuzz costs 20 ms to import, and most requests have nothing to suggest.
        from rapidfuzz import process  # noqa: PLC0415
        from rapidfuzz.distance import OSA, Indel  # noqa: PLC0415

        given, folded = words(name), name.casefold()
        near = process.extract(folded, self._folded, scorer=OSA.distance, score_cutoff=1, limit=None)
        close = {self._owners[at] for _, _, at in near}
        scores: dict[int, float] = dict.fromkeys(close, 0.0)
        # a candidate one edit away is in whatever its score, which then only orders it
        cutoff = 0.0 if close else min(1.0, max(0.0, least / 100 - _ROUNDING))
        for text, forms in ((folded, self._folded), (given, self._spaced)):
            alike = process.extract(
                text, forms, scorer=Indel.normalized_similarity, score_cutoff=cutoff, limit=None
            )
            for _, score, at in alike:
                owner = self._owners[at]
                scores[owner] = max(scores.get(owner, 0.0), score * 100)
        found = [
            (owner not in close, -score, owner)
            for owner, score in scores.items()
            if score >= least or owner in close
        ]
        return [self._candidates[owner] for *_, owner in sorted(found)[:most]]


def fields(name: str, catalog: Catalog) -> list[str]:
    """The visible fields nearest to an unknown name, by name, synonyms and spelling habit; at most 3.

    >>> from segmentry.criteria.catalog import Field
    >>> fields("handicp", Catalog("golf", (Field("handicap", "number"), Field("city", "string"))))
    ['handicap']
    """
    return nearest_by_forms(name, {each.name: (each.name, *each.synonyms) for each in catalog.visible})
