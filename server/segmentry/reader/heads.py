"""A noun for people said on both sides of an "or": each side is a group of its own.

"Gold members or silver members with a handicap": the handicap is asked of the second group alone.
"""

from __future__ import annotations

from typing import Final

from segmentry.reader.language.inflect import stem
from segmentry.reader.language.places import country_at
from segmentry.reader.language.words import FRAME, PEOPLE, STOP, word_set
from segmentry.reader.scene import Scene

_BEFORE_HEAD: Final = word_set("the a an any all also those every our")
_ENDS: Final = frozenset({"", ",", ";", ".", "?", "!", ":", ")", "and", "or", "but"})
_FARTHEST: Final = 5


def said_again(scene: Scene, at: int) -> bool:
    """Whether the `or` at token `at` begins a second group with a noun and conditions of its own."""
    second = _head_after(scene, at)
    if second is None:
        return False
    before = at - 1
    while scene.word(before) in (",", ";"):
        before -= 1
    if _is_people(scene, before):
        # "gold members or silver members": one list, unless something is said of the second alone
        return _is_described(scene, before) and scene.word(second + 1) not in _ENDS
    same = stem(scene.word(second))
    return any(
        _is_people(scene, step) and stem(scene.word(step)) == same and _is_described(scene, step)
        for step in range(before)
    )


def parts(scene: Scene, start: int, end: int) -> bool:
    """Whether an `or` between two items of a list begins a second group."""
    return any(scene.word(at) == "or" and said_again(scene, at) for at in range(start, end))


def _head_after(scene: Scene, at: int) -> int | None:
    """The noun that ends the first words behind `at`, which are all values of the table."""
    step = first = scene.skip(at + 1, _BEFORE_HEAD, 2)
    while step < first + _FARTHEST:
        end = _value_end(scene, step)
        if end == step:
            break
        step = end
    if step == first or not _is_people(scene, step):
        return None
    return step


def _value_end(scene: Scene, at: int) -> int:
    """The end of the value, the country or the name that begins at token `at`; `at` where none does."""
    ends = [match.end for match in scene.matches_at(at) if match.of("value")]
    if at < len(scene.tokens) and not ends:
        country = country_at(scene.tokens, at)
        ends = [at + 1] if scene.tokens[at].capitalised and not _is_people(scene, at) else []
        ends += [country[1]] if country is not None else []
    return max(ends, default=at)


def _is_people(scene: Scene, at: int) -> bool:
    return scene.word(at) in scene.lexicon.entities or scene.word(at) in PEOPLE


def _is_described(scene: Scene, at: int) -> bool:
    """Whether a condition stands right before the noun at `at`: "gold members", not "all members"."""
    before = scene.word(at - 1)
    return before != "" and (scene.lists_value(at - 1) or before not in STOP | FRAME | _ENDS)
