"""Lists of values of one field: "gold, silver or platinum", "gold members or platinum members"."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.reader.heads import parts
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import EXACT, GENERAL, Entry
from segmentry.reader.patterns.open_values import open_value
from segmentry.reader.scene import Scene

_SEPARATORS = frozenset({"or", "and", ",", "/", "nor", "&", "|"})
_OWN_TAIL = word_set("with who whose that having without")
_AFTER_ITEM = word_set("the a an in with from by on those")

_SAID_AGAIN = word_set("has have is are was were been got")


@dataclass(slots=True)
class Item:
    """One value of a list: where it ends, and what it may be."""

    end: int
    entries: tuple[Entry, ...]


def listed(
    scene: Scene, at: int, fields: frozenset[str] | None, *, restricted: bool
) -> tuple[list[Item], int, bool] | None:
    """The values from token `at` on, the end of the list, and whether `and` joins them."""
    first = one(scene, at, fields, restricted)
    if first is None:
        return None
    items = [first]
    end = first.end
    conjunctive = False
    known = fields or frozenset(entry.field for entry in first.entries)
    while True:
        nxt = end
        # "gold members or platinum members": the noun may be said after every item
        entity = scene.skip(nxt, scene.lexicon.entities, 1)
        separators = 0
        word = ""
        after = nxt
        for start in (nxt, entity):
            after, separators = start, 0
            while after < len(scene.tokens) and scene.tokens[after].norm in _SEPARATORS and separators < 3:
                word = scene.tokens[after].norm if scene.tokens[after].norm != "," else word or ","
                after += 1
                separators += 1
            if separators:
                break
        if not separators:
            break
        after = scene.skip(after, _AFTER_ITEM, 1) if restricted else scene.skip(after, _AFTER_ITEM, 2)
        item = one(scene, after, known, restricted) if after < len(scene.tokens) else None
        if item is None and restricted and word == "or":
            # "whose order was lost or has failed": the verb is said again before a value of the field
            item = one(scene, scene.skip(after, _SAID_AGAIN, 2), known, restricted=False)
        if item is None:
            break
        if word == "or" and parts(scene, nxt, after):
            break  # "gold members, or silver members with a handicap": two groups
        if word == "," and scene.word(after) == "no" and _names_a_field(scene, item.end):
            break  # "partner yes, no dependents": a denial begins, not a second value
        if separators > 1 and word == "or" and len(items) == 1 and scene.word(item.end) in _OWN_TAIL:
            break  # "platinum, or gold with at least 40 nights": what follows belongs to gold alone
        narrowed = known & {entry.field for entry in item.entries}
        if not narrowed or _longer_elsewhere(scene, after, item.end, narrowed):
            break
        known = narrowed
        items.append(Item(item.end, tuple(entry for entry in item.entries if entry.field in known)))
        conjunctive = conjunctive or word in ("and", "&")
        end = item.end
    if len(items) == 1:
        return items, end, conjunctive
    trimmed = [
        Item(item.end, tuple(entry for entry in item.entries if entry.field in known)) for item in items
    ]
    return trimmed, end, conjunctive


def _names_a_field(scene: Scene, at: int) -> bool:
    return any(match.of("field") for match in scene.matches_at(at))


def _longer_elsewhere(scene: Scene, at: int, end: int, fields: frozenset[str]) -> bool:
    """True when a longer phrase begins there that belongs to another field."""
    return any(
        match.end > end
        and any(entry.field not in fields and entry.strength >= GENERAL for entry in match.entries)
        for match in scene.matches_at(at)
    )


def one(scene: Scene, at: int, fields: frozenset[str] | None, restricted: bool) -> Item | None:
    """The value that begins at token `at`; with `restricted` also an open one of the one field."""
    if at >= len(scene.tokens):
        return None
    for match in scene.matches_at(at):
        entries = match.of("value")
        if fields is not None:
            entries = tuple([entry for entry in entries if entry.field in fields])
        if entries:
            return _spelled(scene, at, match.end, entries)
    if not restricted or fields is None:
        return None
    field = scene.field(next(iter(fields)))
    known = scene.lexicon.known[field.name]
    for end in range(min(at + 6, len(scene.tokens)), at, -1):
        if (stored := known.spelled(scene.words(at, end))) is not None:
            return Item(end, (Entry("value", field.name, EXACT, stored),))
    return _open(scene, at, field)


def _spelled(scene: Scene, at: int, end: int, entries: tuple[Entry, ...]) -> Item:
    """Values that share their words ("O+" and "O-") are told apart by how they are written."""
    if len(entries) == 1:
        return Item(end, entries)
    fields = [entry.field for entry in entries]
    twins = {name for name in fields if len({str(e.value) for e in entries if e.field == name}) > 1}
    if not twins:
        return Item(end, entries)
    stop = end
    while (
        stop < len(scene.tokens)
        and scene.tokens[stop].glued
        and scene.tokens[stop].kind in ("punct", "symbol")
    ):
        stop += 1
    for last in range(stop, end - 1, -1):
        said = scene.words(at, last).casefold()
        chosen = tuple(entry for entry in entries if str(entry.value).casefold() == said)
        if chosen:
            return Item(last, chosen)
    return Item(end, entries)


def _open(scene: Scene, at: int, field: Field) -> Item | None:
    found = open_value(scene, at, field)
    if found is None:
        return None
    return Item(found[1], (Entry("value", field.name, EXACT, found[0], known=False),))
