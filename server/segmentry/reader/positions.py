"""What stands at each position of a query: words, phrases, dates and comparisons, as dictionaries.

Dictionaries of their own kind, because their look-up costs half of a method in Python, and a query asks
hundreds of times. Most positions hold nothing, which is known from the word alone and noted at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segmentry.reader.dates.dates import FIRST as _DATE_FIRST
from segmentry.reader.dates.dates import WRITTEN, DateReader
from segmentry.reader.dates.second_words import BEFORE_DATES, SECOND
from segmentry.reader.dates.when import When
from segmentry.reader.language.tokens import Token
from segmentry.reader.lexicon.lexicon import Match
from segmentry.reader.quantities.comparators import FIRST as _COMPARISON_FIRST
from segmentry.reader.quantities.comparators import Comparison, comparison
from segmentry.reader.quantities.numbers import FIRST as _NUMBER_FIRST
from segmentry.reader.quantities.numbers import Quantity, quantity

_NUMBER, _DATE, _COMPARISON = 1, 2, 4
# what may begin with a word
_MAY = {
    word: _NUMBER * (word in _NUMBER_FIRST)
    | _DATE * (word in _DATE_FIRST)
    | _COMPARISON * (word in _COMPARISON_FIRST)
    for word in _NUMBER_FIRST | _DATE_FIRST | _COMPARISON_FIRST
}
_NO_MATCHES: Sequence[Match] = ()


class Words(dict[int, str]):
    """The words of a query by position; empty outside it."""

    def __init__(self, norms: Sequence[str]) -> None:
        super().__init__(enumerate(norms))
        # those right outside are asked for at every end
        after = len(norms)
        self[-2] = self[-1] = self[after] = self[after + 1] = self[after + 2] = ""

    def __missing__(self, at: int) -> str:
        return ""


class Matches(dict[int, Sequence[Match]]):
    """The phrases of the catalog by the position at which they begin, the longest first."""

    def __init__(self, found: Mapping[int, Sequence[Match]], end: int) -> None:
        super().__init__(dict.fromkeys(range(-1, end + 2), _NO_MATCHES))
        self.update(found)

    def __missing__(self, at: int) -> Sequence[Match]:
        return _NO_MATCHES


class Whens(dict[int, "When | None"]):
    """The date phrases by position, each read when it is first asked for."""

    def __init__(self, dates: DateReader, end: int, empty: Sequence[int]) -> None:
        super().__init__(dict.fromkeys(empty))
        self._dates = dates
        self._end = end

    def __missing__(self, at: int) -> When | None:
        found = self[at] = None if at >= self._end else self._dates.at(at)
        return found


class Comparisons(dict[int, "Comparison | None"]):
    """The comparisons with a number by position, each read when it is first asked for."""

    def __init__(self, tokens: Sequence[Token], numbers: dict[int, Quantity], empty: Sequence[int]) -> None:
        super().__init__(dict.fromkeys(empty))
        self._tokens = tokens
        self._numbers = numbers

    def __missing__(self, at: int) -> Comparison | None:
        found = self[at] = comparison(self._tokens, at, self._numbers) if at < len(self._tokens) else None
        return found


def numbers_of(tokens: Sequence[Token]) -> tuple[dict[int, Quantity], list[int], list[int]]:
    """The quantities by position, the positions where no date begins, and those where no comparison does."""
    numbers: dict[int, Quantity] = {}
    undated: list[int] = []
    uncompared: list[int] = []
    taken = 0
    for at, token in enumerate(tokens):
        may = _MAY.get(token.norm, 0)
        if token.kind in WRITTEN:
            may |= _DATE | _NUMBER if token.kind == "number" else _DATE
        if may & _NUMBER and at >= taken:
            found = quantity(tokens, at)
            if found is not None:
                numbers[at] = found
                taken = found.end
                continue
        if may & _DATE and token.norm in SECOND and not _goes_on(tokens, at):
            may &= ~_DATE
        if not may & _DATE:
            undated.append(at)
        if not may & _COMPARISON:
            uncompared.append(at)
    return numbers, undated, uncompared


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether a date may begin with the small word there, which the next word shows."""
    if at + 1 == len(tokens):
        return False
    word, following = tokens[at].norm, tokens[at + 1]
    if following.norm in SECOND[word]:
        return True
    return word in BEFORE_DATES and (following.kind in WRITTEN or following.norm in _NUMBER_FIRST)
