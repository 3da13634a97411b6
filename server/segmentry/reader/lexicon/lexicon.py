"""All phrases that a catalog gives meaning to, in one table that is built once per catalog content."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from typing import Final, NamedTuple

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.column_words import in_full
from segmentry.criteria.suggest import Forms
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.tokens import Token, name_words
from segmentry.reader.language.words import ENTITY, STOP, word_set
from segmentry.reader.lexicon import kinds
from segmentry.reader.lexicon.columns import completed, entity_nouns, shared_prefix, subjects
from segmentry.reader.lexicon.described_phrases import holds_ages
from segmentry.reader.lexicon.event_words import event_words
from segmentry.reader.lexicon.known_values import known_values
from segmentry.reader.lexicon.memory import Memory
from segmentry.reader.lexicon.names import Named, ranks_people, take_apart, truth_values
from segmentry.reader.lexicon.people_of_trade import people_of_trade
from segmentry.reader.lexicon.phrases import Entry, EntryKind, phrases
from segmentry.reader.lexicon.repairable import SHORTEST, grammar, places_of_the_world
from segmentry.reader.lexicon.telling import most_telling

_SKIPPED: Final = word_set("a an the any our their your my his her its of - / _ . & : s single")
# "sent something back", "gave a booking back": what may stand before the end of such a verb
_PARTICLES: Final = frozenset({"back"})
_GIVEN_BACK: Final = _SKIPPED | word_set("""
something anything things stuff it them one some any order orders item items product products purchase
purchases goods parcel parcels package packages booking bookings ticket tickets article articles book books
rental rentals
""")
_DROPPED: Final = word_set("a an the any our their your my of")
_DIGITS: Final = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "twelve": "12",
}
# A phrase takes about a kilobyte (measured), so that much is kept however large the catalogs are.
_CACHED, _CACHED_PHRASES = 256, 100_000
_REMEMBERED = 4_000


_LETTERS: Final = re.compile(r"[a-z]+")


class Senses:
    """What one phrase may stand for: its entries, and what they are as bits of `kinds`."""

    __slots__ = ("_chosen", "bits", "entries")

    def __init__(self, entries: tuple[Entry, ...], bits: int) -> None:
        self.entries = entries
        self.bits = bits
        # every pattern asks for its own kinds, the same ones in every query
        self._chosen: dict[tuple[EntryKind, ...], tuple[Entry, ...]] | None = None

    def of(self, wanted: tuple[EntryKind, ...]) -> tuple[Entry, ...]:
        """The entries of these kinds, in the order in which they were built."""
        if self._chosen is None:
            self._chosen = {}
        chosen = self._chosen.get(wanted)
        if chosen is None:
            chosen = tuple(entry for entry in self.entries if entry.kind in wanted)
            self._chosen[wanted] = chosen
        return chosen


class Match(NamedTuple):
    """Senses whose phrase covers the tokens `[start, end)`; `words` is the length of the phrase.

    A named tuple, because freezing a dataclass doubles the time of making one, and every query makes twenty.
    """

    start: int
    end: int
    senses: Senses
    words: int

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.senses.entries

    def of(self, *kinds: EntryKind) -> tuple[Entry, ...]:
        return self.senses.of(kinds)


class Lexicon:
    """The phrases of one catalog. Immutable after building; shared between requests and threads."""

    def __init__(self, catalog: Catalog) -> None:
        prefix = shared_prefix(catalog.visible)
        self.catalog = catalog = catalog.replace_fields(
            tuple(completed(field, take_apart(field, prefix).words) for field in catalog.fields)
        )
        self.named: dict[str, Named] = {field.name: take_apart(field, prefix) for field in catalog.visible}
        self.known = {field.name: known_values(field) for field in catalog.visible}
        self.own_nouns = entity_nouns(catalog)
        self.trade_nouns = people_of_trade(catalog)
        self.entities: frozenset[str] = ENTITY | self.own_nouns | self.trade_nouns
        # the numbers whose size says something about people
        self.ranking = frozenset(field.name for field in catalog.visible if ranks_people(field))
        ranking = [field for field in catalog.visible if field.name in self.ranking]
        self.telling = most_telling(ranking, self.named)
        self.state_fields = tuple(
            name for name, named in self.named.items() if named.core in (("state",), ("us", "state"))
        )
        self.subjects = subjects(catalog)
        self.ages = frozenset(name for name, named in self.named.items() if holds_ages(named, self.entities))
        self.country_fields = tuple(field for field in catalog.visible if _is_country(field))
        self.countries = frozenset(field.name for field in self.country_fields)
        self.city_fields = tuple(field for field in catalog.visible if _is_city(field))
        self.arrays = frozenset(field.name for field in catalog.visible if field.type == "array")
        # what a field is spelled like, for those that nobody knows
        self.forms = Forms({field.name: (field.name, *field.synonyms) for field in catalog.visible})
        self.consents: dict[str, tuple[str, ...]] = {
            name: named.consent_channel
            for name, named in self.named.items()
            if named.consent_channel is not None
        }
        self.events = event_words(catalog, self.named)
        # what the description of a point in time speaks of: "Last login to the self-service app"
        self.about = {
            field.name: frozenset(
                stem(word) for word in _LETTERS.findall(field.description.lower()) if word not in STOP
            )
            for field in catalog.visible
            if field.type == "datetime" and field.description
        }
        # "orders 12m" is the column orders_12m, and no twelve million
        self.periods: frozenset[tuple[str, str, str]] = frozenset(
            (stem(word), digits, unit)
            for named in self.named.values()
            for word, digits, unit in zip(named.spelled, named.spelled[1:], named.spelled[2:], strict=False)
            if digits.isdigit() and len(unit) == 1
        )
        words: set[str] = set()
        index: dict[tuple[str, ...], list[Entry]] = {}
        for phrase, entry in phrases(self.named, catalog.events):
            _add(index, phrase, entry, words)
        bits = {field.name: kinds.of_field(field) for field in catalog.visible}
        self._index: dict[tuple[str, ...], Senses] = {
            key: _senses(entries, bits) for key, entries in index.items()
        }
        self._first: dict[str, list[tuple[tuple[str, ...], Senses]]] = {}
        for key, senses in self._index.items():
            self._first.setdefault(key[0], []).append((key, senses))
        for starting in self._first.values():
            starting.sort(key=lambda item: -len(item[0]))
        self.words: tuple[str, ...] = tuple(sorted(words))
        self.spelled: frozenset[str] = frozenset(words)
        self.stems: frozenset[str] = frozenset(stem(word) for word in words)
        known = grammar() | places_of_the_world() if self.country_fields else grammar()
        nouns = {noun for noun in self.own_nouns | self.trade_nouns if len(noun) >= SHORTEST}
        # what people of this table write more often than others do
        self.usual: frozenset[str] = self.spelled | nouns
        self._repairs = (*self.words, *sorted((known | nouns) - words))
        naming = {word for key, senses in self._index.items() if senses.bits & kinds.FIELD for word in key}
        self.field_words = tuple(word for word in self.words if stem(word) in naming)
        self._of_length: dict[range, list[str]] = {}
        # what queries said: words that are no slips, what slips mean, and what resembles an unknown word
        self.known_words = Memory[bool](_REMEMBERED)
        self.meant_words = Memory["str | None"](_REMEMBERED)
        self.suggested = Memory[tuple[str, ...]](_REMEMBERED)

    def matches(self, tokens: tuple[Token, ...]) -> dict[int, list[Match]]:
        """All phrases by the token they begin at, the longest first; nothing where none begins."""
        keys = [
            _DIGITS.get(token.norm, token.stem) if token.kind == "word" else token_key(token)
            for token in tokens
        ]
        said = frozenset(keys)
        found: dict[int, list[Match]] = {}
        for start, first in enumerate(keys):
            starting = self._first.get(first)
            if starting is None:
                continue
            here: list[Match] = []
            for key, senses in starting:
                length = len(key)
                if length == 1:
                    here.append(Match(start, start + 1, senses, 1))
                elif key[1] in said and (end := _walk(tokens, keys, start, key)) is not None:
                    here.append(Match(start, end, senses, length))
            if here:
                found[start] = here
        return found

    def repairs(self, length: int, most: int) -> list[str]:
        """The words that `length` letters with at most `most` slips may mean, the catalog's own first."""
        lengths = range(length - most, length + most + 1)
        near = self._of_length.get(lengths)
        if near is None:
            near = self._of_length[lengths] = [word for word in self._repairs if len(word) in lengths]
        return near

    def __len__(self) -> int:
        """The number of phrases."""
        return len(self._index)

    def lookup(self, phrase: str) -> tuple[Entry, ...]:
        """The entries of one whole phrase."""
        senses = self._index.get(_key(name_words(phrase)))
        return () if senses is None else senses.entries

    def field(self, name: str) -> Field:
        return self.catalog.by_name[name]


