"""All phrases that a catalog gives meaning to, in one table that is built once per catalog content."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from segmentry.criteria.catalog import Band, Catalog, EventType, Field
from segmentry.criteria.nodes import Operator
from segmentry.reader.inflect import stem
from segmentry.reader.names import Named, boolean_like, take_apart, truth_values
from segmentry.reader.thesaurus import (
    BEGINNING_PHRASES,
    COMPARATIVES,
    ENDING_PHRASES,
    EVENT_VERBS,
    SYNONYMS,
    VALUE_WORDS,
)
from segmentry.reader.tokens import Token, name_words
from segmentry.reader.words import ALWAYS_ENTITY, ENTITY, FRAME, STOP, VAGUE, word_set

EntryKind = Literal["field", "value", "band", "moment", "comparative", "channel", "event"]

# How directly a phrase names its field: by the catalog, from the name, by general English, by one word.
EXACT, DERIVED, GENERAL, PART = 4, 3, 2, 1

_SKIPPED: Final = word_set("a an the any our their your my his her its of - / _ . & : s")
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
_CACHED: Final = 256
_BARE_FORBIDDEN: Final = word_set("""
yes no true false y n t f other others unknown none all any not in is and or may on off na n/a null it
to us me can
""")
_ADJECTIVES: Final = word_set(
    "high low highly strong weak good bad heavy light big small large top poor great"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one phrase may stand for. `bare` is False when the phrase counts only beside its field's name."""

    kind: EntryKind
    field: str
    strength: int
    value: str | int | float | bool | None = None
    band: Band | None = None
    bare: bool = True
    negated: bool = False
    operator: Operator | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """Entries whose phrase covers the tokens `[start, end)`; `words` is the length of the phrase."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    words: int

    def of(self, *kinds: EntryKind) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kind in kinds)


class Lexicon:
    """The phrases of one catalog. Immutable after building; shared between requests and threads."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.named: dict[str, Named] = {field.name: take_apart(field) for field in catalog.visible}
        self.entities: frozenset[str] = _entities(catalog)
        self.country_fields = tuple(field for field in catalog.visible if _is_country(field))
        self.city_fields = tuple(field for field in catalog.visible if _is_city(field))
        self.consents: dict[str, tuple[str, ...]] = {
            name: named.consent_channel
            for name, named in self.named.items()
            if named.consent_channel is not None
        }
        self._first: dict[str, list[tuple[tuple[str, ...], list[Entry]]]] = {}
        self._index: dict[tuple[str, ...], list[Entry]] = {}
        words: set[str] = set()
        for phrase, entry in _phrases(self):
            self._add(phrase, entry, words)
        for phrases in self._first.values():
            phrases.sort(key=lambda item: -len(item[0]))
        self.words: tuple[str, ...] = tuple(sorted(words))
        self.stems: frozenset[str] = frozenset(stem(word) for word in words)

    def _add(self, phrase: tuple[str, ...], entry: Entry, words: set[str]) -> None:
        key = _key(phrase)
        if not key:
            return
        known = self._index.get(key)
        if known is None:
            known = self._index[key] = []
            self._first.setdefault(key[0], []).append((key, known))
        if entry not in known:
            known.append(entry)
        words.update(word for word in phrase if len(word) >= 3 and word.isalpha())

    def at(self, tokens: tuple[Token, ...], start: int) -> list[Match]:
        """All phrases that begin at token `start`, the longest first."""
        phrases = self._first.get(token_key(tokens[start]))
        if phrases is None:
            return []
        found: list[Match] = []
        for key, entries in phrases:
            end = _walk(tokens, start, key)
            if end is not None:
                found.append(Match(start, end, tuple(entries), len(key)))
        return found

    def lookup(self, phrase: str) -> tuple[Entry, ...]:
        """The entries of one whole phrase."""
        return tuple(self._index.get(_key(name_words(phrase)), ()))

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
        while len(_by_content) > _CACHED:
            _by_content.popitem(last=False)
        while len(_by_identity) > _CACHED:
            _by_identity.popitem(last=False)
    return built


def token_key(token: Token) -> str:
    """What a token is compared by: its stem, small numbers as digits."""
    if token.kind == "word":
        return _DIGITS.get(token.norm, token.stem)
    if token.kind == "number" and isinstance(token.value, int) and not token.money and not token.percent:
        return token.norm if token.norm.isdigit() else str(token.value)
    return token.norm


def _key(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) > 1:
        words = tuple(word for word in words if word not in _DROPPED) or words
    return tuple(_DIGITS.get(word, stem(word)) for word in words)


