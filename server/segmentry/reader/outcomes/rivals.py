"""What else the words of a condition may mean: another column, a time that has passed, a rate, a rank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segmentry.criteria.nodes import Leaf, Node
from segmentry.reader.clauses import Clauses
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import RATES
from segmentry.reader.language.words import PEOPLE, word_set
from segmentry.reader.lexicon import kinds
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL
from segmentry.reader.outcomes.doubt import Doubt
from segmentry.reader.patterns.quantify import LOWER_IS_BETTER
from segmentry.reader.scene import Fragment, Scene

_STATES: Final = frozenset({"value", "flag", "place", "state"})
_WERE: Final = frozenset({"was", "were"})
_WHO: Final = word_set("who that customers customer members people users clients") | {"", "and", "or", "once"}
# participles of what people are, and not of what was done
_BEING: Final = word_set("married divorced separated widowed engaged employed retired")
_SMALL: Final = word_set("a an the our in on already")
_WORTH: Final = word_set("value values amount amounts price prices size sizes")
_COUNTED: Final = frozenset({"measure", "counter"})
_SIDES: Final = word_set("higher lower")
# words of a column's name that say that it holds states
_STATED: Final = frozenset(map(stem, ("status", "state", "stage", "type", "category")))
_SPOKEN: Final = word_set("language languages lang locale tongue")
# people of a country, and what they speak
_TONGUES: Final = word_set("""
french german spanish portuguese italian dutch polish russian chinese japanese korean turkish greek swedish
danish norwegian finnish czech hungarian romanian bulgarian ukrainian thai vietnamese english croatian serbian
slovak slovenian icelandic indonesian
""")
_SINGLE: Final = frozenset({"single"})
_BEEN_MARRIED: Final = word_set("divorced widowed separated widow widower")


def doubts(scene: Scene, found: Clauses) -> Iterator[Doubt]:
    """One doubt for each condition whose words fit something else as well."""
    for item in found.items:
        fragment = item.fragment
        if fragment is None or fragment.chosen is None:
            continue
        if fragment.kind in _STATES:
            yield from _passed(scene, fragment)
            yield from _unmarried(scene, fragment)
        if fragment.kind in ("value", "flag", "place"):
            yield from _other_values(scene, fragment)
        elif fragment.kind in _COUNTED:
            yield from _of_number(scene, fragment)


def _passed(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    """ "Was gold", "used to be gold", "ever gold": the table holds what is, and not what has been."""
    at = fragment.start - 1
    while at >= 0 and scene.word(at) in _SMALL:
        at -= 1
    before, first = scene.word(at), scene.word(fragment.start)
    said = scene.words(max(at, 0), fragment.end)
    deed = first.endswith("ed") and first not in _BEING
    ever = before == "ever" or (before == "been" and scene.word(at - 1) == "ever")
    used = (scene.word(at - 2), scene.word(at - 1), before) == ("used", "to", "be")
    were = before in _WERE and not deed and _is_people(scene, at - 1)
    if used or ((ever or were) and not deed and not fragment.negated):
        yield Doubt("past state", f"'{said}' speaks of the past, and {_name(fragment)} holds what is so now")


def _is_people(scene: Scene, at: int) -> bool:
    word = scene.word(at)
    return word in _WHO or word in scene.lexicon.entities or word in PEOPLE


def _unmarried(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    if "unmarried" not in scene.said or not isinstance(fragment.node, Leaf):
        return
    known = scene.lexicon.known.get(fragment.field or fragment.node.field)
    if (
        known is not None
        and str(fragment.node.value).casefold() in _SINGLE
        and _BEEN_MARRIED & set(known.folded)
    ):
        yield Doubt("past state", "'unmarried' may count those who were married once")


def _name(fragment: Fragment) -> str:
    return fragment.field or (fragment.node.field if isinstance(fragment.node, Leaf) else "the table")


def _fields(node: Node | None) -> set[str]:
    if isinstance(node, Leaf):
        return {node.field}
    return {each.field for each in getattr(node, "items", ()) if isinstance(each, Leaf)}


def _other_values(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    """ "Active" where a flag and two columns of states have it, "in Spain" beside two countries."""
    own = _fields(fragment.chosen)
    if len(own) != 1:
        return
    if named := _names(scene, fragment, own):
        # "open cabins" names cabin_status by half, so that is_open is as near
        yield from () if named & _STATED else _bare_flags(scene, fragment, own)
        return
    rivals: set[str] = set()
    for at in range(fragment.start, fragment.end):
        for match in scene.matches_at(at):
            if match.end > fragment.end:
                continue
            rivals |= {
                entry.field
                for entry in match.of("value")
                if entry.bare and entry.known and entry.strength >= GENERAL
            }
            rivals |= {
                entry.field
                for entry in match.of("field")
                if entry.strength >= DERIVED and scene.lexicon.known[entry.field].is_flag
            }
    rivals -= own
    if fragment.kind == "place" and own <= scene.lexicon.countries and len(scene.lexicon.countries) > 1:
        rivals |= scene.lexicon.countries - own
    if fragment.kind == "place" and _TONGUES & {scene.word(at) for at in range(fragment.start, fragment.end)}:
        rivals |= {name for name, named in scene.lexicon.named.items() if _SPOKEN & set(named.words)} - own
    if rivals:
        said = scene.words(fragment.start, fragment.end)
        yield Doubt("several columns", f"'{said}' may be about {min(rivals)} as well as {min(own)}")


def _bare_flags(scene: Scene, fragment: Fragment, own: set[str]) -> Iterator[Doubt]:
    """A flag whose whole name is the value that was said: `is_open` beside a status with "open"."""
    for at in range(fragment.start, fragment.end):
        flags = {
            entry.field
            for match in scene.matches_at(at)
            if match.end <= fragment.end
            for entry in match.of("field")
            if entry.strength >= DERIVED
            and scene.lexicon.known[entry.field].is_flag
            and scene.lexicon.named[entry.field].core == (scene.word(at),)
        } - own
        if flags:
            said = scene.words(fragment.start, fragment.end)
            yield Doubt("several columns", f"'{said}' may be about {min(flags)} as well as {min(own)}")
            return


def _names(scene: Scene, fragment: Fragment, own: set[str]) -> set[str]:
    """The stems of the words said that are the column's own."""
    words = {stem(word) for name in own for word in scene.lexicon.named[name].words}
    around = range(max(fragment.start - 3, 0), min(fragment.end + 2, len(scene.tokens)))
    inside = {at for at in around if not scene.kinds_at(at) & kinds.VALUE}
    return {scene.tokens[at].stem for at in inside} & words


