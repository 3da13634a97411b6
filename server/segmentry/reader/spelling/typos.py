# ruff: noqa: SIM905 - word tables read better as text
"""Repairs of single words that no list knows, by edit distance to the words of the catalog."""

from __future__ import annotations

from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from segmentry.reader.dates.bounds import BOUND_FIRST
from segmentry.reader.language import cities
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import COMPARATIVES
from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import EVERYDAY, FRAME, FUNCTION_WORDS, NEGATORS, STOP, VAGUE
from segmentry.reader.lexicon.lexicon import Lexicon
from segmentry.reader.lexicon.repairable import grammar, places_of_the_world
from segmentry.reader.quantities.comparator_phrases import WORDS
from segmentry.reader.quantities.numbers import MONEY_WORDS, SCALE_WORDS
from segmentry.reader.spelling import channel, english

_PREFIXES = ("un", "in", "non", "dis", "im", "ir", "de")
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
_FOREIGN = frozenset[str]().union(*FUNCTION_WORDS.values())
_KNOWN_STEMS = frozenset(stem(word) for word in _KNOWN - _FOREIGN)

_GRAMMAR_STEMS = frozenset(stem(word) for word in grammar())
_AFTER_AT = ("least", "most")
_BOUNDS = ("under", "below", "above", "exactly", "between", "least", "most")
_ENDINGS = ("s", "es", "ed", "ing", "er", "ers", "ly", "less")
_UNITS = ("days", "weeks", "months", "years", "hours")
_NUMBERS = frozenset("two three four five six seven eight nine ten twelve few".split())
_SHORT, _LONG = 3, 8
_SHORT_NAME = 6
LEAST_LIKENESS = 0.75


def repair(tokens: tuple[Token, ...], lexicon: Lexicon) -> tuple[tuple[Token, ...], dict[int, str]]:
    """The tokens with misspelt words put right, and what was repaired (position -> the word now read).

    Distance 1 from 4 letters, 2 from 8; never numbers, quotes, or a word that any list knows; only when
    exactly one word is nearest.
    """
    repaired = _bounds(tokens, lexicon)
    known = lexicon.known_words
    open_words = [
        at
        for at, token in enumerate(tokens)
        if token.norm not in known and at not in repaired and _unknown(token, lexicon)
    ]
    if not open_words and not repaired:
        return tokens, {}
    fixed = list(tokens)
    for at, meant in repaired.items():
        fixed[at] = replace(tokens[at], norm=meant, stem=stem(meant))
    for at in open_words[:12]:
        nearest = _meant(tokens[at].norm, lexicon)
        if tokens[at].capitalised and at > 0 and tokens[at].norm in english.words():
            continue  # "Emil" is a name, where "emil" is an email
        if nearest not in _CALENDAR and _is_short_name(tokens[at]) and not _is_place(nearest, lexicon):
            continue
        if nearest is not None and _is_another_city(tokens[at].norm, nearest, lexicon):
            continue
        if nearest is not None:
            repaired[at] = nearest
            fixed[at] = replace(tokens[at], norm=nearest, stem=stem(nearest))
    return tuple(fixed), repaired


def _bounds(tokens: tuple[Token, ...], lexicon: Lexicon) -> dict[int, str]:
    """Comparisons that a slip made another word of: "at last 5", "blow 3", "unde 85 %".

    Only right before a number, where no other word makes sense.
    """
    found: dict[int, str] = {}
    beside: set[int] = set()
    for at, token in enumerate(tokens):
        if token.kind == "number":
            beside.update((at, at + 1))
        elif token.norm in _NUMBERS:
            beside.add(at + 1)
    for at in sorted(beside):
        if not 0 < at < len(tokens):
            continue
        unit = tokens[at].norm
        if tokens[at - 1].norm in _NUMBERS or tokens[at - 1].kind == "number":
            meant = [word for word in _UNITS if unit[:1] == word[0] and OSA.distance(unit, word) == 1]
            if len(meant) == 1 and unit not in _KNOWN and tokens[at].stem not in lexicon.stems:
                found[at] = meant[0]
                continue
        slip = tokens[at - 1]
        if tokens[at].kind != "number" or slip.kind != "word" or not _SHORT <= len(slip.norm) <= _LONG:
            continue
        before = tokens[at - 2].norm if at > 1 else ""
        if before == "at" and _ends_a_name(tokens, at - 2, lexicon):
            continue  # `last_login_at last 60 days`
        if before == "at" and slip.norm not in _AFTER_AT:
            meant = [word for word in _AFTER_AT if OSA.distance(slip.norm, word) == 1]
        elif slip.norm in _KNOWN or slip.stem in _KNOWN_STEMS or slip.stem in lexicon.stems:
            continue
        else:
            meant = [
                word for word in _BOUNDS if word[0] == slip.norm[0] and OSA.distance(slip.norm, word) == 1
            ]
        if len(meant) == 1:
            found[at - 1] = meant[0]
    return found


