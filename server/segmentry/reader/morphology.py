"""People named after what they do: management - managers, nursing - nurses, retired - retirees."""

from __future__ import annotations

from collections.abc import Iterator

_FIXED = {
    "retired": "retiree",
    "nursing": "nurse",
    "accounting": "accountant",
    "accountancy": "accountant",
    "law": "lawyer",
    "legal": "lawyer",
    "medicine": "doctor",
    "politics": "politician",
    "music": "musician",
    "divorced": "divorcee",
    "unemployment": "unemployed",
    "retirement": "retiree",
    "art": "artist",
    "technology": "technologist",
    "agriculture": "farmer",
}


def people_of(value: str) -> Iterator[str]:
    """Nouns for the people whom a one-word value describes ("management" -> "manager").

    >>> list(people_of("management"))
    ['manager']
    >>> list(people_of("engineering"))
    ['engineer']
    """
    word = value.casefold()
    if word in _FIXED:
        yield _FIXED[word]
    elif word.endswith("ment") and len(word) > 7 and word[-5] == "e":
        yield word[:-4] + "r"
    elif word.endswith("eering"):
        yield word[:-3]
    elif word.endswith("ing") and len(word) > 6:
        yield word[:-3] + "er"