def _of_number(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    named = scene.lexicon.named.get(fragment.field)
    if named is None:
        return
    said = scene.words(fragment.start, fragment.end)
    own = {stem(word) for word in named.words}
    after = fragment.end
    if scene.word(after) in ("per", "/", "each", "every") and scene.word(after + 1):
        each = scene.word(after + 1)
        if each not in RATES and stem(each) not in own:
            yield Doubt("a rate", f"{fragment.field} is not known to be per {each}")
    inside = range(fragment.start, fragment.end)
    if any(scene.word(at) in _SIDES for at in inside) and LOWER_IS_BETTER & set(named.words):
        yield Doubt("direction", f"A higher {fragment.field} may be a better or a larger one in '{said}'")
    if named.field.integer and not named.field.unit:
        worth = next((scene.word(at) for at in inside if scene.word(at) in _WORTH), "")
        noun = worth and scene.word(next(at for at in inside if scene.word(at) == worth) - 1)
        if worth and stem(worth) not in own and stem(noun) in own:
            yield Doubt("assumed column", f"'{said}' speaks of the {worth}, and {fragment.field} is a number")
    rival = _named_better(scene, fragment)
    if rival:
        yield Doubt("several columns", f"'{said}' may be about {rival} as well as {fragment.field}")


def _named_better(scene: Scene, fragment: Fragment) -> str:
    """A number with the noun that was said in its name, where the chosen one has another word for it."""
    for at in range(fragment.start, fragment.end):
        if scene.tokens[at].kind != "word":
            continue
        entries = [
            entry
            for match in scene.matches_at(at)
            if match.end <= fragment.end
            for entry in match.of("field")
        ]
        mine = [entry for entry in entries if entry.field == fragment.field]
        if not mine or max(entry.strength for entry in mine) > GENERAL:
            continue
        said = scene.tokens[at].stem
        if said in map(stem, scene.lexicon.named[fragment.field].words):
            continue
        for name, named in scene.lexicon.named.items():
            if name != fragment.field and named.field.type == "number" and said in map(stem, named.words):
                return name
    return ""