def _ends_a_name(tokens: tuple[Token, ...], at: int, lexicon: Lexicon) -> bool:
    """Whether the name of a column ends with the token at `at`."""
    if tokens[at].glued:
        return True
    said = [" ".join(token.norm for token in tokens[begin : at + 1]) for begin in range(max(0, at - 3), at)]
    return any(entry.kind == "field" for words in said for entry in lexicon.lookup(words))


def nearest_field_word(word: str, lexicon: Lexicon) -> str | None:
    """The word nearest to one that was not understood, if the name of a field has it."""
    found = process.extractOne(word, lexicon.field_words, scorer=OSA.distance, score_cutoff=3)
    if found is None or Indel.normalized_similarity(word, str(found[0])) < LEAST_LIKENESS:
        return None
    # only now are the words of all values looked through, of which there may be thousands
    nearest = process.extractOne(word, lexicon.words, scorer=OSA.distance, score_cutoff=3)
    return str(found[0]) if nearest is not None and nearest[0] == found[0] else None


def _unknown(token: Token, lexicon: Lexicon) -> bool:
    if token.kind != "word":
        return False
    if _is_known(token, lexicon):
        lexicon.known_words.keep(token.norm, True)
        return False
    return True


def _is_known(token: Token, lexicon: Lexicon) -> bool:
    word = token.norm
    if len(word) < 4 or "'" in word:
        return True
    if word in _KNOWN or word in lexicon.entities or word in lexicon.spelled or word in grammar():
        return True
    listed = word in english.words()
    if token.stem in lexicon.stems:
        return listed or _inflects(word, lexicon)
    if token.stem in _KNOWN_STEMS or token.stem in _GRAMMAR_STEMS:
        # a stem of three letters says little: "firs" has that of "first"
        # "sincs" is no form of "since", though it has its stem: the dictionary holds the forms of English
        return listed and (len(token.stem) > _SHORT or _hidden(word, lexicon) is None)
    if word.endswith("ly") and {word[:-2], word[:-1]} & lexicon.stems:
        return False  # "fully remote" where a value says "full"
    if bool(lexicon.country_fields) and word in places_of_the_world():
        return True
    return listed and _hidden(word, lexicon) is None


def _inflects(word: str, lexicon: Lexicon) -> bool:
    """Whether it is a known word with an ending, and not one that lost its last letter ("befor")."""
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and any(
            each in lexicon.spelled or each in grammar() or each in english.words()
            for each in (base, base + "e")
        ):
            return True
    return False


def _hidden(word: str, lexicon: Lexicon) -> str | None:
    """The common word behind a word of English that hardly anybody writes."""
    if not channel.is_rare(word) or _is_form_of_a_common_word(word):
        return None
    near = process.extract(
        word, lexicon.repairs(len(word), 1), scorer=OSA.distance, limit=None, score_cutoff=1
    )
    return channel.hidden(word, [str(choice) for choice, _, _ in near], lexicon.spelled)


def _is_form_of_a_common_word(word: str) -> bool:
    """Whether a common word with an ending: "payer" is rare, and yet no misspelt "player"."""
    listed = english.words()
    bases = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
    return any(each in listed and not channel.is_rare(each) for base in bases for each in (base, base + "e"))


def is_guess(typed: str, lexicon: Lexicon) -> bool:
    """Whether a repaired word may also be meant as it was typed: it is in the dictionary."""
    return typed in english.words() and typed not in lexicon.spelled


def _is_short_name(token: Token) -> bool:
    """Whether it may be a proper name ("named John"), which is no slip of the hand."""
    return (
        token.capitalised and token.start > 0 and not token.text.isupper() and len(token.norm) < _SHORT_NAME
    )


