# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Inflection only: plural, possessive, -ed and -ing are taken off; nothing that changes the word's meaning.

Snowball was too strong: it made *active* equal to *activity* and *email* to *emailable*.
"""

from __future__ import annotations

import re
from functools import lru_cache

_IRREGULAR = {
    "paid": "pay", "spent": "spend", "bought": "buy", "left": "leav", "sent": "send", "went": "go",
    "children": "child", "kids": "kid", "women": "woman", "men": "man", "people": "person", "wives": "wif",
    "made": "mak", "had": "have", "has": "have", "having": "have", "earnt": "earn", "died": "die",
    "lost": "lose", "sold": "sell", "got": "get", "gotten": "get", "won": "win", "took": "tak", "taken": "tak",
    "us": "us", "is": "is", "was": "was", "this": "this", "its": "its", "yes": "yes", "cities": "city",
    "bookings": "book", "news": "news", "sms": "sms", "always": "always", "perhaps": "perhaps",
    "born": "born", "chosen": "choos", "chose": "choos", "written": "writ", "wrote": "writ", "stayed": "stay",
    "during": "during", "nothing": "nothing", "something": "something", "anything": "anything",
    "everything": "everything", "housing": "housing", "string": "string", "united": "united",
    "beijing": "beijing", "hundred": "hundred", "used": "use", "seed": "seed", "need": "need",
    "rating": "rating", "ratings": "rating", "rated": "rating",
    "king": "king", "wing": "wing", "being": "being", "marketing": "marketing",
}  # fmt: skip
# favourite - favorite, colour - color, neighbourhood: one spelling for both sides of the sea
_BRITISH = re.compile(r"^(fav|col|neighb|behavi|hon|lab|hum|harb|rum|flav|vap|tum)our(.*)$")
_OUR = frozenset(["our", "hour", "four", "your", "tour"])
_VOWELS = frozenset("aeiouy")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its inflection, for comparison only (`purchased` and `purchases` -> `purchas`)."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if "our" in word and word not in _OUR:
        word = _BRITISH.sub(r"\1or\2", word)
    if word.endswith(("'s", "s'")):
        word = word[:-2] if word.endswith("'s") else word[:-1]
    elif "'" in word:
        return word
    if len(word) <= 3 or not word.isalpha():
        return word
    base = _singular(word)
    base = _IRREGULAR.get(base, base)
    for ending in ("ing", "ed"):
        if base.endswith(ending) and not base.endswith("eed"):
            root = base[: -len(ending)]
            if len(root) >= 3 and any(char in _VOWELS for char in root):
                base = root
                if base.endswith("i") and ending == "ed":
                    base = base[:-1] + "y"
                elif base[-1] == base[-2] and base[-1] not in "lsze":
                    base = base[:-1]
            break
    if len(base) > 3 and base.endswith("e"):
        base = base[:-1]
    return base


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
