"""Queries that are not ours: actions, injected instructions, talk, questions, other languages, no words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from segmentry.reader.clauses import Clauses
from segmentry.reader.language.tokens import name_words, tokenise
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL, Entry
from segmentry.reader.outcomes import small_talk
from segmentry.reader.outcomes.actions import VERBS, asked_action
from segmentry.reader.outcomes.injections import injected
from segmentry.reader.outcomes.languages import language, script
from segmentry.reader.scene import Scene

MAX_CHARACTERS = 2_000
_SENTENCE: Final = 2  # spaces
_NO_QUOTES: Final = str.maketrans(dict.fromkeys('"“”„«»', " "))
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a query is none of ours; `spans` are the words that show it in the raw query, `[start, end)`."""

    reason: str
    message: str
    spans: tuple[tuple[int, int], ...] = ()


def out_of_scope(scene: Scene, found: Clauses) -> Refusal | None:
    """Why the query is no description of customers, with the words that show it, or None."""
    query = scene.query
    actions = _actions(scene)
    order = injected(query)
    if order is not None:
        said = query[order[0] : order[1]].strip(" ,\n")
        return _refusal(
            f"'{said[:80]}' is not a description of customers; say who you mean", (order, *actions)
        )
    words = _WORD.findall(query.casefold().replace("\u2019", "'"))
    talk = small_talk.small_talk(query, words)
    if talk is not None:
        at = query.find(talk)
        spans = ((at, at + len(talk)), *actions) if at >= 0 else actions
        return _refusal(f"'{talk[:80]}' is not a description of customers; say who you mean", spans)
    if actions:
        said = query[actions[0][0] : actions[0][1]]
        return _refusal(
            f"'{said}' asks for an action; say who you mean and act on the segment afterwards", actions
        )
    return _no_description(scene, found, words)


def _actions(scene: Scene) -> tuple[tuple[int, int], ...]:
    """The verbs that ask for something to be done."""
    quoted = [token for token in scene.tokens if token.kind == "quoted"]
    if quoted and any(token.norm.count(" ") >= _SENTENCE for token in quoted):
        # a sentence in quotes is no value
        tokens = tokenise(scene.query.translate(_NO_QUOTES))
        return asked_action(tokens, _unnamed) or ()
    if VERBS.isdisjoint(scene.said) and "top" not in scene.said:
        return ()
    return asked_action(scene.tokens, _named(scene), frozenset(_begun(scene))) or ()


def _begun(scene: Scene) -> list[int]:
    """Where a field's name of several words begins: "cancel rate over 10 %" cancels nothing."""
    return [
        at
        for at, matches in scene.matches.items()
        if any(match.words > 1 and match.of("field") for match in matches)
    ]


def _refusal(message: str, spans: tuple[tuple[int, int], ...]) -> Refusal:
    return Refusal("OUT_OF_SCOPE", message, spans)


def _unnamed(_: int) -> bool:
    return False


def _named(scene: Scene) -> Callable[[int], bool]:
    def named(at: int) -> bool:
        begun = scene.matches_at(at)
        if any(match.words > 1 and match.of("field") for match in begun):
            return True  # "download speed over 100"
        return any(
            entry.bare and entry.strength >= GENERAL and _as_spelled(scene, at, entry)
            for match in begun
            for entry in match.entries
        )

    return named


def _as_spelled(scene: Scene, at: int, entry: Entry) -> bool:
    """ "Delete" is no DELETED, though both have one stem; "export" may be a value "export"."""
    word = scene.word(at)
    if entry.kind == "value":
        return word in name_words(str(entry.value))
    return entry.kind in ("field", "channel") and word in scene.lexicon.named[entry.field].words


def _no_description(scene: Scene, found: Clauses, words: list[str]) -> Refusal | None:
    """A question about something else, or letters struck at random: nothing in it is about customers."""
    if not found.unclaimed:
        return None
    if any(item.fragment is not None and item.fragment.node is not None for item in found.items):
        return None
    about_people = any(word in scene.lexicon.entities for word in words) or _says_field(scene)
    described = bool(words) and (_who_has(words) or words[0] in ("has", "have", "had"))
    if small_talk.asks(words) and not about_people and not described:
        return _refusal("This asks a question that is no description of customers; say who you mean", ())
    lost = [scene.tokens[at].norm for at in found.unclaimed]
    if all(small_talk.is_mash(word) for word in lost) and not found.items_with_conditions:
        said = scene.words(min(found.unclaimed), max(found.unclaimed) + 1)
        return _refusal(f"'{said[:80]}' is no word that says who you mean", ())
    return None


def _says_field(scene: Scene) -> bool:
    """ "Has 'Data Science' in the wishlist": a field's own name stands in the question."""
    return any(
        entry.strength >= DERIVED
        and all(word in scene.said for word in scene.lexicon.named[entry.field].plain)
        for at in range(len(scene.tokens))
        for match in scene.matches_at(at)
        for entry in match.of("field")
    )


_OF_OTHERS: Final = frozenset(
    [
        "will",
        "would",
        "should",
        "could",
        "can",
        "do",
        "did",
        "does",
        "invented",
        "discovered",
        "wrote",
        "composed",
        "painted",
        "founded",
        "won",
    ]
)


def _who_has(words: list[str]) -> bool:
    """ "Who has a dog", "who missed ...": asked about customers, of whom no noun is said."""
    if words[0] != "who" or len(words) == 1 or words[1] in _OF_OTHERS:
        return False
    return not (words[1] in ("is", "are") and len(words) > 2 and words[2] == "going")


def foreign_language(scene: Scene, found: Clauses) -> str | None:
    """The language of a query that is not English, or None."""
    if found.items_with_conditions and not found.unclaimed:
        return None  # names and values of the table may be in any script
    written = script(scene.query)
    if written is not None:
        return written
    if not found.unclaimed:
        return None
    lost = set(found.unclaimed)
    claimed: set[int] = set()
    for item in found.items:
        if item.fragment is not None:
            claimed.update(range(item.fragment.start, item.fragment.end))
    return language(
        (token.norm, at in claimed and at not in lost)
        for at, token in enumerate(scene.tokens)
        if token.kind == "word"
    )
