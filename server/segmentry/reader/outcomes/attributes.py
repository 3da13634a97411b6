"""Where words stand as an attribute of a person: "with a trolley", "who own a dog", "whose employer is X"."""

from __future__ import annotations

from typing import Final

from segmentry.reader.language.words import EVERYDAY, NEGATORS, PEOPLE, STOP, VAGUE, word_set
from segmentry.reader.lexicon.phrases import GENERAL
from segmentry.reader.scene import Scene

_HAVING: Final = word_set("""
with without have has had having whose lack lacks lacking own owns owning possess possesses use uses using
""")
_BETWEEN: Final = word_set("a an the any their his her its some no our more than at least")
# "favourite colour", "main hobby": they say which one, not how much
_WHICH: Final = word_set("favourite favorite main usual preferred primary")
_POSSESSIVES: Final = word_set("their his her its our")
_GOVERNED: Final = word_set("in to for at on with about from")
# what only a column could hold
_HEADS: Final = word_set("""
preference preferences number size colour color address name score rating level status type category brand
model address diet religion nationality occupation profession employer salary income height weight
""")
_CLAUSES: Final = word_set("who that which")
_HOLDERS: Final = word_set(
    "owners owner holders holder users user fans fan lovers lover drivers players buyers"
)
_PLACING: Final = word_set("in from near at")
_LIVING: Final = word_set("living live lives based located residing reside born from")
_PARTICIPLES: Final = word_set("""
been gone bought paid spent made left sold got gotten seen done come become lost sent kept won begun written
read taken given found grown known met built held told
""")
_NO_NOUNS: Final = (
    VAGUE
    | NEGATORS
    | word_set("""
lot lots much while ago again yes no issue something anything nothing everything
last past next previous least most over under above below less within around about years months weeks days
""")
)
_AMOUNTS: Final = word_set("much lot lots plenty loads")
_KINDS: Final = word_set("""
vips regulars loyalists superfans whales newbies diehards vegetarians vegans smokers parents mothers fathers
mums moms dads grandparents homeowners pensioners retirees veterans diabetics expats immigrants freelancers
millionaires newlyweds singles bachelors widows graduates professionals entrepreneurs
""")
_NOUN_ENDS: Final = word_set("at in on near")
_ADJECTIVE_ENDS: Final = ("y", "ful", "ous", "ish", "ive", "less", "ic", "al")
_OPEN_END: Final = STOP | NEGATORS | word_set("except excluding minus")


def attribute(scene: Scene, start: int, end: int, lost: frozenset[int]) -> bool:
    """Whether the lost words `[start, end)` name something that these people have, or are by a name of it."""
    last = scene.word(end - 1)
    if last in _NO_NOUNS or last.endswith("ly") or not _closes(scene, end):
        return False
    if scene.word(end) in ("is", "are", "=") and scene.word(start - 1) not in _CLAUSES:
        return (end + 1 < len(scene.tokens) and scene.word(end + 1) != "not") or end + 2 < len(scene.tokens)
    if any(
        match.end == end and any(entry.strength >= GENERAL for entry in match.of("field"))
        for match in scene.matches_at(start)
    ):
        return False  # a field that the table has, used in a way that no construction reads
    if last in _HEADS and end - start > 1:
        return True
    before = _holder(scene, start)
    word = scene.word(before)
    if word in _HAVING:
        bare = before == start - 1
        return not (bare and _participle(scene.word(start)))
    if word == "of" and scene.word(before - 1) in _HOLDERS:
        return True
    if word == "by" and scene.word(before - 1) in scene.lexicon.entities:
        return True
    verb = before - 1 if word in _GOVERNED and before - 1 in lost else before
    if verb in lost and verb != start - 1 and scene.word(verb - 1) in _CLAUSES:
        return True  # "who follow a football club", "who sing in a choir"
    return (
        scene.tokens[start].capitalised
        and not scene.lexicon.city_fields
        and not scene.lexicon.country_fields
        and word in _PLACING
        and scene.word(before - 1) in _LIVING | scene.lexicon.entities
    )


def chosen_of(scene: Scene, start: int) -> int:
    """Where the attribute at `start` begins with the word that says which: "favourite colour"."""
    return start - 1 if scene.word(start - 1) in _WHICH else start


def _holder(scene: Scene, start: int) -> int:
    """The position of the word before the articles, numbers and possessives of the noun at `start`."""
    before = chosen_of(scene, start) - 1
    while before >= 0 and (
        scene.word(before) in _BETWEEN
        or before in scene.numbers
        or (scene.word(before) == "own" and scene.word(before - 1) in _POSSESSIVES)
    ):
        before -= 1
    return before


def of_people(scene: Scene, lost: list[int]) -> bool:
    """Whether a lost word says which people are meant: "generous donors", "regulars at", "fluffy cats"."""
    return any(scene.tokens[at].kind == "word" and _qualifies(scene, at) for at in lost)


def _qualifies(scene: Scene, at: int) -> bool:
    word, following = scene.word(at), scene.word(at + 1)
    begun = scene.matches_at(at + 1)
    valued = any(match.of("value") for match in begun)
    if (following in scene.lexicon.entities and not valued) or word in _AMOUNTS | _KINDS:
        return True
    if any(scene.word(before) not in STOP for before in range(at)) or word in PEOPLE | EVERYDAY:
        return False
    # at the head of the query: the noun for the people, or an adjective right before a value
    if word.endswith("s") and following in _NOUN_ENDS:
        return True
    return valued and word.endswith(_ADJECTIVE_ENDS)


def _closes(scene: Scene, end: int) -> bool:
    """Nothing that is understood follows at once: the words are no adjective of it."""
    return end >= len(scene.tokens) or scene.tokens[end].kind != "word" or scene.word(end) in _OPEN_END


def _participle(word: str) -> bool:
    return word.endswith(("ed", "ing")) or word in _PARTICIPLES
