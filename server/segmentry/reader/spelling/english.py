"""The words of English, so that a slip of the hand is told from a word that no rule knows."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import lru_cache
from importlib.metadata import distribution

# The list alone is read: importing the package would load a search that is not used.
_LIST = "symspellpy/frequency_dictionary_en_82_765.txt"


@lru_cache(maxsize=1)
def frequencies() -> dict[str, int]:
    """82,765 words in lower case, inflected forms among them, with how often the web writes each.

    Read once, in about 50 ms. The counts are Google's of running text: "the" has 23 thousand million.
    """
    text = str(distribution("symspellpy").locate_file(_LIST))
    with open(text, encoding="utf-8-sig") as lines:  # noqa: PTH123 - a path of the installed package
        parted = (line.partition(" ") for line in lines)
        return {word: int(count) for word, _, count in parted}


def words() -> AbstractSet[str]:
    """The words without their counts.

    >>> "shoppers" in words(), "shopers" in words()
    (True, False)
    """
    return frequencies().keys()