def _is_place(word: str | None, lexicon: Lexicon) -> bool:
    """Whether it is a name that this table holds, or a country where it has countries: "Leesd" for Leeds."""
    if word is None:
        return False
    return word in lexicon.words or (bool(lexicon.country_fields) and word in places_of_the_world())


def _is_another_city(word: str, nearest: str, lexicon: Lexicon) -> bool:
    """ "Berin" may be Berlin as well as Benin, unless the table has one of them."""
    if nearest in lexicon.words or nearest not in places_of_the_world():
        return False
    distance = OSA.distance(word, nearest)
    return any(name in cities.names() and OSA.distance(word, name) <= distance for name in cities.near(word))


def _turned_round(word: str, choice: str) -> bool:
    """Whether a negating prefix is all that differs: "unsubscribed" is never taken for "subscribed"."""
    return any(
        long == prefix + short for prefix in _PREFIXES for long, short in ((word, choice), (choice, word))
    )


def _plural(word: str, lexicon: Lexicon) -> str | None:
    """The plural that was meant, where the catalog only has the singular: "smoers" for smokers."""
    nearest = _nearest(word[:-1], lexicon) if len(word) > _SHORT_NAME - 1 and word.endswith("s") else None
    return None if nearest is None else nearest + "s"


def _meant(word: str, lexicon: Lexicon) -> str | None:
    if word in lexicon.meant_words:
        return lexicon.meant_words[word]
    if word in english.words() and (hidden := _hidden(word, lexicon)) is not None:
        return lexicon.meant_words.keep(word, hidden)
    return lexicon.meant_words.keep(word, _nearest(word, lexicon) or _plural(word, lexicon))


def _nearest(word: str, lexicon: Lexicon) -> str | None:
    allowed = 2 if len(word) >= 8 else 1
    choices = lexicon.repairs(len(word), allowed)
    found = process.extract(word, choices, scorer=OSA.distance, limit=8, score_cutoff=allowed)
    candidates = [(int(distance), str(choice)) for choice, distance, _ in found if len(str(choice)) >= 4]
    # Of short words only the middle may be wrong: another first letter is another word.
    candidates = [
        (distance, choice) for distance, choice in candidates if len(word) > 5 or choice[0] == word[0]
    ]
    # two slips of which one is the first letter make another name: "Westgate" is no "Eastgate"
    candidates = [
        (distance, choice) for distance, choice in candidates if distance == 1 or choice[0] == word[0]
    ]
    candidates = [(distance, choice) for distance, choice in candidates if not _turned_round(word, choice)]
    if not candidates:
        return _doubled_elsewhere(word, lexicon)
    closest = min(distance for distance, _ in candidates)
    near = [choice for distance, choice in candidates if distance == closest]
    # A slip seldom hits the first letter, and two letters changing places is the commonest of all.
    near = [choice for choice in near if choice[0] == word[0]] or near
    near = [choice for choice in near if sorted(choice) == sorted(word)] or near
    best = {stem(choice): choice for choice in sorted(near, key=lexicon.usual.__contains__)}
    if len(best) == 1:
        return next(iter(best.values()))
    if {len(lexicon.lookup(choice)) > 0 for choice in near} == {True} and _says_the_same(near, lexicon):
        return near[0]
    return channel.likeliest(word, list(best.values()), lexicon.usual)


def _doubled_elsewhere(word: str, lexicon: Lexicon) -> str | None:
    """The one word that doubles another letter: "baterry" is one slip of memory, not two of the hand."""
    if len(word) < _SHORT_NAME or (single := _singled(word)) == word:
        return None
    found = process.extract(
        word, lexicon.repairs(len(word), 2), scorer=OSA.distance, limit=None, score_cutoff=2
    )
    meant = {str(choice) for choice, _, _ in found if _singled(str(choice)) == single}
    return meant.pop() if len(meant) == 1 else None


def _singled(word: str) -> str:
    return "".join(letter for at, letter in enumerate(word) if letter != word[at - 1 : at])


def _says_the_same(words: list[str], lexicon: Lexicon) -> bool:
    """Whether the catalog takes all of them for one thing: "spend" and "spent"."""
    return len({lexicon.lookup(word) for word in words}) == 1