def _walk(tokens: tuple[Token, ...], start: int, key: tuple[str, ...]) -> int | None:
    at = start + 1
    for part in key[1:]:
        skipped = 0
        while (
            at < len(tokens) and token_key(tokens[at]) != part and tokens[at].norm in _SKIPPED and skipped < 3
        ):
            at += 1
            skipped += 1
        if at >= len(tokens) or token_key(tokens[at]) != part:
            return None
        at += 1
    return at


def _entities(catalog: Catalog) -> frozenset[str]:
    own = {word for noun in catalog.entity_nouns for word in name_words(noun)}
    return ENTITY | own | {word + "s" for word in own}


def _is_country(field: Field) -> bool:
    words = name_words(field.name)
    if field.type not in ("string", "enum"):
        return False
    return field.format == "iso3166-alpha2" or bool({"country", "nation", "nationality"} & set(words))


def _is_city(field: Field) -> bool:
    words = set(name_words(field.name))
    return field.type in ("string", "enum") and bool({"city", "town", "location", "municipality"} & words)


def _phrases(lexicon: Lexicon) -> Iterator[tuple[tuple[str, ...], Entry]]:
    tails = Counter(named.words[-1] for named in lexicon.named.values() if named.words)
    shared = frozenset(word for word, n in tails.items() if n > 1)
    beginnings = [name for name, named in lexicon.named.items() if named.beginning]
    for name, named in lexicon.named.items():
        yield from _name_phrases(named, shared)
        yield from _general_phrases(named)
        if named.field.type == "datetime":
            yield from _moment_phrases(named, rank=beginnings.index(name) if name in beginnings else 0)
        yield from _value_phrases(named.field)
        yield from _band_phrases(named)
        if named.consent_channel:
            yield named.consent_channel, Entry("channel", name, EXACT)
    for event in lexicon.catalog.events:
        yield from _event_phrases(event)


def _split(alternatives: str) -> Iterator[tuple[str, ...]]:
    for phrase in alternatives.split("|"):
        yield tuple(phrase.split())


def _name_phrases(named: Named, shared: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Entry]]:
    field = named.field
    yield named.words, Entry("field", field.name, EXACT)
    for synonym in field.synonyms:
        yield name_words(synonym), Entry("field", field.name, EXACT)
    if named.core != named.words:
        # "charges" does not mean TotalCharges where MonthlyCharges stands beside it.
        shadowed = (len(named.core) == 1 and named.core[0] in shared) or named.words[-1] in (
            "id",
            "code",
            "key",
        )
        strength = GENERAL if shadowed else DERIVED
        yield named.core, Entry("field", field.name, strength, bare=not _too_common(named.core))
    described = name_words(field.description.split("(")[0].split(";")[0].split(",")[0])
    if 1 < len(described) <= 4 and described != named.words:
        yield described, Entry("field", field.name, DERIVED)
    content = [word for word in named.core if word not in STOP and not word.isdigit() and len(word) > 1]
    if len(content) > 1:
        yield (content[-1],), Entry("field", field.name, GENERAL if len(content) == 2 else PART, bare=False)
        for word in content[:-1]:
            yield (word,), Entry("field", field.name, PART, bare=False)
    if boolean_like(field) and len(named.core) == 1:
        for prefix in ("in", "un", "non"):
            yield (prefix + named.core[0],), Entry("field", field.name, DERIVED, negated=True)


def _too_common(words: tuple[str, ...]) -> bool:
    return len(words) == 1 and (words[0] in ENTITY or words[0] in STOP or words[0] in FRAME)


