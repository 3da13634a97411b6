"""What must follow a small word for a date to begin with it: "the", "in", "not" and "a" mostly begin none.

Such a word stands in every query, and reading a date from it takes as long as a tenth of all the rest.
"""

from __future__ import annotations

from typing import Final

from segmentry.reader.dates.bounds import BOUND_FIRST, BOUND_SECOND
from segmentry.reader.dates.dates import FIRST, PREPOSITIONS
from segmentry.reader.dates.distances import COMPARED, LONG_AGO
from segmentry.reader.dates.durations import FEW, PLURALS, UNIT_WORDS, WHOLE, WORKING
from segmentry.reader.dates.relative_dates import EDGES, RELATIVE_FIRST

# the second words of the phrases that begin with a word; an empty one where the word is a phrase itself
_PHRASES: Final = {
    word: BOUND_SECOND.get(word, frozenset())
    | frozenset((*words, "")[1] for words, _ in COMPARED.get(word, ()))
    | frozenset((*words, "")[1] for words in LONG_AGO if words[0] == word)
    for word in BOUND_FIRST | set(COMPARED) | PREPOSITIONS | {"a", "an", "the"}
}
_DATES: Final = FIRST | PLURALS | RELATIVE_FIRST | EDGES | {"now", "close"}
_LENGTHS: Final = FEW | UNIT_WORDS | WORKING | WHOLE | {"half"}
# after these any date may stand, also one that begins with a number
BEFORE_DATES: Final = PREPOSITIONS | frozenset(
    {"the", "from", "since", "after", "before", "by", "until", "till", "under", "beyond"}
)
_OF_SEVERAL: Final = frozenset({"no", "not", "more", "less", "fewer", "longer", "shorter", "older", "newer"})
SECOND: Final[dict[str, frozenset[str]]] = {
    **{word: (_PHRASES.get(word, frozenset()) | _DATES) - {""} for word in BEFORE_DATES},
    **{word: _PHRASES[word] for word in _OF_SEVERAL},
    **{word: _PHRASES[word] | _LENGTHS for word in ("a", "an")},
}
