"""What one wrong letter costs: every in-domain case that is right, read again with a typo."""

from __future__ import annotations

import dataclasses
import random
import re
import string
from collections.abc import Sequence

from evals.case_files import Case
from evals.judge import Verdict, judge
from evals.measures import Bar

MOST_LOST = 5
# Whole words in the running text: an address or a file name with another letter is another one.
_LONG = re.compile(r"(?<![\w'@./-])[A-Za-z]{5,}(?![\w'@/-]|\.\w)")


@dataclasses.dataclass(frozen=True, slots=True)
class Loss:
    """Cases read again, and how they ended: still right, or wrong at a confidence at which nobody looks."""

    verdicts: tuple[Verdict, ...]

    @property
    def bar(self) -> Bar:
        """The points of right answers that the typos cost."""
        n = len(self.verdicts)
        lost = sum(not each.right for each in self.verdicts)
        return Bar("lost to a typo", 100 * lost / n if n else 0.0, MOST_LOST, n, most=True)

    @property
    def silent(self) -> int:
        return sum(each.state == "wrong_silent" for each in self.verdicts)


def mistyped(text: str, seed: str) -> str | None:
    """The text with one edit in one word of five letters or more, drawn by the seed; None if it has none.

    >>> mistyped("no word", "a") is None, mistyped("golden", "a") != "golden"
    (True, True)
    """
    drawn = random.Random(seed)
    words = list(_LONG.finditer(text))
    if not words:
        return None
    word = drawn.choice(words)
    return text[: word.start()] + _edited(word[0], drawn) + text[word.end() :]


def _edited(word: str, drawn: random.Random) -> str:
    """One letter swapped with the one before, left out, put in or replaced; never the first."""
    while True:
        at = drawn.randrange(1, len(word))
        letter = drawn.choice(string.ascii_lowercase)
        match drawn.randrange(4):
            case 0:
                edited = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at > 1 else word
            case 1:
                edited = word[:at] + word[at + 1 :]
            case 2:
                edited = word[:at] + letter + word[at:]
            case _:
                edited = word[:at] + letter + word[at + 1 :]
        if edited != word:
            return edited


def lost(verdicts: Sequence[Verdict]) -> Loss:
    """Read the right in-domain cases again with a typo each; refinements too."""
    again: list[Verdict] = []
    for each in verdicts:
        if each.right and each.case.in_domain:
            query = mistyped(each.case.query, each.case.id)
            if query is not None:
                again.append(judge(_with(each.case, query)))
    return Loss(tuple(again))


def _with(case: Case, query: str) -> Case:
    return dataclasses.replace(case, query=query)
