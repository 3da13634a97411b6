"""What a field's name says: its words, the nouns in it, and what kind of date or flag it seems to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.reader.inflect import stem
from segmentry.reader.thesaurus import BEGINNING, ENDING
from segmentry.reader.tokens import name_words
from segmentry.reader.words import word_set

_PREFIXES = word_set("""
is has was did can have customer client user member account cust number num no n total nr the of count
avg average
""")
_SUFFIXES = word_set("""
score count cnt counts flag ind indicator date at time timestamp ts dt name id type code amount level
pct percent rate cents usd eur number num total status category group method
index enabled activated yn bool tag
""")
_DATE_WORDS = word_set("""
last latest recent most first at date on time timestamp ts dt day previous prior next customer client
account user the of datetime utc since when
""")
_CONSENT_WORDS = word_set("""
optin opt in opted consent consented marketing permission allow allowed allows subscribed subscription
subscriber is has can contact accepts accept newsletter notifications notification enabled ok agree
agreed gdpr flag out optout unsubscribed unsubscribe suppressed
""")
_CONSENT_DENIED = frozenset({"out", "optout", "unsubscribed", "unsubscribe", "suppressed", "blocked"})
_CONSENT_CUES = word_set("""
optin optins opt consent consented permission subscribed subscription subscriber accepts newsletter
unsubscribed agreed
""")


@dataclass(frozen=True, slots=True)
class Named:
    """One field's name, taken apart. All words are lower case and uninflected only where said."""

    field: Field
    words: tuple[str, ...]
    core: tuple[str, ...]
    window_days: int | None
    event_nouns: tuple[str, ...]
    beginning: bool
    ending: bool
    first: bool
    consent_channel: tuple[str, ...] | None

    @property
    def future(self) -> bool:
        """True when the field normally holds times to come."""
        return self.field.tense == "future" or (self.field.tense in (None, "any") and self.ending)


def take_apart(field: Field) -> Named:
    """Read a field's name: `lastBookingAt` is an event "booking", `smsOptIn` the consent for "sms"."""
    words = name_words(field.name)
    window = field.window_days or _window(field.name)
    core = _core(words, window)
    stems = {stem(word) for word in words} | set(words)
    dated = field.type == "datetime"
    ending = dated and bool(stems & ENDING)
    return Named(
        field,
        words,
        core,
        window,
        tuple(word for word in words if word not in _DATE_WORDS) if dated else (),
        beginning=dated and not ending and bool(stems & BEGINNING) and "last" not in words,
        ending=ending or (dated and "next" in words),
        first=dated and "first" in words,
        consent_channel=_channel(field, words),
    )


def denies_consent(field: Field) -> bool:
    """True for a flag that is set when people said no: `email_opt_out`, `unsubscribed`."""
    return bool(_CONSENT_DENIED & set(name_words(field.name)))


def boolean_like(field: Field) -> bool:
    """True for booleans and for two-valued columns that keep yes and no in their own spelling."""
    return field.type == "boolean" or truth_values(field) is not None


_TRUTHS = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"))


def ranks_people(field: Field) -> bool:
    """True for numbers whose size says something: no identifier, no flag, no code."""
    return (
        field.type == "number"
        and field.role != "id"
        and not field.boolean_like
        and truth_values(field) is None
        and not any(note.startswith("may be a code") for note in field.notes)
    )


def truth_values(field: Field) -> tuple[str | int | float | bool, str | int | float | bool] | None:
    """The stored values for yes and no, or None when the column is no flag.

    A boolean column answers True and False; a Yes/No, y/n or 0/1 column answers its own spelling.
    """
    if field.type == "boolean":
        return True, False
    known: dict[str, str | int | float | bool] = {
        str(item.value).casefold(): item.value for item in field.values
    }
    for sample in field.samples:
        known.setdefault(sample.casefold(), sample)
    for yes, no in _TRUTHS:
        # Two values at most: a third one ("No internet service") makes the column a list of kinds.
        if known and set(known) <= {yes, no} and (len(known) == 2 or field.boolean_like):
            positive = known.get(yes)
            negative = known.get(no)
            if field.type == "number":
                return (1 if positive is None else positive), (0 if negative is None else negative)
            return (yes if positive is None else positive), (no if negative is None else negative)
    if field.boolean_like and field.type == "number":
        return 1, 0
    return None


_PAST = {"week": 7, "month": 30, "quarter": 90, "year": 365}


def _window(name: str) -> int | None:
    found = re.search(
        r"(?:^|[_\s.]|(?<=[a-z])|last|past)(\d{1,4})\s?_?(d|days?|w|weeks?|m|mo|months?|y|years?)(?:$|[_\s])",
        name,
        re.IGNORECASE,
    )
    if found is None:
        spelled = re.search(r"past_?\s?(week|month|quarter|year)$", name, re.IGNORECASE)
        return None if spelled is None else _PAST[spelled.group(1).lower()]
    unit = found.group(2)[0].lower()
    count = int(found.group(1))
    twelve = 5 * (count // 12) if unit == "m" else 0  # twelve months are a year
    return twelve + count * {"d": 1, "w": 7, "m": 30, "y": 365}[unit]


def _core(words: tuple[str, ...], window: int | None) -> tuple[str, ...]:
    core = list(words)
    if window is not None:
        for index, word in enumerate(core):
            if word.isdigit():
                core = core[:index] + core[index + 2 :]
                break
        if "past" in core[1:] and core[-1] in _PAST:
            core = core[: core.index("past")]
        core = [word for word in core if word not in ("last", "past", "in")] or core
    while len(core) > 1 and core[0] in _PREFIXES and not (core[0] == "no" and core[1] != "of"):
        core = core[1:]
    while len(core) > 1 and core[-1] in _SUFFIXES:
        core = core[:-1]
    return tuple(core)


def _channel(field: Field, words: tuple[str, ...]) -> tuple[str, ...] | None:
    if not boolean_like(field):
        return None
    joined = " ".join(words)
    if not (set(words) & _CONSENT_CUES or "opt in" in joined or "marketing" in words):
        return None
    channel = tuple(word for word in words if word not in _CONSENT_WORDS)
    return channel or tuple(word for word in words if word in ("newsletter", "marketing"))


def values_of(field: Field) -> Iterable[str | int | float | bool]:
    """The values that are known for a field: listed ones first, then samples."""
    listed = [item.value for item in field.values]
    return [*listed, *(sample for sample in field.samples if sample not in listed)]
