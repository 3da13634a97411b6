"""The phrases of comparisons: those before the number ("at least") and those behind it ("or more")."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.nodes import Operator

GT, GTE, LT, LTE, EQ, NEQ = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.EQ, Operator.NEQ)
Phrases = dict[str, list[tuple[tuple[str, ...], Operator]]]


def _by_first(table: Mapping[Operator, str]) -> Phrases:
    """The phrases by their first word, longest first."""
    found: Phrases = {}
    for operator, text in table.items():
        for phrase in text.split("|"):
            found.setdefault(phrase.split()[0], []).append((tuple(phrase.split()), operator))
    for listed in found.values():
        listed.sort(key=lambda item: -len(item[0]))
    return found


BEFORE = _by_first(
    {
        GTE: (
            ">=|=>|≥|at least|atleast|no less than|no fewer than|not less than|not fewer than|not under|"
            "not below|minimum|minimum of|min|a minimum of|greater than or equal to|"
            "more than or equal to|equal to or greater than|equal to or more than|from|starting at|"
            "starting from|not lower than|gte|higher than or equal to|equal or greater than|"
            "greater or equal to"
        ),
        LTE: (
            "<=|=<|≤|at most|up to|no more than|not more than|no greater than|not greater than|not over|"
            "not above|maximum|maximum of|max|a maximum of|less than or equal to|fewer than or equal to|"
            "not exceeding|not exceed|does not exceed|do not exceed|doesn't exceed|don't exceed|"
            "never exceeds|lower than or equal to|equal to or less than|not higher than|no higher than|"
            "no over|lte|no longer than|capped at|less or equal to|within"
        ),
        GT: (
            ">|more than|greater than|over|above|exceeding|exceeds|exceed|exceeded|higher than|"
            "bigger than|larger than|in excess of|north of|beyond|upwards of|upward of|gt|well over|"
            "more then|greater then|higher then|surpassing|past|longer than"
        ),
        LT: (
            "<|less than|fewer than|under|below|lower than|smaller than|beneath|lt|south of|less then|"
            "lower then|shorter than|short of|fewer then"
        ),
        EQ: ("just|only|=|==|exactly|equal to|equals|equal|precisely|is exactly"),
        NEQ: ("!=|<>|≠|not equal to|other than|not exactly"),
    }
)
AFTER = _by_first(
    {
        GTE: (
            "or more|or above|or over|or higher|or greater|or better|and better|and above|and over|"
            "and up|and higher|and more|or up|plus|+|upwards|or bigger|or larger|or longer|or newer|"
            "and newer|or later|and later|onwards|or older|and older|minimum|min|at least"
        ),
        LTE: (
            "or worse|and worse|or earlier|and earlier|or less|or under|or below|or fewer|or lower|"
            "and under|and below|or smaller|or shorter|or younger|and younger|and less|max|maximum|"
            "at most|tops|and lower|and fewer"
        ),
        EQ: ("exactly"),
    }
)
# every word of a comparator; never a misspelling of something else
WORDS = frozenset(
    word for table in (BEFORE, AFTER) for listed in table.values() for words, _ in listed for word in words
)
