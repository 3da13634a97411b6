"""Values of a field: platinum or diamond members, tier is gold, status not active."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or, Scalar
from segmentry.reader.language import cities
from segmentry.reader.language.spoken import languages_of
from segmentry.reader.language.words import ENTITY, FRAME, STOP, VAGUE, word_set
from segmentry.reader.lexicon.lexicon import Match
from segmentry.reader.lexicon.phrases import DERIVED, EXACT, PART, Entry
from segmentry.reader.patterns.rates import rates_amount
from segmentry.reader.patterns.vague import ENDS
from segmentry.reader.patterns.value_lists import Item, listed, one
from segmentry.reader.scene import Fragment, Option, Scene

_COPULA = word_set("""
is are was were be being equals equal = == : of in as at to either set has have a an the their by
with type kind category level method ( [
""")
# letters of a code of a country or a state
_CODE = 2
# "patrons" may be a kind that the table lists, or whoever is in it
_NOUN_TOO = 0.8
_NEGATIONS = word_set("not isn't aren't isnt arent != <> ≠ wasn't weren't")
_EXCEPTIONS = frozenset({("other", "than"), ("apart", "from"), ("except", "for"), ("different", "from")})
# a column of which a few values were seen again and again probably has no others
_FEW_VALUES = 8
_UNSEEN = 0.85


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
            chosen = listed(scene, begin, frozenset({field.name}), restricted=True)
            if chosen is None:
                continue
            items, end, conjunctive = chosen
            twins = _twins(items[0], field.name)
            if len(items) == 1 and len(twins) > 1:
                return _which(scene, at, end, field, twins)
            stored = tuple(item.entries[0].value for item in items)
            found = _fragment(at, end, field, stored, conjunctive, negated=negated, known=items)
            unseen = [str(item.entries[0].value) for item in items if not item.entries[0].known]
            if field in scene.lexicon.city_fields and any(cities.near(name.casefold()) for name in unseen):
                found.cap = min(found.cap, _UNSEEN)  # "city is Berin"
            return found
    return None


def _to_value(scene: Scene, at: int, name: str) -> int:
    """Over small words to the value; the last small word may be the value itself ("class a")."""
    end = scene.skip(at, _COPULA)
    for step in range(at, end):
        own = any(entry.field == name for match in scene.matches_at(step) for entry in match.of("value"))
        if own and one(scene, end, frozenset({name}), True) is None:
            return step
    return end


def _bare(scene: Scene, at: int) -> Fragment | None:
    absent = named_none(scene, at)
    if absent is not None:
        return absent
    chosen = listed(scene, at, None, restricted=False)
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
    if len(items) == 1 and not cued and end == at + 1 and scene.word(at) in ENTITY:
        # "business contacts" are people, whatever stage is called Contacted
        allowed = [
            name for name in allowed if not str(_entry(items[0], name).value).casefold().endswith("ed")
        ]
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
        if following is None and end == at + 1 and scene.word(at) in scene.lexicon.entities - ENTITY:
            fragment.cap = min(fragment.cap, _NOUN_TOO)
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


def _listed_with_more(scene: Scene, at: int, items: list[Item]) -> bool:
    """ "May or june", "Dutch or German speaking": a small word is a value where a full one follows."""
    word = scene.word(at)
    small = word in STOP | FRAME | VAGUE or word in ENDS
    if len(items) < 2 or len(word) < 3 or not (small or languages_of(word)):
        return False
    return all(any(entry.bare for entry in item.entries) for item in items[1:])


def _small_word_as_value(scene: Scene, at: int) -> bool:
    """ "In may", "during May": a small word that the table lists, after a preposition or with a capital."""
    token = scene.tokens[at]
    if token.norm in FRAME:
        # "live accounts", "called twice, live": a verb of requests that this table has as a value
        alone = scene.word(at - 1) in ("", ",") and scene.word(at + 1) in ("", ",", ".", "and", "but")
        return scene.word(at + 1) in scene.lexicon.entities or alone
    joined = scene.previous is not None and scene.previous.end == at
    if (
        token.norm in STOP
        and len(token.norm) > 3
        and scene.word(at + 1) in scene.lexicon.entities
        and scene.word(at - 1) not in scene.lexicon.entities
        and not joined
    ):
        return True  # "plus members" where plus is a tier
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


def _common(items: list[Item]) -> list[str]:
    names = list(dict.fromkeys([entry.field for entry in items[0].entries]))
    if len(items) == 1:
        return names
    return [
        name for name in names if all(any(entry.field == name for entry in item.entries) for item in items)
    ]


def _entry(item: Item, name: str) -> Entry:
    if len(item.entries) == 1:
        return item.entries[0]
    return max((entry for entry in item.entries if entry.field == name), key=lambda entry: entry.strength)


def _name_after(scene: Scene, at: int, fields: list[str]) -> tuple[str, int] | None:
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            if entry.field in fields and entry.strength >= PART:
                if scene.lexicon.known[entry.field].is_flag and _shared(match, entry, fields):
                    return None  # "no reminders" where one column each is about those by mail and by post
                return entry.field, match.end
    return None


def _shared(match: Match, entry: Entry, fields: list[str]) -> bool:
    return any(
        each.strength == entry.strength and each.field != entry.field and each.field in fields
        for each in match.of("field")
    )


def _twins(item: Item, name: str) -> list[Scalar]:
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


def _fragment(
    start: int,
    end: int,
    field: Field,
    stored: tuple[str | int | float | bool | None, ...],
    conjunctive: bool,
    *,
    negated: bool,
    known: list[Item],
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
        cap=_UNSEEN if unseen and 0 < len(field.samples) <= _FEW_VALUES else 1.0,
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
