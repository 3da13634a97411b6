# ruff: noqa: SIM905 - word tables read better as text
"""Repairs of single words that no list knows, by edit distance to the words of the catalog."""

from __future__ import annotations

from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from segmentry.reader.bounds import BOUND_FIRST
from segmentry.reader.comparator_phrases import WORDS
from segmentry.reader.inflect import stem
from segmentry.reader.lexicon import Lexicon
from segmentry.reader.numbers import MONEY_WORDS, SCALE_WORDS
from segmentry.reader.thesaurus import COMPARATIVES
from segmentry.reader.tokens import Token
from segmentry.reader.words import EVERYDAY, FRAME, FUNCTION_WORDS, NEGATORS, REPAIRED, STOP, VAGUE

_PREFIXES = ("un", "in", "non", "dis", "im", "ir", "de")
_ENDINGS = frozenset(
    {"", "s", "d", "r", "ed", "er", "rs", "ers", "ing", "ly", "al", "ion", "ment", "e", "es", "y", "or"}
)
_CALENDAR = frozenset(
    """
january february march april june july august september october november december monday tuesday
wednesday thursday friday saturday sunday
""".split()
)
_KNOWN = frozenset(
    STOP
    | FRAME
    | NEGATORS
    | VAGUE
    | EVERYDAY
    | MONEY_WORDS
    | SCALE_WORDS
    | _CALENDAR
    | set(REPAIRED)
    # "unter" is a word of another language, no misspelt "under"
    | frozenset[str]().union(*FUNCTION_WORDS.values())
    | WORDS
    | BOUND_FIRST
    # "slower" is no misspelt "lower"
    | set(COMPARATIVES)
    | {"quicker", "sooner", "quick", "slow", "fast"}
    | {
        "most",
        "more",
        "than",
        "quite",
        "rather",
        "digit",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "thousand",
    }
)
_KNOWN_STEMS = frozenset(stem(word) for word in _KNOWN)

_SHORT_NAME = 6
LEAST_LIKENESS = 0.75


def repair(tokens: tuple[Token, ...], lexicon: Lexicon) -> tuple[tuple[Token, ...], dict[int, str]]:
    """The tokens with misspelt words put right, and what was repaired (position -> the word now read).

    Distance 1 from 4 letters, 2 from 8; never numbers, quotes, or a word that any list knows; only when
    exactly one word is nearest.
    """
    open_words = [at for at, token in enumerate(tokens) if _unknown(token, lexicon)]
    if not open_words:
        return tokens, {}
    repaired: dict[int, str] = {}
    fixed = list(tokens)
    for at in open_words[:12]:
        nearest = _nearest(tokens[at].norm, lexicon)
        if nearest is not None:
            repaired[at] = nearest
            fixed[at] = replace(tokens[at], norm=nearest, stem=stem(nearest))
    return tuple(fixed), repaired


def nearest_field_word(word: str, lexicon: Lexicon) -> str | None:
    """The word nearest to one that was not understood, if the name of a field has it."""
    found = process.extractOne(word, lexicon.field_words, scorer=OSA.distance, score_cutoff=3)
    if found is None or Indel.normalized_similarity(word, str(found[0])) < LEAST_LIKENESS:
        return None
    # only now are the words of all values looked through, of which there may be thousands
    nearest = process.extractOne(word, lexicon.words, scorer=OSA.distance, score_cutoff=3)
    return str(found[0]) if nearest is not None and nearest[0] == found[0] else None


def _unknown(token: Token, lexicon: Lexicon) -> bool:
    if token.kind != "word" or len(token.norm) < 4 or "'" in token.norm:
        return False
    if token.capitalised and token.start > 0 and not token.text.isupper() and len(token.norm) < _SHORT_NAME:
        return False  # "named John": a short proper name is no slip of the hand
    if token.norm in _KNOWN or token.stem in _KNOWN_STEMS or token.norm in lexicon.entities:
        return False
    return token.stem not in lexicon.stems


def _inflected(word: str, choice: str) -> bool:
    """True for another form of the same word ("subscribed", "subscribers"): that is no slip of the hand.

    A negating prefix turns the meaning round, so "unsubscribed" is never taken for "subscribed".
    """
    if any(
        long == prefix + short for prefix in _PREFIXES for long, short in ((word, choice), (choice, word))
    ):
        return True
    if any(word.startswith(prefix) != choice.startswith(prefix) for prefix in _PREFIXES):
        return True
    common = next(
        (at for at, (a, b) in enumerate(zip(word, choice, strict=False)) if a != b),
        min(len(word), len(choice)),
    )
    return common >= 5 and word[common:] in _ENDINGS and choice[common:] in _ENDINGS


def _nearest(word: str, lexicon: Lexicon) -> str | None:
    allowed = 2 if len(word) >= 8 else 1
    choices = lexicon.repairs(len(word), allowed)
    found = process.extract(word, choices, scorer=OSA.distance, limit=4, score_cutoff=allowed)
    candidates = [(int(distance), str(choice)) for choice, distance, _ in found if len(str(choice)) >= 4]
    # Of short words only the middle may be wrong: another first letter is another word.
    candidates = [
        (distance, choice) for distance, choice in candidates if len(word) > 5 or choice[0] == word[0]
    ]
    candidates = [(distance, choice) for distance, choice in candidates if not _inflected(word, choice)]
    if not candidates:
        return None
    closest = min(distance for distance, _ in candidates)
    best = {stem(choice): choice for distance, choice in candidates if distance == closest}
    return next(iter(best.values())) if len(best) == 1 else None
