"""Words that are used like a field or a value of this table and are none."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.criteria.suggest import LEAST_SCORE, nearest
from segmentry.reader.attributes import attribute
from segmentry.reader.clauses import Clauses
from segmentry.reader.draft import Reason
from segmentry.reader.lexicon import Lexicon
from segmentry.reader.phrases import DERIVED
from segmentry.reader.scene import Option, Scene
from segmentry.reader.typos import nearest_field_word
from segmentry.reader.words import PEOPLE, STOP, VAGUE, word_set

_GRAMMAR = word_set("""
last past next previous least most than over under above below more less within around about
 years months weeks days
""")
# one letter more or less makes a short word another word
_LONG_ENOUGH = 6
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
    done = 0
    for at in sorted(lost):
        if at < done or scene.tokens[at].kind != "word" or scene.word(at) in VAGUE | _GRAMMAR | PEOPLE:
            continue
        end = at + 1
        while end in lost and scene.tokens[end].kind == "word" and scene.comparison(end) is None:
            end += 1
        done = end  # a run of lost words is looked at once
        after = scene.skip(end, STOP - {"or", "and", "from", "over"}, 3)
        stray = _stray_number(scene, after, lost)
        if stray or scene.word(after) in _SIGNS:
            return _field(scene, at, end)
    return _value(scene, found) or _attribute(scene, lost)


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
            return _field(scene, start, end)
    return None


def _stray_number(scene: Scene, at: int, lost: set[int]) -> bool:
    comparison = scene.comparison(at)
    if comparison is None:
        return False
    return any(step in lost for step in range(at, comparison.end))


def _field(scene: Scene, start: int, end: int) -> Unknown:
    words = scene.words(start, end)
    for match in scene.matches_at(start):
        for entry in match.of("field") if match.end == end else ():
            field = scene.field(entry.field)
            if entry.strength >= DERIVED and field.type in _UNORDERED:
                message = f"{field.name} holds {_UNORDERED[field.type]}, so it is not compared as a number is"
                return Unknown(start, end, "INVALID_VALUE", message, (field.name,))
    near = suggestions(words, scene.lexicon)
    # the nearest fields are offered as such: with a value at all
    options = tuple(
        Option(f"with a known {name}", Leaf(name, Operator.EXISTS, value=True)) for name in near[:2]
    )
    return Unknown(start, end, "INVALID_FIELD", f"No field for '{words}'", near, options)


def suggestions(words: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The fields that the words really resemble, by spelling or as another word for them; at most 3."""
    near = _alike(words, lexicon)
    for word in words.casefold().split():
        if word not in STOP:
            near += _near(word, lexicon, near if word == words else _alike(word, lexicon))
    return tuple(dict.fromkeys(near))[:3]


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
    """ "Status is frozen": a closed list is named and the word is none of it."""
    lost = set(found.unclaimed)
    for at in sorted(lost):
        if (
            at == 0
            or scene.tokens[at].kind not in ("word", "quoted")
            or scene.word(at - 1) not in ("is", "=", "==", ":", "are")
        ):
            continue
        for start in range(max(0, at - 5), at - 1):
            for match in scene.matches_at(start):
                if match.end != at - 1:
                    continue
                for entry in match.of("field"):
                    field = scene.field(entry.field)
                    if field.type == "enum" and field.values and not scene.lexicon.known[field.name].is_flag:
                        allowed = [str(item.value) for item in field.values]
                        said = scene.words(at, at + 1)
                        message = f"{field.name} has no value '{said}'; allowed: {', '.join(allowed[:20])}"
                        near = tuple(
                            str(value) for value in nearest(scene.words(at, at + 1), allowed)
                        ) or tuple(allowed)
                        options = tuple(
                            Option(f"{field.name} is {item.value}", Leaf(field.name, Operator.EQ, item.value))
                            for item in field.values
                            if str(item.value) in near[:3]
                        )
                        return Unknown(start, at + 1, "INVALID_VALUE", message, near[:5], options)
    return None