_by_identity: OrderedDict[int, tuple[Catalog, Lexicon]] = OrderedDict()
_by_content: OrderedDict[bytes, Lexicon] = OrderedDict()
_lock = threading.Lock()


def lexicon(catalog: Catalog) -> Lexicon:
    """The lexicon of a catalog, from the cache when one of the same content was built before."""
    kept = _by_identity.get(id(catalog))
    if kept is not None and kept[0] is catalog:
        return kept[1]
    # `==` on catalogs would mix up 1 and True, so content is compared by its printed form.
    content = repr((catalog.schema, catalog.fields, catalog.events, catalog.entity_nouns, catalog.locale))
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()
    with _lock:
        built = _by_content.get(digest)
    if built is None:
        built = Lexicon(catalog)
    with _lock:
        _by_content[digest] = built
        _by_identity[id(catalog)] = (catalog, built)
        _let_go()
    return built


def is_built(catalog: Catalog) -> bool:
    """Whether this catalog's lexicon is at hand, so that reading takes a millisecond and not fifty."""
    kept = _by_identity.get(id(catalog))
    return kept is not None and kept[0] is catalog


def _let_go() -> None:
    """Forget the oldest lexicons beyond the bounds; the last one stays, however large."""
    while len(_by_content) > 1 and (
        len(_by_content) > _CACHED or sum(map(len, _by_content.values())) > _CACHED_PHRASES
    ):
        _, oldest = _by_content.popitem(last=False)
        for key in [key for key, (_, kept) in _by_identity.items() if kept is oldest]:
            del _by_identity[key]
    while len(_by_identity) > _CACHED:
        _by_identity.popitem(last=False)


