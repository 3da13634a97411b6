# ruff: noqa: E501 - patterns read better in long lines
"""Talk and questions that describe no customers, and letters that are no words."""

from __future__ import annotations

import re
from typing import Final

from segmentry.reader.language.words import word_set

_TOPICS: Final = re.compile(
    r"\b(?:weather|forecast for|tell me a joke|a joke|jokes|poem|haiku|recipe|who are you|what are you|capital of|stock price|bitcoin|"
    r"meaning of life|how are you|what time is it|what's the time|sing (?:me )?a|write (?:me )?(?:a|an|some|code)|what's up|"
    r"(?:nice|good) to meet you|your name|how old are you|do you (?:like|know|think|speak|have feelings|work|sleep|understand))\b",
    re.IGNORECASE,
)
_TOPIC_WORDS: Final = word_set("""
weather forecast joke jokes poem haiku recipe you capital stock bitcoin meaning time sing write up meet name your
""")
# A greeting or thanks and nothing else.
_CHATTER: Final = word_set("""
hi hello hey howdy greetings good morning afternoon evening night day thanks thank cheers bye goodbye see
later ok okay cool great nice awesome wow lol haha sorry please yes no yeah nope sure welcome sweet perfect
a lot so much very you ya again there everyone all team test testing ping really well done fine that's that is it's it this works work perfectly helpful help you're your
""")
_CHATTER_HEADS: Final = word_set("""
hi hello hey howdy greetings good thanks thank cheers bye goodbye ok okay cool awesome wow lol haha sorry
yes yeah nope sure welcome test testing ping nice yo
""")
_ASKING: Final = word_set(
    "why when where what what's whats who who's how which is are was were do does did can will should would could am has have explain describe tell"
)
_ALWAYS_QUESTIONS: Final = re.compile(
    r"^(?:please |and |but |so |hi |hey |hello )*(?:why\b|how\s+(?:do|does|did|can|could|should|would|to|come|is|are|was|were|will)\b|"
    r"when\s+(?:do|does|did|is|are|was|were|will|can|should)\b|where\s+(?:do|does|did|is|can|should)\b|"
    r"(?:is|are|was|were|am)\s+(?:it|there\s+(?:a|an)\s+way|this|that|you|i|we)\b|(?:do|does|did|should|will|shall)\s+(?:you|i|we|it|this)\b|"
    r"what\s+(?:do|does)\s+(?:\w+\s+){1,4}(?:mean|stand\s+for)\W*$|"
    r"what\s+(?:can|do|does|should|would|could|did)\s+(?:you|i|we|it|this)\b|what\s+if\b|"
    # a figure or an opinion, not a list of people
    r"(?:what|which)(?:'s|\s+is|\s+are|\s+was|\s+were)?\s+(?:our\s+|the\s+|my\s+)?(?:\w+\s+){0,2}(?:segments?|audiences?|campaigns?|strategy|kpis?|trends?)\b(?!\s+(?:has|have|who|with|of|that))|"
    r"what(?:'s|\s+is|\s+are)\s+(?:a|an|sql|the\s+(?:difference|meaning|definition|point|best\s+way))\b)",
    re.IGNORECASE,
)
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azerty", "qsdfghjklm")
_VOWELS: Final = frozenset("aeiouyáéíóúàèìòùäëïöüâêîôûåøæœãõ")
_LEAST_MASH: Final = 4


def small_talk(query: str, words: list[str]) -> str | None:
    """The words that show that the query is talk and no description, or None; `words` in lower case."""
    if not words:
        return None
    if words[0] in _CHATTER_HEADS and len(words) <= 6 and all(word in _CHATTER for word in words):
        return query.strip()
    if not _TOPIC_WORDS.isdisjoint(words):
        found = _TOPICS.search(query)
        if found is not None:
            return found.group()
    if words[0] in _ASKING or words[0] in ("please", "and", "but", "so", "hi", "hey", "hello"):
        found = _ALWAYS_QUESTIONS.search(query.strip())
        if found is not None:
            return found.group()
    return None


def asks(words: list[str]) -> bool:
    """Whether the words begin as a question or a wish to be told something."""
    return bool(words) and words[0] in _ASKING


def is_mash(word: str) -> bool:
    """Whether letters were struck at random: no vowel, one row of the keyboard, one letter again and again."""
    if len(word) < _LEAST_MASH or not word.isalpha():
        return False
    folded = word.casefold()
    if not any(char in _VOWELS for char in folded):
        return True
    if re.search(r"(.)\1{3}", folded) or re.fullmatch(r"(..{1,2})\1+", folded):
        return True
    return any(folded[:4] in row or folded[:4] in row[::-1] for row in _ROWS)
