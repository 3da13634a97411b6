"""What the values of a column are called: "gold tier", managers for management, Londoners for London."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.reader.language.morphology import people_of
from segmentry.reader.language.spoken import languages_of
from segmentry.reader.language.thesaurus import VALUE_WORDS
from segmentry.reader.language.tokens import name_words, tokenise
from segmentry.reader.language.townspeople import townspeople
from segmentry.reader.language.words import ALWAYS_ENTITY, FRAME, STOP, VAGUE, word_set
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.lexicon.strengths import DERIVED, EXACT, GENERAL

_TOWNS: Final = frozenset({"city", "town", "location", "municipality"})
_BARE_FORBIDDEN: Final = word_set("""
yes no true false y n t f other others unknown none all any not in is and or may on off na n/a null it
to us me can
""")
# vague elsewhere, the name of a kind where a table lists them
NAMED_STATES: Final = word_set("""
active inactive new premium vip lapsed gold regular small medium large old dormant elite loyal engaged
valuable frequent seasoned whale whales at-risk core wealthy elderly youthful faithful keen avid dedicated
devoted hot warm cold
""")
Said = tuple[tuple[str, ...], int, str | int | float | bool, bool]


def value_phrases(field: Field, *, nations: bool = False) -> Iterator[Said]:
    """The phrases for the values of a field: (phrase, strength, value, whether it may stand alone).

    `nations`: the field holds languages beside a column of countries, so that "Polish" may be either.
    """
    if field.type in ("boolean", "datetime") or field.pii:
        return
    flag = truth_values(field) is not None
    listed: list[tuple[str | int | float | bool, tuple[str, ...]]] = [
        (item.value, item.synonyms) for item in field.values
    ]
    seen = {item.value for item in field.values}
    listed += [(sample, ()) for sample in field.samples if sample not in seen]
    spelled: set[str] = {str(value).strip().casefold() for value, _ in listed}
    for value, synonyms in listed:
        words = name_words(str(value))
        for synonym in synonyms:
            yield name_words(synonym), EXACT, value, True
        if not words:
            continue
        bare = not flag and not isinstance(value, bool) and _stands_alone(words)
        # "Polish customers" come from Poland where a column says so, and speak Polish in the other
        bare = bare and not (nations and languages_of(str(value)))
        yield words, EXACT, value, bare
        joined = "".join(words)
        if len(words) > 1 and not joined.isdigit() and str(value).isalnum():
            yield (joined,), EXACT, value, bare  # "paypal" for PayPal
        plain = name_words(str(value).split("(")[0]) if "(" in str(value) else words
        if plain and plain != words:
            yield plain, DERIVED, value, bare and _stands_alone(plain)
        if _TOWNS & set(name_words(field.name)):
            for people in townspeople(str(value)):
                yield people, GENERAL, value, True
        if str(value)[:-1].isdigit() and str(value)[-1].isalpha():
            # "24M" is no number here, though it is read as one elsewhere
            yield (_as_number(str(value)),), EXACT, value, True
        if bare and len(words) == 1:
            for noun in people_of(words[0]):
                if noun not in spelled:
                    yield (noun,), GENERAL, value, True
        if "&" in str(value) or "and" in words:
            other = (
                str(value).replace("&", " and ") if "&" in str(value) else str(value).replace(" and ", " ")
            )
            yield name_words(other), EXACT, value, bare
        alternatives = VALUE_WORDS.get(str(value).strip().casefold())
        if alternatives and not flag:
            if len(str(value).strip()) == 1 and not ({"m", "f"} <= spelled and len(spelled) <= 4):
                continue
            for phrase in map(tuple, map(str.split, alternatives.split("|"))):
                if " ".join(phrase) not in spelled:
                    yield phrase, GENERAL, value, True


def _as_number(value: str) -> str:
    """How the words of a query write what looks like a number: "24M" is 24000000 there."""
    token = tokenise(value)[0]
    return str(token.value) if isinstance(token.value, int) else token.norm


def _stands_alone(words: tuple[str, ...]) -> bool:
    if len(words) > 1:
        return not all(word.isdigit() or word in STOP for word in words)
    (word,) = words or ("",)
    if word.isdigit() or len(word) < 2 or word in _BARE_FORBIDDEN or word in STOP:
        return False
    if word in ALWAYS_ENTITY:
        return False
    return word not in FRAME and (word not in VAGUE or word in NAMED_STATES)