def _add(
    index: dict[tuple[str, ...], list[Entry]], phrase: tuple[str, ...], entry: Entry, words: set[str]
) -> None:
    key = _key(phrase)
    if not key:
        return
    known = index.get(key)
    if known is None:
        index[key] = [entry]
    elif entry not in known:
        known.append(entry)
    for word in phrase:
        if len(word) >= 3 and word.isalpha():
            words.add(word)


def _senses(entries: list[Entry], bits: dict[str, int]) -> Senses:
    joined = 0
    for entry in entries:
        joined |= kinds.of_entry(entry, bits.get(entry.field, 0))
    return Senses(tuple(entries), joined)


def token_key(token: Token) -> str:
    """What a token is compared by: its stem, small numbers as digits."""
    if token.kind == "word":
        return _DIGITS.get(token.norm, token.stem)
    if token.kind == "number" and isinstance(token.value, int) and not token.money and not token.percent:
        return token.norm if token.norm.isdigit() else str(token.value)
    return token.norm


def _key(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) > 1 and not _DROPPED.isdisjoint(words):
        # a small word at the end is a label: `score_a` is not "score"
        words = (*[word for word in words[:-1] if word not in _DROPPED], words[-1])
    return tuple([_DIGITS.get(word) or stem(word) for word in words])


def _walk(tokens: tuple[Token, ...], keys: list[str], start: int, key: tuple[str, ...]) -> int | None:
    at = start + 1
    for part in key[1:]:
        skipped = 0
        between = _GIVEN_BACK if part in _PARTICLES else _SKIPPED
        while at < len(keys) and keys[at] != part and tokens[at].norm in between and skipped < 3:
            at += 1
            skipped += 1
        if at >= len(keys) or keys[at] != part:
            return None
        at += 1
    return at


def _is_country(field: Field) -> bool:
    if field.type not in ("string", "enum") or truth_values(field) is not None:
        return False
    words = in_full(name_words(field.name), field.type)
    return field.format == "iso3166-alpha2" or bool({"country", "nation", "nationality"} & set(words))


def _is_city(field: Field) -> bool:
    words = set(in_full(name_words(field.name), field.type))
    return field.type in ("string", "enum") and bool({"city", "town", "location", "municipality"} & words)
