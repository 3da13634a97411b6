"""What a field's name says: its words, the nouns in it, and what kind of date or flag it seems to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.criteria.column_words import CURRENCIES, in_full, initials_in_full, window_days
from segmentry.reader.language.channels import MESSAGES, channel_of
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import BEGINNING, ENDING
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import word_set

_PREFIXES = word_set("""
is has was did can have customer client user member account cust number num no n total nr the of count
avg average
""")
_SUFFIXES = word_set("""
score count cnt counts flag ind indicator date at time timestamp ts dt name id type code amount level
pct percent rate cents number num total status category group method preference
index enabled activated yn bool tag
""")
# a suffix of the storage, which nobody says
_LABELS = word_set("flag ind indicator date at time timestamp ts dt yn bool")
_COUNTING = word_set("number num no n nr nb nbr of")
_UNIT_WORDS = word_set("""
cents cent percent pct seconds minutes hours days weeks months years km kms kg kgs cm mm lb lbs gb mb tb kb
mbps gbps
euro euros dollar dollars
""") | frozenset(code.lower() for code in CURRENCIES)
# short for a unit behind a noun of what is measured in it, and a word or a letter elsewhere
_IN_SPACE = {"m": "metres", "in": "inches", "ft": "feet", "mi": "miles", "yd": "yards"}
_IN_MASS = {"g": "grams", "t": "tonnes"}
_IN_TIME = {"ms": "milliseconds", "s": "seconds", "h": "hours", "min": "minutes", "sec": "seconds"}
_OF_SPACE = word_set("""
height distance dist width depth altitude elevation length trip ride walk run swim track travel range
travelled commute waist chest hip route
""")
_OF_MASS = word_set("weight mass load payload baggage luggage parcel body")
_OF_TIME = word_set("response latency ping delay duration time wait")
_SHORT_UNITS = {
    noun: units
    for nouns, units in ((_OF_SPACE, _IN_SPACE), (_OF_MASS, _IN_MASS), (_OF_TIME, _IN_TIME))
    for noun in nouns
}
LONG_UNITS = frozenset({long for units in _SHORT_UNITS.values() for long in units.values()})
# at the beginning of a name these are what is measured: `kwh_total`
_TRAILING_UNITS = _UNIT_WORDS | word_set("kwh mwh kw litres liters metres meters grams")
_DATE_WORDS = word_set("""
last latest recent most first at date on time timestamp ts dt day previous prior next customer client
account user the of datetime utc since when
""")
_CONSENT_WORDS = word_set("""
optin opt in opted consent consented marketing permission allow allowed allows subscribed subscription
subscriber is has can contact accepts accept newsletter notifications notification enabled ok agree receives
agreed gdpr flag out optout unsubscribed unsubscribe suppressed
""")
_CONSENT_DENIED = frozenset({"out", "optout", "unsubscribed", "unsubscribe", "suppressed", "blocked"})
_CONSENT_CUES = word_set("""
optin optins opt consent consented permission subscribed subscription subscriber accepts newsletter
unsubscribed agreed
""")
# what makes a consent of a channel: `call_ok`
_CONSENT_TAILS = word_set("""
ok allowed allow allows enabled permission permitted permits agreed agrees accepts accept contact can receives
""")
# before or behind what is answered with yes or no, so that one such answer shows what the column holds
_ASKING = _CONSENT_CUES | _CONSENT_TAILS | word_set("is has does wants opted")


# `onboardingCompletedAt` is the end of it, and no beginning
_COMPLETED = word_set("completed complet finished finish done passed")


@dataclass(frozen=True, slots=True)
class Named:
    """One field's name, taken apart. All words are lower case and uninflected only where said.

    `spelled` are the words as written, `words` those with short forms in full; `plain` leaves out what only
    says how the value is stored (unit, period, the table's prefix), `core` also the kind of measure.
    `long` is `plain` with initials written out (`nps`: net promoter score), where there are any.
    `to_date` is the running period that a counter counts over: year, quarter, month.
    """

    field: Field
    spelled: tuple[str, ...]
    words: tuple[str, ...]
    plain: tuple[str, ...]
    core: tuple[str, ...]
    long: tuple[str, ...]
    window_days: int | None
    event_nouns: tuple[str, ...]
    beginning: bool
    ending: bool
    first: bool
    consent_channel: tuple[str, ...] | None
    to_date: str = ""
    denies: bool = False

    @property
    def future(self) -> bool:
        """True when the field normally holds times to come."""
        ahead = self.ending or "available" in self.words or "availability" in self.words
        return self.field.tense == "future" or (self.field.tense in (None, "any") and ahead)


def take_apart(field: Field, prefix: str = "") -> Named:
    """Read a field's name: `lastBookingAt` is an event "booking", `smsOptIn` the consent for "sms".

    `prefix`: the first word of nearly all names of the table, which says nothing (`usr_age`, `usr_city`).
    """
    spelled = name_words(field.name)
    own = spelled[1:] if len(spelled) > 1 and spelled[0] == prefix else spelled
    words = _units_in_full(in_full(own, field.type) or spelled, field)
    window = field.window_days or window_days(field.name)
    to_date = _to_date(words)
    plain = _plain(words, window, to_date)
    core = _core(plain)
    stems = {stem(word) for word in words} | set(words)
    dated = field.type == "datetime"
    ending = dated and bool(stems & ENDING)
    return Named(
        field,
        spelled,
        words,
        plain,
        core,
        () if (long := initials_in_full(plain)) == plain else long,
        window,
        tuple(word for word in words if word not in _DATE_WORDS) if dated else (),
        beginning=dated
        and not ending
        and bool(stems & BEGINNING)
        and "last" not in words
        and not stems & _COMPLETED,
        ending=ending or (dated and "next" in words),
        first=dated and "first" in words,
        consent_channel=_channel(field, words),
        to_date=to_date,
        denies=bool({"not", "no", "never", "dont"} & set(words)),
    )


def denies_consent(field: Field) -> bool:
    """True for a flag that is set when people said no: `email_opt_out`, `unsubscribed`."""
    return bool(_CONSENT_DENIED & set(in_full(name_words(field.name), field.type)))


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
        if known and set(known) <= {yes, no} and (len(known) == 2 or field.boolean_like or _asks(field, yes)):
            positive = known.get(yes)
            negative = known.get(no)
            if field.type == "number":
                return (1 if positive is None else positive), (0 if negative is None else negative)
            return (
                _alike(yes, negative) if positive is None else positive,
                _alike(no, positive) if negative is None else negative,
            )
    if field.boolean_like and field.type == "number":
        return 1, 0
    return None


def _asks(field: Field, yes: str) -> bool:
    """Whether the name asks for the yes or no of which the rows show one alone; 1 may be a count."""
    return yes != "1" and field.type in ("string", "enum") and not _ASKING.isdisjoint(name_words(field.name))


def _alike(word: str, other: object) -> str:
    """The answer that no row shows, in the letters of the one that does: "N" beside "Y"."""
    if not isinstance(other, str) or other.islower():
        return word
    return word.upper() if other.isupper() else word.capitalize()


_PAST = frozenset({"week", "month", "quarter", "year"})


def _to_date(words: tuple[str, ...]) -> str:
    """The running period in the name: `spend_ytd` and `visits_this_year` count since the year began."""
    for at, word in enumerate(words):
        if word in _PAST and (words[at + 1 : at + 3] == ("to", "date") or _this(words, at)):
            return word
    return ""


def _this(words: tuple[str, ...], at: int) -> bool:
    return at > 1 and words[at - 1] in ("this", "current")


def _plain(words: tuple[str, ...], window: int | None, to_date: str) -> tuple[str, ...]:
    plain = list(words)
    if to_date:
        at = plain.index(to_date)
        plain = plain[: at - 1] + plain[at + 1 :] if _this(words, at) else plain[:at] + plain[at + 3 :]
    if window is not None:
        for index, word in enumerate(plain):
            if word.isdigit():
                plain = plain[:index] + plain[index + 2 :]
                break
        if len(plain) > 2 and plain[-2] in ("past", "last") and plain[-1] in _PAST:
            plain = plain[:-2]  # `shipments_last_quarter`
        plain = [word for word in plain if word not in ("last", "past", "in")] or plain
    while len(plain) > 1 and (
        plain[-1] in _TRAILING_UNITS or (plain[-1] in LONG_UNITS and plain[-2] in _SHORT_UNITS)
    ):
        plain = plain[:-1]
    if len(plain) > 1 and plain[0] in _UNIT_WORDS - {"days", "hours", "minutes", "weeks", "months", "years"}:
        plain = plain[1:]
    while len(plain) > 1 and plain[0] in _COUNTING and not (plain[0] == "no" and plain[1] != "of"):
        plain = plain[1:]
    return tuple(plain) or words


def _units_in_full(words: tuple[str, ...], field: Field) -> tuple[str, ...]:
    """`distance_m`, `length_in`: the unit behind what is measured, written out."""
    if field.type != "number" or len(words) < 2:
        return words
    unit = _SHORT_UNITS.get(words[-2], {}).get(words[-1])
    return words if unit is None else (*words[:-1], unit)


def _core(plain: tuple[str, ...]) -> tuple[str, ...]:
    core = list(plain)
    while len(core) > 1 and core[0] in _PREFIXES and not (core[0] == "no" and core[1] != "of"):
        core = core[1:]
    while len(core) > 1 and core[-1] in _SUFFIXES:
        core = core[:-1]
    return tuple(core)


def _channel(field: Field, words: tuple[str, ...]) -> tuple[str, ...] | None:
    if not boolean_like(field):
        return None
    joined = " ".join(words)
    cues = set(words) & _CONSENT_CUES
    if cues == {"accepts"} and not any(channel_of((word,)) or word in MESSAGES for word in words):
        cues = set[str]()  # `accepts_returns` is what a shop does
    if cues or "opt in" in joined or "marketing" in words:
        channel = tuple(word for word in words if word not in _CONSENT_WORDS)
        return channel or tuple(word for word in words if word in ("newsletter", "marketing"))
    # `post_ok`, `smsReminders`, `push_enabled`: a channel, and else only words of consent or of what is sent
    rest = set(words) - _CONSENT_WORDS - MESSAGES
    if (
        channel_of(words)
        and (set(words) & (_CONSENT_TAILS | MESSAGES))
        and all(channel_of((word,)) or word == "mail" for word in rest)
    ):
        return tuple(word for word in words if channel_of((word,)) or word == "mail")
    return None


def values_of(field: Field) -> Iterable[str | int | float | bool]:
    """The values that are known for a field: listed ones first, then samples."""
    listed = [item.value for item in field.values]
    return [*listed, *(sample for sample in field.samples if sample not in listed)]
