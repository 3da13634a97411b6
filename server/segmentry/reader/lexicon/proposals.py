"""What the reader understands of a table's columns anyway, written down so that people can correct it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from segmentry.criteria.catalog import Catalog, Field
from segmentry.reader.language.thesaurus import EVENT_VERBS, MONEY_VERBS, UNIT_WORDS
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import ENTITY, FRAME, NEGATORS, STOP, VAGUE, word_set
from segmentry.reader.lexicon.columns import entity_nouns
from segmentry.reader.lexicon.lexicon import Lexicon
from segmentry.reader.lexicon.names import Named, denies_consent
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL, Entry, phrases

# More of them nobody reads through.
MOST_SYNONYMS: Final = 6
_VERBS: Final = frozenset(
    word for phrases_ in EVENT_VERBS.values() for word in phrases_.replace("|", " ").split()
) - {"birthday", "visit", "order", "session", "donation", "appointment"}
_STORAGE: Final = word_set(
    "eur usd gbp zar chf cents cent percent time seconds minutes hours days weeks months years"
)
_NO_SYNONYM: Final = (
    STOP | FRAME | VAGUE | NEGATORS | MONEY_VERBS | UNIT_WORDS | {"aged", "educated", "rated"}
)


def propose(catalog: Catalog) -> Catalog:
    """The catalog with the synonyms, units, periods and nouns that names and descriptions give it.

    What the catalog says itself stays. A synonym that names another column, or that two would share, is left
    out; so a catalog with its proposals is read as the same catalog without them.
    """
    lexicon = Lexicon(catalog)
    found: dict[str, list[str]] = {name: [] for name in lexicon.named}
    owners: dict[str, set[str]] = {}
    for phrase, entry in phrases(lexicon.named, ()):
        if entry.kind in ("field", "moment", "value"):
            owners.setdefault(" ".join(phrase), set()).add(entry.field)
        if entry.kind == "field" and entry.field in found and _says_the_field(phrase, entry, lexicon):
            found[entry.field].append(" ".join(phrase))
    for name, channel in lexicon.consents.items():
        if not denies_consent(lexicon.catalog.by_name[name]):
            said = " ".join(channel)
            found[name] += [f"{said} opt in", f"{said} consent", f"opted in to {said}"]
    shared = Counter(text for texts in found.values() for text in set(texts))
    taken = {form for named in lexicon.named.values() for form in _forms(named)}
    fields = tuple(
        _proposed(
            lexicon.catalog.by_name[field.name],
            [
                text
                for text in dict.fromkeys(found.get(field.name, ()))
                if shared[text] == 1
                and len(owners.get(text, ())) < 2
                and (text not in taken or text in _forms(lexicon.named[field.name]))
            ],
        )
        for field in catalog.fields
    )
    nouns = tuple(sorted(entity_nouns(catalog) - ENTITY)) or catalog.entity_nouns
    return replace(catalog, fields=fields, entity_nouns=catalog.entity_nouns or nouns)


def _says_the_field(phrase: tuple[str, ...], entry: Entry, lexicon: Lexicon) -> bool:
    """Whether a phrase names its field by itself, as a noun that people say."""
    if entry.strength < GENERAL or not entry.bare or entry.negated:
        return False
    named = lexicon.named[entry.field]
    if phrase[0] in ("number", "id") or (len(phrase) > 1 and phrase[-1] in _STORAGE):
        return False
    if any(word.isdigit() or len(word) < 2 for word in phrase) or " ".join(phrase) == " ".join(named.spelled):
        return False
    if phrase[:1] == ("last",) and len(phrase) == 2:
        return False  # it would lend its noun to the date: "no claims" asks a count
    if len(phrase) == 1 and (phrase[0] in _NO_SYNONYM or phrase[0] in _VERBS):
        return False
    own = entry.strength >= DERIVED
    return own or not any(word in _NO_SYNONYM for word in phrase)


def _forms(named: Named) -> tuple[str, ...]:
    return (" ".join(named.spelled), " ".join(named.words), " ".join(named.plain))


def _proposed(field: Field, texts: list[str]) -> Field:
    known = {" ".join(name_words(text)) for text in field.synonyms}
    new = [text for text in texts if text not in known]
    return replace(field, synonyms=(*field.synonyms, *new[: max(0, MOST_SYNONYMS - len(field.synonyms))]))
