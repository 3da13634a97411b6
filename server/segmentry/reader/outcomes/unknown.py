"""Words that are used like a field or a value of this table and are none."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.criteria.suggest import LEAST_SCORE, nearest
from segmentry.reader.clauses import Clauses
from segmentry.reader.draft import Reason
from segmentry.reader.language.words import EVERYDAY, PEOPLE, STOP, VAGUE, word_set
from segmentry.reader.lexicon.lexicon import Lexicon
from segmentry.reader.lexicon.phrases import DERIVED
from segmentry.reader.outcomes.attributes import attribute, chosen_of
from segmentry.reader.quantities.comparators import Comparison
from segmentry.reader.scene import Option, Scene, best, between, label
from segmentry.reader.spelling.typos import nearest_field_word

_GRAMMAR = word_set("""
last past next previous least most than over under above below more less within around about
 years months weeks days
""")
# one letter more or less makes a short word another word
_LONG_ENOUGH = 6
_MEASURES = word_set("number level count rate score size amount")
_CLASSES = word_set("group type class grade code category series size")
_OWNING = word_set("own owns owning possess possesses keep keeps")
_LINKING = STOP - {"or", "and", "from", "over"}
_EQUALITY = frozenset(["is", "are", "=", "==", ":", "equals", "equal", "to"])
_AGED = frozenset(["older", "younger"])
_SHORTEST = 4
# adjectives, adverbs, verbs and plurals for people say no more than the field does
_NO_THING = (
    *("s", "y", "ed", "ing", "al", "ary", "able", "ible", "ant", "ent", "est", "ful", "ous", "ish", "ive"),
    *("less", "ic", "full", "oss"),
)
_MANNERS = word_set(
    "overall main prior mean extra base real sole whose their total whole late more have with"
)
_CLAUSE_HEADS = word_set("who that which and or but to i we you they")
_TIMES = frozenset({"times", "time"})
_SIGNS = word_set("= == != > < >= <= ≥ ≤ ≠ <> => =<")
# What columns without an order of size hold.
_UNORDERED = {"string": "text", "enum": "one of a list", "boolean": "true or false", "array": "a list"}


@dataclass(frozen=True, slots=True)
class Unknown:
    start: int
    end: int
    reason: Reason
    message: str
    suggestions: tuple[str, ...]
    options: tuple[Option, ...] = ()


def unknown_attribute(scene: Scene, found: Clauses) -> Unknown | None:
    """The first unexplained word before (or after) a comparison that no field takes, or None."""
    lost = set(found.unclaimed)
    if not lost:
        return None
    done = 0
    for at in sorted(lost):
        if at < done or scene.tokens[at].kind != "word":
            continue
        counted = _counted(scene, at, lost)
        if counted is not None:
            return counted
        if scene.word(at) in VAGUE | _GRAMMAR | PEOPLE or _versioned(scene, at):
            continue
        end = at + 1
        while end in lost and scene.tokens[end].kind == "word" and scene.comparison(end) is None:
            end += 1
        done = end  # a run of lost words is looked at once
        if scene.word(end) in _MEASURES:
            end += 1
        if _coded(scene, end, lost):
            return _field(scene, at, end + 1)
        after = _compared_at(scene, end)
        stray = _stray_number(scene, after, lost)
        if stray and _times(scene, after):
            continue  # "flew at least 5 times" is a deed
        if stray or scene.word(after) in _SIGNS:
            return _field(scene, at, end, scene.comparison(end) or scene.comparison(after))
    return (
        _qualified(scene, found, lost)
        or _value(scene, found)
        or _listed(scene, found, lost)
        or _attribute(scene, lost)
    )


def _coded(scene: Scene, at: int, lost: set[int]) -> bool:
    """ "Cabin class AB": a kind of something, and a code of it, that end the clause."""
    if scene.word(at) not in _CLASSES or at in lost or at + 1 not in lost or scene.matches_at(at + 1):
        return False
    token = scene.tokens[at + 1]
    shouted = all(each.text.isupper() for each in scene.tokens if each.kind == "word")
    code = token.text.isupper() and len(token.text) <= _SHORTEST and not shouted
    return code and (at + 2 >= len(scene.tokens) or scene.tokens[at + 2].kind == "punct")


def _compared_at(scene: Scene, at: int) -> int:
    """Where a comparison with the words before `at` would begin: "its weight is over", "NPS of at least"."""
    for _ in range(3):
        if scene.comparison(at) is not None or scene.word(at) not in _LINKING:
            break
        at += 1
    return at


def _times(scene: Scene, at: int) -> bool:
    comparison = scene.comparison(at)
    return comparison is not None and scene.word(comparison.end) in _TIMES


def _versioned(scene: Scene, at: int) -> bool:
    """ "v3", "G2": a letter glued to a number names no attribute."""
    return len(scene.word(at)) == 1 and at + 1 in scene.numbers and scene.tokens[at + 1].glued


def _counted(scene: Scene, at: int, lost: set[int]) -> Unknown | None:
    """ "Number of employees over 500", "own more than two rafts": the noun counted, not the verb."""
    before = at - 1
    found = scene.comparison(at)
    if found is not None and scene.word(before) in scene.lexicon.entities:
        if (scene.word(before - 1), scene.word(before - 2)) == ("of", "number"):
            return _field(scene, before, at, found)
        return None
    if found is None and scene.word(at) in _OWNING:
        found = scene.comparison(at + 1)
    if found is None or not _stray_number(scene, found.start, lost) or scene.word(found.end) in _TIMES:
        return None
    end = found.end
    while end in lost and scene.tokens[end].kind == "word" and scene.word(end) not in _GRAMMAR:
        end += 1
    return _field(scene, found.end, end, found) if end > found.end else None


def _qualified(scene: Scene, found: Clauses, lost: set[int]) -> Unknown | None:
    """ "Shoe size over 9" is no "size over 9", "spouse's age" no age; what was found is offered."""
    for item in found.items:
        fragment = item.fragment
        if fragment is None or not fragment.field or fragment.start - 1 not in lost:
            continue
        at, number = fragment.start - 1, scene.field(fragment.field).type == "number"
        match = next((each for each in scene.matches_at(at + 1) if each.of("field")), None)
        end = fragment.start + 1 if match is None else match.end
        owned = scene.word(at).endswith("'s") and scene.word(at)[:-2] not in STOP | scene.lexicon.entities
        everyday = number and match is not None and scene.word(at) in EVERYDAY - _GRAMMAR
        compared = match is not None or scene.word(at + 1) in _AGED
        if owned or everyday or (compared and fragment.kind == "measure" and _is_thing(scene, at)):
            while at - 1 in lost and scene.tokens[at - 1].kind == "word":
                at -= 1
            message = f"No field for '{scene.words(at, end)}'"
            return Unknown(at, fragment.start, "INVALID_FIELD", message, (fragment.field,))
    return None


def _is_thing(scene: Scene, at: int) -> bool:
    """Whether a word can be a thing of which a measure is said: "minibar spend", "boiler older than"."""
    word = scene.word(at)
    if scene.tokens[at].kind != "word" or len(word) < _SHORTEST or word.endswith(_NO_THING):
        return False
    if word in VAGUE | PEOPLE | _GRAMMAR | _MANNERS or word in scene.lexicon.entities:
        return False
    return scene.word(at - 1) not in _CLAUSE_HEADS


def _listed(scene: Scene, found: Clauses, lost: set[int]) -> Unknown | None:
    """ "Diamond tier" where the tiers are bronze, silver and gold: the known values are offered."""
    settled = {item.fragment.field for item in found.items if item.fragment is not None}
    for at in sorted(lost):
        if scene.tokens[at].kind != "word" or scene.word(at) in VAGUE | _GRAMMAR | PEOPLE:
            continue
        for match in scene.matches_at(at + 1):
            for entry in match.of("field"):
                allowed = _allowed(scene, entry.field)
                if not allowed or entry.strength < DERIVED:
                    continue
                if entry.field in settled or scene.word(match.end - 1) in scene.lexicon.entities:
                    continue  # "major donors" names no donor_type
                if match.end < len(scene.tokens) and scene.comparison(match.end) is not None:
                    continue
                start = at
                while start - 1 in lost and scene.tokens[start - 1].kind == "word":
                    start -= 1
                return _beside(scene, start, at + 1, match.end, entry.field, allowed)
    return None


def _beside(scene: Scene, start: int, end: int, stop: int, name: str, allowed: list[str]) -> Unknown:  # noqa: PLR0917 - one value
    said = scene.words(start, end)
    message = f"{name} has no value '{said}' that is known; known are {', '.join(allowed[:20])}"
    near = tuple(nearest(said, allowed)) or tuple(allowed)
    stored = {str(value): value for value in scene.lexicon.known[name].exact.values()}
    options = tuple(
        Option(f"{name} is {value}", Leaf(name, Operator.EQ, stored.get(value, value))) for value in near[:3]
    )
    return Unknown(start, stop, "INVALID_VALUE", message, near[:5], options)


def _attribute(scene: Scene, lost: set[int]) -> Unknown | None:
    """ "Golfers with a trolley", "whose employer is Acme": no column says so."""
    known = frozenset(lost)
    for start in sorted(lost):
        if scene.tokens[start].kind != "word":
            continue
        if start - 1 in lost and scene.tokens[start - 1].kind == "word":
            continue
        end = start + 1
        while end in lost and scene.tokens[end].kind == "word":
            end += 1
        if attribute(scene, start, end, known):
            return _field(scene, chosen_of(scene, start), end)
    return None


def _stray_number(scene: Scene, at: int, lost: set[int]) -> bool:
    comparison = scene.comparison(at)
    if comparison is None:
        return False
    return any(step in lost for step in range(at, comparison.end))


def _field(scene: Scene, start: int, end: int, said: Comparison | None = None) -> Unknown:
    words = scene.words(start, end)
    for match in scene.matches_at(start):
        for entry in match.of("field") if match.end == end else ():
            field = scene.field(entry.field)
            if entry.strength >= DERIVED and field.type in _UNORDERED:
                value, allowed = _equated(scene, end), _allowed(scene, field.name)
                if value and allowed:
                    stop = value + 1
                    while stop < len(scene.tokens) and scene.tokens[stop].glued:
                        stop += 1  # "6G" is one value
                    return _beside(scene, value, stop, stop, field.name, allowed)
                message = f"{field.name} holds {_UNORDERED[field.type]}, so it is not compared as a number is"
                return Unknown(start, end, "INVALID_VALUE", message, (field.name,))
    near = suggestions(words, scene.lexicon)
    options = tuple(_offered(scene.field(name), said) for name in near[:2])
    return Unknown(start, end, "INVALID_FIELD", f"No field for '{words}'", near, options)


def _equated(scene: Scene, at: int) -> int:
    """The token that a column is said to equal: "plan = gold", "status is ok"; 0 for a comparison."""
    value = scene.skip(at, _EQUALITY, 3)
    return value if at < value < len(scene.tokens) and scene.tokens[value].kind != "punct" else 0


def _offered(field: Field, said: Comparison | None) -> Option:
    """The nearest field with the comparison that was said, or with a value at all where that does not fit."""
    if said is not None and said.explicit and field.type == "number" and not (said.money or said.percent):
        node = between(field.name, tuple((operator, number.value) for operator, number in said.bounds))
        return Option(label(node), node)
    return Option(f"with a known {field.name}", Leaf(field.name, Operator.EXISTS, value=True))


def suggestions(words: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The fields that the words really resemble, by spelling or as another word for them; at most 3."""
    known = lexicon.suggested.get(words)
    if known is not None:
        return known
    near = _alike(words, lexicon)
    for word in words.casefold().split():
        if word not in STOP:
            near += _near(word, lexicon, near if word == words else _alike(word, lexicon))
    return lexicon.suggested.keep(words, tuple(dict.fromkeys(near))[:3])


