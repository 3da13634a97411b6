"""Which of several words was meant: how often each is written, times how likely the slip is.

The noisy channel of Kernighan, Church and Gale (1990), with two classes of slips. A letter left out, two that
changed places and a letter typed twice have few ways to happen; a strange letter has 25 at each place, so one
given strange letter is that much less likely.
"""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.reader.spelling import english

# Of 25 letters a neighbour on the keyboard is the likelier one.
_STRANGE_LETTER = 1 / 12
# The catalog speaks of it, so its users do.
_OF_THE_TABLE = 8.0
# A word that the list lacks is taken for one of middling use.
_UNLISTED = 3_000_000
_CLEAR = 6.0
# Above this many, a word of English is meant as it stands: "moth" has 1.6 million, "diary" 15.
_RARE = 2_500_000
_FAR_COMMONER = 30


def common_slip(typed: str, meant: str) -> bool:
    """Whether a letter was left out or typed twice, or two changed places.

    >>> common_slip("montly", "monthly"), common_slip("yaer", "year"), common_slip("cird", "card")
    (True, True, False)
    """
    if len(typed) == len(meant):
        return sorted(typed) == sorted(meant)
    longer, shorter = (meant, typed) if len(meant) > len(typed) else (typed, meant)
    if len(longer) != len(shorter) + 1:
        return False
    gaps = [at for at in range(len(longer)) if longer[:at] + longer[at + 1 :] == shorter]
    return bool(gaps) and (longer is meant or len(gaps) > 1)


def likeliest(typed: str, near: Sequence[str], of_table: frozenset[str]) -> str | None:
    """The word that is clearly likelier than all others, if there is one."""

    def weight(word: str) -> float:
        usual = english.frequencies().get(word, _UNLISTED)
        listed = _OF_THE_TABLE if word in of_table else 1.0
        return usual * listed * (1.0 if common_slip(typed, word) else _STRANGE_LETTER)

    ranked = sorted(((weight(word), word) for word in near), reverse=True)
    if not ranked:
        return None
    clear = len(ranked) == 1 or ranked[0][0] >= _CLEAR * ranked[1][0]
    return ranked[0][1] if clear else None


def is_rare(word: str) -> bool:
    """Whether hardly anybody writes this word of English: more often it is a slip in a common one."""
    return english.frequencies().get(word, _RARE) < _RARE


def hidden(typed: str, near: Sequence[str], of_table: frozenset[str]) -> str | None:
    """The common word behind a rare one: "moth" for month, "sped" for spend."""
    least = _FAR_COMMONER * english.frequencies().get(typed, _RARE)
    common = [
        word
        for word in near
        if word[0] == typed[0] and english.frequencies().get(word, 0) >= least and common_slip(typed, word)
    ]
    return likeliest(typed, common, of_table)
