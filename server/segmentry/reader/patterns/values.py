"""Values of a field: platinum or diamond members, tier is gold, status not active."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or, Scalar
from segmentry.reader.patterns.open_values import open_value
from segmentry.reader.patterns.rates import rates_amount
from segmentry.reader.phrases import DERIVED, EXACT, GENERAL, PART, Entry
from segmentry.reader.scene import Fragment, Option, Scene
from segmentry.reader.words import STOP, word_set

_SEPARATORS = frozenset({"or", "and", ",", "/", "nor", "&", "|"})
_COPULA = word_set("""
is are was were be being equals equal = == : of in as at to either set has have a an the their by
with type kind category level method ( [
""")
_NEGATIONS = word_set("not isn't aren't isnt arent != <> ≠ wasn't weren't")
_EXCEPTIONS = frozenset({("other", "than"), ("apart", "from"), ("except", "for"), ("different", "from")})
# letters of a code of a country or a state
_CODE = 2
_OWN_TAIL = word_set("with who whose that having without")
_AFTER_ITEM = word_set("the a an in with from by on those")


@dataclass(slots=True)
class _Item:
    end: int
    entries: tuple[Entry, ...]


def values(scene: Scene, at: int) -> Fragment | None:
    """A list of values of one field, with or without the field's name before or after it."""
    named = _after_name(scene, at)
    bare = None if rates_amount(scene, at) else _bare(scene, at)
    if named is not None and (bare is None or named.end >= bare.end):
        return named
    return bare


def _after_name(scene: Scene, at: int) -> Fragment | None:
    for match in scene.matches_at(at):
        for entry in sorted(match.of("field"), key=lambda each: -each.strength):
            field = scene.field(entry.field)
            if field.type in ("datetime", "boolean") or scene.lexicon.known[field.name].is_flag:
                continue
            if field.type == "number" and not field.values:
                continue
            if entry.strength < EXACT and (
                field.role == "id" or scene.word(match.end - 1) in scene.lexicon.entities
            ):
                continue  # "patients in The Hague" says nothing about PatientID
            begin = _to_value(scene, match.end, field.name)
            if scene.word(begin) == "one" and scene.word(begin + 1) == "of":
                begin = scene.skip(begin + 2, _COPULA)
            negated = scene.word(begin) in _NEGATIONS
            if negated:
                begin = scene.skip(begin + 1, _COPULA)
            elif (scene.word(begin), scene.word(begin + 1)) in _EXCEPTIONS:
                negated, begin = True, begin + 2
            elif scene.word(begin) in ("except", "excluding"):
                negated, begin = True, begin + 1
            if begin >= len(scene.tokens):
                continue
            chosen = _list(scene, begin, frozenset({field.name}), restricted=True)
            if chosen is None:
                continue
            items, end, conjunctive = chosen
            twins = _twins(items[0], field.name)
            if len(items) == 1 and len(twins) > 1:
                return _which(scene, at, end, field, twins)
            stored = tuple(item.entries[0].value for item in items)
            return _fragment(at, end, field, stored, conjunctive, negated=negated, known=items)
    return None


def _to_value(scene: Scene, at: int, name: str) -> int:
    """Over small words to the value; the last small word may be the value itself ("class a")."""
    end = scene.skip(at, _COPULA)
    for step in range(at, end):
        own = any(entry.field == name for match in scene.matches_at(step) for entry in match.of("value"))
        if own and _one(scene, end, frozenset({name}), True) is None:
            return step
    return end


def _bare(scene: Scene, at: int) -> Fragment | None:
    absent = named_none(scene, at)
    if absent is not None:
        return absent
    chosen = _list(scene, at, None, restricted=False)
    if chosen is None:
        return None
    items, end, conjunctive = chosen
    fields = _common(items)
    following = _name_after(scene, end, fields)
    if following is not None:
        name, end = following
        fields = [name]
    cued = following is not None or _small_word_as_value(scene, at) or _listed_with_more(scene, at, items)
    allowed = [name for name in fields if cued or _entry(items[0], name).bare]
    if not allowed:
        return None
    strength = {name: min(_entry(item, name).strength for item in items) for name in allowed}
    top = max(strength.values())
    allowed = [name for name in allowed if strength[name] == top]
    nodes = [(name, scene.field(name), tuple(_entry(item, name).value for item in items)) for name in allowed]
    if len(nodes) == 1:
        _, field, stored = nodes[0]
        twins = _twins(items[0], field.name)
        if len(items) == 1 and len(twins) > 1:
            return _which(scene, at, end, field, twins)
        fragment = _fragment(at, end, field, stored, conjunctive, negated=False, known=items)
        if scene.word(at) in ("active", "inactive") and _other_sense(scene, at):
            fragment.cap = min(fragment.cap, 0.92)
        return fragment
    options = tuple(
        Option(f"{name} is {', '.join(str(v) for v in stored)}", build(field, stored, False))
        for name, field, stored in nodes
    )
    words = scene.words(at, end)
    return Fragment(
        "value",
        at,
        end,
        None,
        options=options[:4],
        negative_options=options[:4],
        cap=0.45,
        question=f"Which field does '{words}' belong to: {', '.join(name for name, _, _ in nodes[:4])}?",
    )


def _listed_with_more(scene: Scene, at: int, items: list[_Item]) -> bool:
    """ "May or june": a small word is a value where a full word of the same field follows in the list."""
    if len(items) < 2 or len(scene.word(at)) < 3 or scene.word(at) not in STOP:
        return False
    return all(any(entry.bare for entry in item.entries) for item in items[1:])


def _small_word_as_value(scene: Scene, at: int) -> bool:
    """ "In may", "during May": a small word that the table lists, after a preposition or with a capital."""
    token = scene.tokens[at]
    if token.text.islower():
        return (
            token.norm in STOP
            and len(token.norm) > _CODE
            and scene.word(at - 1) in ("in", "during", "throughout")
        )
    shouted = all(item.text.isupper() for item in scene.tokens if item.kind == "word")
    if len(token.text) == _CODE and token.text.isupper() and not shouted:
        # a code that is an English word in small letters: IN, ME, OR
        return any(entry.value == token.text for match in scene.matches_at(at) for entry in match.of("value"))
    if token.norm not in STOP or len(token.norm) <= _CODE:
        return False
    return scene.word(at - 1) in ("in", "during", "throughout") or (
        token.capitalised and at > 0 and not shouted
    )


def named_none(scene: Scene, at: int) -> Fragment | None:
    """ "No internet service": the field of that name, though other columns list the words as a value."""
    if scene.word(at) != "no":
        return None
    ends = {match.end for match in scene.matches_at(at) if match.of("value") and match.words > 1}
    if not ends:
        return None
    for match in scene.matches_at(at + 1):
        if match.end not in ends:
            continue
        for entry in match.of("field"):
            field = scene.field(entry.field)
            stored = scene.lexicon.known[field.name].folded
            none = next((stored[word] for word in ("no", "none", "never", "n") if word in stored), None)
            if entry.strength >= DERIVED and none is not None:
                leaf = Leaf(field.name, Operator.EQ, none)
                return Fragment("value", at, match.end, leaf, complement(leaf), field=field.name, rank=1)
    return None


def _other_sense(scene: Scene, at: int) -> bool:
    return any(match.of("moment") for match in scene.matches_at(at))


def _common(items: list[_Item]) -> list[str]:
    names = list(dict.fromkeys([entry.field for entry in items[0].entries]))
    if len(items) == 1:
        return names
    return [
        name for name in names if all(any(entry.field == name for entry in item.entries) for item in items)
    ]


def _entry(item: _Item, name: str) -> Entry:
    if len(item.entries) == 1:
        return item.entries[0]
    return max((entry for entry in item.entries if entry.field == name), key=lambda entry: entry.strength)


def _name_after(scene: Scene, at: int, fields: list[str]) -> tuple[str, int] | None:
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            if entry.field in fields and entry.strength >= PART:
                return entry.field, match.end
    return None


def _list(
    scene: Scene, at: int, fields: frozenset[str] | None, *, restricted: bool
) -> tuple[list[_Item], int, bool] | None:
    first = _one(scene, at, fields, restricted)
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
        item = _one(scene, after, known, restricted) if after < len(scene.tokens) else None
        if item is None:
            break
        if separators > 1 and word == "or" and len(items) == 1 and scene.word(item.end) in _OWN_TAIL:
            break  # "platinum, or gold with at least 40 nights": what follows belongs to gold alone
        narrowed = known & {entry.field for entry in item.entries}
        if not narrowed or _longer_elsewhere(scene, after, item.end, narrowed):
            break
        known = narrowed
        items.append(_Item(item.end, tuple(entry for entry in item.entries if entry.field in known)))
        conjunctive = conjunctive or word in ("and", "&")
        end = item.end
    if len(items) == 1:
        return items, end, conjunctive
    trimmed = [
        _Item(item.end, tuple(entry for entry in item.entries if entry.field in known)) for item in items
    ]
    return trimmed, end, conjunctive


def _longer_elsewhere(scene: Scene, at: int, end: int, fields: frozenset[str]) -> bool:
    """True when a longer phrase begins there that belongs to another field."""
    return any(
        match.end > end
        and any(entry.field not in fields and entry.strength >= GENERAL for entry in match.entries)
        for match in scene.matches_at(at)
    )


def _one(scene: Scene, at: int, fields: frozenset[str] | None, restricted: bool) -> _Item | None:
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
            return _Item(end, (Entry("value", field.name, EXACT, stored),))
    return _open(scene, at, field)


def _twins(item: _Item, name: str) -> list[Scalar]:
    """The values of one field that an item may mean, by its best phrases."""
    if len(item.entries) == 1:
        return [item.entries[0].value]
    own = [entry for entry in item.entries if entry.field == name]
    top = max(entry.strength for entry in own)
    return list(dict.fromkeys(entry.value for entry in own if entry.strength == top))


def _which(scene: Scene, at: int, end: int, field: Field, stored: list[Scalar]) -> Fragment:
    options = tuple(
        Option(f"{field.name} is {value}", Leaf(field.name, Operator.EQ, value)) for value in stored[:4]
    )
    return Fragment(
        "value",
        at,
        end,
        None,
        options=options,
        negative_options=tuple(Option(f"not {each.label}", complement(each.node)) for each in options),
        cap=0.45,
        question=f"Which {field.name} does '{scene.words(at, end)}' mean: {', '.join(map(str, stored[:4]))}?",
    )


def _spelled(scene: Scene, at: int, end: int, entries: tuple[Entry, ...]) -> _Item:
    """Values that share their words ("O+" and "O-") are told apart by how they are written."""
    if len(entries) == 1:
        return _Item(end, entries)
    fields = [entry.field for entry in entries]
    twins = {name for name in fields if len({str(e.value) for e in entries if e.field == name}) > 1}
    if not twins:
        return _Item(end, entries)
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
            return _Item(last, chosen)
    return _Item(end, entries)


def _open(scene: Scene, at: int, field: Field) -> _Item | None:
    found = open_value(scene, at, field)
    if found is None:
        return None
    return _Item(found[1], (Entry("value", field.name, EXACT, found[0], known=False),))


def _fragment(
    start: int,
    end: int,
    field: Field,
    stored: tuple[str | int | float | bool | None, ...],
    conjunctive: bool,
    *,
    negated: bool,
    known: list[_Item],
) -> Fragment:
    distinct = tuple(dict.fromkeys(stored))
    positive = build(field, distinct, conjunctive)
    negative = complement(positive)
    unseen = sum(1 for item in known if not item.entries[0].known)
    if negated:
        positive, negative = negative, positive
    return Fragment(
        "value",
        start,
        end,
        positive,
        negative,
        field=field.name,
        factor=0.93**unseen,
        note=f"'{distinct[0]}' is not among the known values of {field.name}"
        if unseen and (field.values or field.samples)
        else "",
    )


def build(field: Field, stored: tuple[Scalar, ...], conjunctive: bool) -> Node:
    """The condition for a list of values: one is equality, several are a list, arrays keep "and"."""
    if field.type == "array":
        leaves = tuple(Leaf(field.name, Operator.CONTAINS, value) for value in stored)
        if len(leaves) == 1:
            return leaves[0]
        return And(leaves) if conjunctive else Leaf(field.name, Operator.IN, stored)
    if len(stored) == 1:
        return Leaf(field.name, Operator.EQ, stored[0])
    if field.operators and Operator.IN not in field.operators:
        return Or(tuple(Leaf(field.name, Operator.EQ, value) for value in stored))
    return Leaf(field.name, Operator.IN, stored)


_OPPOSITES = {
    Operator.EQ: Operator.NEQ,
    Operator.NEQ: Operator.EQ,
    Operator.IN: Operator.NIN,
    Operator.NIN: Operator.IN,
}


def complement(node: Node) -> Node:
    """The exact complement, as a leaf where the language has one."""
    if isinstance(node, Leaf):
        opposite = _OPPOSITES.get(node.operator)
        if opposite is not None:
            return Leaf(node.field, opposite, node.value)
        if node.operator is Operator.EXISTS:
            return Leaf(node.field, Operator.EXISTS, not node.value)
    if isinstance(node, Not):
        return node.item
    return Not(node)