def _alike(words: str, lexicon: Lexicon) -> list[str]:
    """The fields spelled like the words; a short word may be one letter off ("ages" is no "tags")."""
    return lexicon.forms.nearest(words, least=LEAST_SCORE if len(words) >= _LONG_ENOUGH else 100.0)


def _near(word: str, lexicon: Lexicon, alike: list[str]) -> list[str]:
    """The fields that one word names, or whose words it misspells."""
    found = [entry.field for entry in lexicon.lookup(word) if entry.kind in ("field", "moment")]
    found += alike
    if len(word) >= _LONG_ENOUGH:
        close = nearest_field_word(word, lexicon)
        if close is not None:
            found += [entry.field for entry in lexicon.lookup(close) if entry.kind == "field"]
    return found


def _value(scene: Scene, found: Clauses) -> Unknown | None:
    """ "Status is frozen": a field with known values is named and the word is none of them."""
    lost = set(found.unclaimed)
    for at in sorted(lost):
        if at == 0 or scene.tokens[at].kind not in ("word", "quoted") or scene.word(at - 1) not in _EQUALITY:
            continue
        said = at - 2 if (scene.word(at - 1), scene.word(at - 2)) == ("to", "equal") else at - 1
        for start in range(max(0, said - 4), said):
            for match in scene.matches_at(start):
                if match.end != said:
                    continue
                for entry in best(match.of("field")):
                    if start - 1 in lost and scene.tokens[start - 1].kind == "word":
                        return _field(scene, start - 1, match.end)  # "visa status" is no "status"
                    allowed = _allowed(scene, entry.field)
                    if allowed:
                        return _beside(scene, at, at + 1, at + 1, entry.field, allowed)
    return None


def _allowed(scene: Scene, name: str) -> list[str]:
    """The values that are known of a column of names; empty where none is, and of a flag."""
    field = scene.field(name)
    if field.type not in ("enum", "string") or scene.lexicon.known[name].is_flag:
        return []
    return [str(each.value) for each in field.values] or [str(each) for each in field.samples]