def _general_phrases(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    stems = {stem(word) for word in named.words}
    core = {stem(word) for word in named.core}
    for needed, alternatives in SYNONYMS:
        parts = {stem(word) for word in needed.split()}
        if parts <= stems and (parts == core or len(parts) > 1 or len(core) <= 2):
            strength = GENERAL if parts == core or len(parts) > 1 else PART
            for phrase in _split(alternatives):
                yield phrase, Entry("field", named.field.name, strength, bare=strength == GENERAL)
    for word, (names, direction) in COMPARATIVES.items():
        if {stem(name) for name in names.split("|")} & stems and named.field.type in ("number", "datetime"):
            more = (direction == "more") != (named.field.type == "datetime")
            operator = Operator.GT if more else Operator.LT
            yield (word,), Entry("comparative", named.field.name, EXACT, operator=operator)


def _moment_phrases(named: Named, rank: int) -> Iterator[tuple[tuple[str, ...], Entry]]:
    name = named.field.name
    strength = PART if named.first else DERIVED
    if named.beginning:
        for phrase in _split(BEGINNING_PHRASES):
            yield phrase, Entry("moment", name, DERIVED if rank == 0 else GENERAL)
    if named.ending and not set(named.words) & {"next"}:
        for phrase in _split(ENDING_PHRASES):
            yield phrase, Entry("moment", name, DERIVED)
            if len(named.event_nouns) > 1 and len(phrase) == 1:
                yield (named.event_nouns[0], *phrase), Entry("moment", name, EXACT)
    nouns = tuple(noun for noun in named.event_nouns if noun not in ("membership", "member"))
    if nouns:
        verb = nouns[-1]
        verbs = EVENT_VERBS.get(stem(verb), EVENT_VERBS.get(verb, verb))
        for phrase in _split(verbs):
            if named.first:
                yield ("first", *phrase), Entry("moment", name, DERIVED)
            if len(nouns) == 1:
                yield phrase, Entry("moment", name, strength)
            else:
                objects = nouns[:-1]
                yield (*objects, *phrase), Entry("moment", name, strength)
                yield (*phrase, *objects), Entry("moment", name, strength)
                yield phrase, Entry("moment", name, PART)
        if stem(verb) == "activity" or stem(verb) == "activ":
            yield ("inactive",), Entry("moment", name, strength, negated=True)
            yield ("dormant",), Entry("moment", name, strength, negated=True)
    for synonym in named.field.synonyms:
        words = name_words(synonym)
        yield words, Entry("moment", name, EXACT)
        if len(words) == 2 and words[0] == "last":
            yield words[1:], Entry("moment", name, DERIVED)


def _value_phrases(field: Field) -> Iterator[tuple[tuple[str, ...], Entry]]:
    if field.type in ("boolean", "datetime") or field.pii:
        return
    flag = truth_values(field) is not None
    listed: list[tuple[str | int | float | bool, tuple[str, ...]]] = [
        (item.value, item.synonyms) for item in field.values
    ]
    seen = {item.value for item in field.values}
    listed += [(sample, ()) for sample in field.samples if sample not in seen]
    spelled: set[str] = {str(value).casefold() for value, _ in listed}
    for value, synonyms in listed:
        words = name_words(str(value))
        for synonym in synonyms:
            yield name_words(synonym), Entry("value", field.name, EXACT, value)
        if not words:
            continue
        bare = not flag and not isinstance(value, bool) and _stands_alone(words)
        yield words, Entry("value", field.name, EXACT, value, bare=bare)
        plain = name_words(str(value).split("(")[0])
        if plain and plain != words:
            yield plain, Entry("value", field.name, DERIVED, value, bare=bare and _stands_alone(plain))
        alternatives = VALUE_WORDS.get(str(value).casefold())
        if alternatives and not flag:
            if len(str(value)) == 1 and not ({"m", "f"} <= spelled and len(spelled) <= 4):
                continue
            for phrase in _split(alternatives):
                if " ".join(phrase) not in spelled:
                    yield phrase, Entry("value", field.name, GENERAL, value)


def _stands_alone(words: tuple[str, ...]) -> bool:
    if len(words) > 1:
        return not all(word.isdigit() or word in STOP for word in words)
    (word,) = words or ("",)
    if word.isdigit() or len(word) < 2 or word in _BARE_FORBIDDEN or word in STOP:
        return False
    if word in ALWAYS_ENTITY:
        return False
    return word not in FRAME and (
        word not in VAGUE
        or word
        in (
            "active",
            "inactive",
            "new",
            "premium",
            "vip",
            "lapsed",
            "gold",
            "regular",
            "small",
            "medium",
            "large",
            "old",
            "dormant",
            "elite",
        )
    )


def _band_phrases(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    field = named.field
    names: list[tuple[str, ...]] = [
        named.words,
        named.core,
        *(name_words(synonym) for synonym in field.synonyms),
    ]
    for band in field.bands:
        for phrase in band.phrases:
            words = name_words(phrase)
            yield words, Entry("band", field.name, EXACT, band=band)
            # "high engagement" also answers to "high engagement score" and "engagement is high".
            if words and words[0] in _ADJECTIVES and words[1:] in names:
                for name in names:
                    yield (words[0], *name), Entry("band", field.name, DERIVED, band=band)
                    yield (*name, words[0]), Entry("band", field.name, DERIVED, band=band)
                    yield (*name, "is", words[0]), Entry("band", field.name, DERIVED, band=band)


def _event_phrases(event: EventType) -> Iterator[tuple[tuple[str, ...], Entry]]:
    words = name_words(event.name)
    yield words, Entry("event", event.name, DERIVED)
    for synonym in event.synonyms:
        yield name_words(synonym), Entry("event", event.name, EXACT)
    if len(words) == 1:
        for phrase in _split(EVENT_VERBS.get(stem(words[0]), words[0])):
            yield phrase, Entry("event", event.name, GENERAL)
