"""Words that are used like a field or a value of this table and are none."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz, process

from segmentry.criteria.suggest import nearest
from segmentry.reader.clauses import Clauses
from segmentry.reader.draft import Reason
from segmentry.reader.lexicon import Lexicon
from segmentry.reader.names import truth_values
from segmentry.reader.scene import Scene
from segmentry.reader.words import STOP, VAGUE, word_set

_GRAMMAR = word_set("""
last past next previous least most than over under above below more less within around about
 years months weeks days
""")
_SIGNS = word_set("= == != > < >= <= ≥ ≤ ≠ <> => =<")


@dataclass(frozen=True, slots=True)
class Unknown:
    start: int
    end: int
    reason: Reason
    message: str
    suggestions: tuple[str, ...]


def unknown_attribute(scene: Scene, found: Clauses) -> Unknown | None:
    """The first unexplained word before (or after) a comparison that no field takes, or None."""
    lost = set(found.unclaimed)
    done = 0
    for at in sorted(lost):
        if at < done or scene.tokens[at].kind != "word" or scene.word(at) in VAGUE | _GRAMMAR:
            continue
        end = at + 1
        while end in lost and scene.tokens[end].kind == "word" and scene.comparison(end) is None:
            end += 1
        done = end  # a run of lost words is looked at once
        after = scene.skip(end, STOP - {"or", "and", "from", "over"}, 3)
        stray = _stray_number(scene, after, lost)
        if stray or scene.word(after) in _SIGNS:
            return _field(scene, at, end)
    return _value(scene, found)


def _stray_number(scene: Scene, at: int, lost: set[int]) -> bool:
    comparison = scene.comparison(at)
    if comparison is None:
        return False
    return any(step in lost for step in range(at, comparison.end))


def _field(scene: Scene, start: int, end: int) -> Unknown:
    words = scene.words(start, end)
    return Unknown(start, end, "INVALID_FIELD", f"No field for '{words}'", suggestions(words, scene.lexicon))


def suggestions(words: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The names of the nearest fields, by spelling of names and synonyms; at most 3."""
    fields = lexicon.catalog.visible
    near = [str(name) for name in nearest(words, [field.name for field in fields])]
    phrases = {synonym: field.name for field in fields for synonym in (field.name, *field.synonyms)}
    found = process.extract(
        words.casefold(),
        {key: key.casefold() for key in phrases},
        scorer=fuzz.WRatio,
        limit=5,
        score_cutoff=60,
    )
    near += [phrases[str(item[2])] for item in found]
    return tuple(dict.fromkeys(near))[:3]


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
                    if field.type == "enum" and field.values and truth_values(field) is None:
                        allowed = [str(item.value) for item in field.values]
                        said = scene.words(at, at + 1)
                        message = f"{field.name} has no value '{said}'; allowed: {', '.join(allowed[:20])}"
                        near = tuple(
                            str(value) for value in nearest(scene.words(at, at + 1), allowed)
                        ) or tuple(allowed)
                        return Unknown(start, at + 1, "INVALID_VALUE", message, near[:5])
    return None
