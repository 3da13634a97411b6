"""What a verb is about: a value of another field right after it ("shop in store", "bought an Audi")."""

from __future__ import annotations

from segmentry.reader.language.places import country_at
from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.scene import Scene

# what verbs are about in every trade, so that it says nothing more
_THINGS = word_set("""
site website webpage web page store shop app application platform portal system service tool product thing
anything something nothing things stuff online account accounts dashboard gym club shop clinic practice studio
pool restaurant branch salon school office hotel park place premises
""")
_LINKS = word_set(
    "to the a an our your their any on in into onto with at of - single from us his her its own one"
)
NOTHING = frozenset({"nothing"})
_TO_VALUE = word_set("in at on by via through from with a an the our using only mostly mainly online of for")


def value_follows(scene: Scene, end: int, names: set[str]) -> bool:
    """True when a value of a field outside `names` comes after the verb that ends at `end`."""
    begin = scene.skip(end, _TO_VALUE, 3)
    if begin >= len(scene.tokens) or any(scene.when(step) is not None for step in range(end, begin + 1)):
        return False
    valued = any(
        entry.bare and entry.field not in names
        for following in scene.matches_at(begin)
        for entry in following.of("value")
    )
    return valued or (bool(scene.lexicon.country_fields) and country_at(scene.tokens, begin) is not None)


_DETERMINERS = frozenset({"a", "an", "the", "their", "his", "her"})


def unnamed_object(scene: Scene, at: int) -> int:
    """The token after an object that the table does not know ("borrowed *a book*"); `at` without one.

    Only right before a date phrase or the end of the clause, so that nothing but the verb can have it.
    """
    if scene.word(at) not in _DETERMINERS or at + 1 >= len(scene.tokens):
        return at
    token, end = scene.tokens[at + 1], at + 2
    named = any(entry.bare for match in scene.matches_at(at + 1) for entry in match.entries)
    known = named or token.norm in STOP or token.norm in scene.lexicon.entities
    if token.kind != "word" or known or token.capitalised:
        return at
    closed = scene.word(end) in ("", "yet", "ever") or scene.when(end) is not None
    return end if closed else at


def past_object(scene: Scene, at: int, name: str) -> int:
    """The token after an object that adds nothing to the verb before `at`; `at` where there is none.

    "Logged in *to the self-service app*": a thing of every trade, or a word of the column's own description.
    """
    about = scene.lexicon.about.get(name, frozenset())
    end = at
    for step in range(at, min(at + 7, len(scene.tokens))):
        token = scene.tokens[step]
        if scene.when(step) is not None:
            break
        if token.norm in _LINKS:
            continue
        if token.kind != "word" or not (token.norm in _THINGS or token.stem in about):
            break
        if any(
            entry.bare and entry.kind in ("value", "band")
            for m in scene.matches_at(step)
            for entry in m.entries
        ):
            break
        end = step + 1
    return end


# remarks between a deed and its date that change nothing
_FILLER_TEXT = (
    "at some point|at some stage|at some time|at any point|at any time|at any stage|"
    "from us|with us|by us|at ours|from our site|of ours|or other|"
    "coming up|planned|scheduled|lined up|pencilled in"
)
_FILLERS = tuple(tuple(words.split()) for words in _FILLER_TEXT.split("|"))
_FILLER_FIRST = frozenset(words[0] for words in _FILLERS)


def past_remark(scene: Scene, at: int) -> int:
    """The token after "at some point", "from us" and the like."""
    while scene.word(at) in _FILLER_FIRST:
        words = next(
            (
                words
                for words in _FILLERS
                if all(scene.word(at + step) == word for step, word in enumerate(words))
            ),
            None,
        )
        if words is None:
            break
        at += len(words)
    return at
