"""What a description calls its column besides its name: "charging session" for `lastSessionAt`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segmentry.reader.language.inflect import stem
from segmentry.reader.language.morphology import verbs_of
from segmentry.reader.language.thesaurus import EVENT_VERBS
from segmentry.reader.language.words import ALWAYS_ENTITY, ENTITY, FRAME, PEOPLE, STOP, word_set
from segmentry.reader.lexicon.columns import described
from segmentry.reader.lexicon.names import Named, boolean_like
from segmentry.reader.lexicon.strengths import DERIVED, PART

# what a description of a date says before it comes to what happened
_TIMES: Final = word_set(
    "most recent last latest first next date day time moment when of the a an booked current"
)
_PREPOSITIONS: Final = word_set("in on at by for with from to of")
_PLAIN: Final = word_set("""
number total amount value count rate score level average price size date time day days week weeks month months
quarter quarters year years hour hours minute minutes second seconds percent
""")
_SHORTEST: Final = 4
_LONGEST: Final = 3

Said = tuple[tuple[str, ...], int, bool]


def described_states(named: Named) -> Iterator[Said]:
    """ "Mortgage approved in principle" is said "mortgage approved" and "approved mortgage"."""
    about = described(named.field).phrase
    if not about or not boolean_like(named.field):
        return
    cut = next((at for at, word in enumerate(about) if at and word in _PREPOSITIONS), len(about))
    if 1 < cut < len(about) and not about[cut - 1].endswith("ing"):
        yield about[:cut], DERIVED, True
    head = about[:cut]
    if len(head) > 1 and head[-1].endswith("ed"):
        yield (head[-1], *head[:-1]), DERIVED, True


def described_amounts(named: Named) -> Iterator[Said]:
    """The words of "Prepaid balance" beside those of `walletCents`: "wallet balance", and "balance" alone."""
    about = tuple(word for word in described(named.field).phrase if _tells(word))
    own = [word for word in named.core if _tells(word)]
    if named.field.type != "number" or not 0 < len(about) <= _LONGEST:
        return
    *_, last = about
    if last not in named.words and len(last) >= _SHORTEST and not last.endswith(("ed", "en", "ing")):
        for word in own:
            yield (word, last), DERIVED, True
        yield (last,), PART, False


def described_moments(named: Named) -> Iterator[Said]:
    """What happened, by the description: "charging session" and "charged" for `lastSessionAt`."""
    if named.field.type != "datetime":
        return
    about = described(named.field).phrase
    while about and about[0] in _TIMES | ENTITY:
        about = about[1:]
    if not about or about == named.event_nouns or any(word in _PREPOSITIONS for word in about):
        return
    strength = PART if named.first else DERIVED
    if any(_tells(word) for word in about):
        yield about, DERIVED, True
    for word in about:
        if word in named.words:
            continue
        for verb in _verbs(word):
            yield verb, strength, True


def holds_ages(named: Named, people: frozenset[str]) -> bool:
    """True for a number that is the age of those in the table: `cust_age`, `driverAge`, "Age in years"."""
    if named.field.type != "number" or boolean_like(named.field):
        return False
    if named.core == ("age",) or described(named.field).phrase == ("age",):
        return True
    words = named.plain
    return len(words) == 2 and words[1] == "age" and (words[0] in people or words[0] + "s" in PEOPLE)


def _verbs(word: str) -> Iterator[tuple[str, ...]]:
    verbs = EVENT_VERBS.get(stem(word), EVENT_VERBS.get(word, ""))
    for each in verbs.split("|") if verbs else verbs_of(word):
        yield tuple(each.split())
    if not verbs and word.endswith("ing") and len(word) > _SHORTEST + 1:
        root = word.removesuffix("ing")
        yield (root,)
        yield (root + "ed",)
        yield (root + "e",)


def _tells(word: str) -> bool:
    return (
        word not in STOP
        and word not in FRAME
        and word not in _PLAIN
        and word not in ALWAYS_ENTITY
        and not word.isdigit()
    )
