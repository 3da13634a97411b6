"""The leaves that words name: by field, value, date, number, or a shortened name."""

from __future__ import annotations

import re

from segmentry.criteria.nodes import Event, Leaf, Segment, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import FRAME, STOP, word_set
from segmentry.reader.lexicon.phrases import EntryKind
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.trees import field_of, values_in
from segmentry.reader.scene import Scene

_NAMING: tuple[EntryKind, ...] = ("field", "moment", "channel", "comparative", "band", "event")
_CONDITION_WORDS = word_set("""
condition conditions criterion criteria filter filters rule rules requirement requirements restriction
restrictions clause clauses part parts bit bits one ones thing things line item leaf constraint constraints
point points limit limits limitation threshold bound bounds cutoff range window period value values level
number count amount setting minimum min maximum max lower upper top bottom floor ceiling cap least most whole
entire both current first last second third stuff business information piece aspect preference status date
dates time times day days week weeks month months year years ago old exclusion exception check field column
much many
""")
_PLAIN_WORDS = STOP | FRAME | _CONDITION_WORDS


def lost(scene: Scene, ways: tuple[tuple[int, ...], ...], current: Current) -> tuple[str, ...]:
    """The words that neither name the conditions, nor their values, nor conditions as such."""
    leaves = [current.leaves[at] for at in ways[0]]
    fields = {field_of(leaf) for leaf in leaves}
    own = {part for name in fields for part in name_words(name)}
    values = {
        part
        for leaf in leaves
        if isinstance(leaf, Leaf)
        for value in values_in(leaf)
        for part in name_words(str(value))
    }
    claimed = {
        at
        for start in range(len(scene.tokens))
        for match in scene.matches_at(start)
        if any(entry.field in fields for entry in match.entries)
        for at in range(match.start, match.end)
    }
    numbers = set[str]().union(*(_numbers_of(leaf) for leaf in leaves)) if leaves else set[str]()
    found: list[str] = []
    for at, token in enumerate(scene.tokens):
        if at in claimed or token.kind in ("punct", "symbol") or token.norm in own | values:
            continue
        if token.kind == "word":
            # A repair may have read "part" as a word of the catalog.
            raw = scene.query[token.start : token.end].casefold()
            if {raw, token.norm} & _PLAIN_WORDS or token.norm in scene.lexicon.entities or len(raw) < 2:
                continue
            if any(_shortened(token.norm, part) or _shortened(token.stem, part) for part in own | values):
                continue
            if any(
                token.norm == "".join(word[0] for word in name_words(name)) for name in fields
            ) or scene.when(at):
                continue
        elif str(token.value) in numbers or token.norm in numbers:
            continue
        found.append(token.norm)
    return tuple(found)


def by_field(scene: Scene, current: Current) -> tuple[tuple[int, ...], ...]:
    """One way per field of the criteria that the words name most directly."""
    strength: dict[str, tuple[int, int]] = {}
    for at in range(len(scene.tokens)):
        for match in scene.matches_at(at):
            for entry in match.entries:
                if entry.field in current.fields and entry.kind in _NAMING:
                    kind = entry.strength if entry.kind in ("field", "moment", "channel", "event") else 0
                    strength[entry.field] = max(strength.get(entry.field, (0, 0)), (match.words, kind))
    if not strength:
        return ()
    best = max(strength.values())
    return tuple(tuple(current.of_field(name)) for name, value in strength.items() if value == best)


def by_value(scene: Scene, current: Current) -> tuple[int, ...]:
    """The leaves that hold a value which the words name."""
    known = {
        (entry.field, str(entry.value))
        for at in range(len(scene.tokens))
        for match in scene.matches_at(at)
        for entry in match.of("value")
    }
    said = " ".join(scene.query.casefold().split())
    return tuple(
        at
        for at, leaf in enumerate(current.leaves)
        if isinstance(leaf, Leaf)
        and any(
            (leaf.field, str(value)) in known
            or (isinstance(value, str) and len(value) > 1 and _within(value, said))
            for value in values_in(leaf)
        )
    )


def by_date(scene: Scene, current: Current) -> tuple[int, ...]:
    """The leaves that hold an end of a date phrase ("this year")."""
    ends: set[object] = set()
    for at in range(len(scene.tokens)):
        when = scene.when(at)
        if when is not None:
            ends |= {when.lo, when.hi, *((when.ago, when.from_now) if when.unit else ())} - {None, "{{NOW}}"}
    if not ends:
        return ()
    found = {
        each
        for at, leaf in enumerate(current.leaves)
        if _dates_of(leaf) & ends
        for each in current.condition_of(at)
    }
    return tuple(sorted(found))


def _dates_of(leaf: AnyLeaf) -> set[object]:
    match leaf:
        case Leaf():
            return set(values_in(leaf))
        case Event():
            return {leaf.window_start, leaf.window_end}
        case _:
            return set()


def by_abbreviation(bare: str, current: Current) -> tuple[tuple[int, ...], ...]:
    """One way per field whose name the words shorten or spell out: "level" for `lvl`."""
    said = [word for word in re.findall(r"[a-z]+", bare) if word not in STOP]
    if not said or len(said) > 3:
        return ()
    found: list[tuple[int, ...]] = []
    for name in dict.fromkeys(field_of(leaf) for leaf in current.leaves):
        own = name_words(name)
        initials = {"".join(word[0] for word in own[start:]) for start in range(len(own) - 2)}
        if all(word in initials or any(_shortened(word, part) for part in own) for word in said):
            found.append(tuple(current.of_field(name)))
    return tuple(found)


def _shortened(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < 3 or short[0] != long[0]:
        return False
    return long.startswith(short) or _consonants(short) == _consonants(long)


def _consonants(word: str) -> str:
    return word[0] + re.sub(r"[aeiouy]|(.)(?=\1)", "", word[1:])


def _within(value: str, said: str) -> bool:
    folded = value.casefold()
    return folded in said and re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", said) is not None


def by_number(scene: Scene, current: Current) -> tuple[int, ...]:
    """The leaves that hold a number which the words say."""
    numbers = {str(quantity.value) for quantity in scene.numbers.values()}
    if not numbers:
        return ()
    return tuple(at for at, leaf in enumerate(current.leaves) if numbers & _numbers_of(leaf))


def _numbers_of(leaf: AnyLeaf) -> set[str]:
    match leaf:
        case Leaf():
            found: set[str] = set()
            for value in values_in(leaf):
                if isinstance(value, str):
                    found |= set(re.findall(r"\d+", value)) if value.startswith("{{") else {value}
                else:
                    found.add(str(value))
            return found
        case Event():
            start = leaf.window_start if isinstance(leaf.window_start, str) else ""
            return {str(leaf.value), *re.findall(r"\d+", start)}
        case Top():
            return {f"{leaf.percent:g}"}
        case Segment():
            return set()
