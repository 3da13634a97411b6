"""Words that stand outside every condition and yet mean something: values, comparators, choices, people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or
from segmentry.reader.clauses import Clauses
from segmentry.reader.frames import opening
from segmentry.reader.language.words import PEOPLE, STOP, word_set
from segmentry.reader.lexicon import kinds
from segmentry.reader.outcomes.doubt import Doubt
from segmentry.reader.scene import Fragment, Scene

_COMPARED: Final = word_set("""
more less least most over under above below fewer greater higher lower exceeding beyond better worse than
minimum maximum older younger
""")
# Nouns for whoever a table holds, whatever its trade; the other ones are kinds of people.
_ANYBODY: Final = word_set("""
customer customers client clients member members user users people person account accounts everyone everybody
anyone anybody ones those folk folks record records row rows subscriber subscribers membership memberships
subscription subscriptions profile profiles base contact contacts consumer consumers shopper shoppers buyer
buyers guys audience segment holder holders golfer golfers fans fan lovers lover enthusiasts enthusiast
cardholder cardholders peeps dudes crowd lot
""")
# "Live accounts", "a target of", "made no": words of requests that are conditions elsewhere.
_MEANT: Final = word_set("interested target segment total number made make makes placed using used")
_JOINS: Final = frozenset({"and", "or", ",", "but", ";"})
_SEVERAL: Final = frozenset({Operator.IN, Operator.NIN})
_MANY = 2


def doubts(scene: Scene, found: Clauses, node: Node) -> Iterator[Doubt]:
    """One doubt for each word that should not have been passed over."""
    fragments = [item.fragment for item in found.items if item.fragment is not None]
    claimed = {step for fragment in fragments for step in _tokens(fragment)}
    claimed -= {step for each in fragments if each.kind == "top" for step in _kinds_of_people(scene, each)}
    if len(claimed) < len(scene.tokens):
        yield from _words(scene, claimed)
    yield from _choices(scene, fragments, claimed, node)
    for fragment in fragments:
        if fragment.negated and _is_far(scene, fragment):
            yield Doubt(
                "far negation",
                f"It is not sure that '{scene.words(fragment.start, fragment.end)}' is what is denied",
            )


def _tokens(fragment: Fragment) -> tuple[int, ...]:
    later = () if fragment.later is None else range(*fragment.later)
    return (*range(fragment.start, fragment.end), *fragment.extra, *later)


def _kinds_of_people(scene: Scene, share: Fragment) -> Iterator[int]:
    """ "The top 5 % of students": the share is of all, and the noun may say of whom."""
    for at in range(share.start, share.end):
        word = scene.word(at)
        if (word in scene.lexicon.entities or word in PEOPLE) and not scene.lists_value(at):
            yield at


def _words(scene: Scene, claimed: set[int]) -> Iterator[Doubt]:
    first = min(claimed)
    begin = opening(scene)
    for at, token in enumerate(scene.tokens):
        if at in claimed or at < begin:
            continue
        word = token.norm
        if word in _COMPARED:
            yield Doubt("comparator", f"'{token.text}' compares nothing that was understood")
        if scene.kinds_at(at) & (kinds.VALUE | kinds.CHANNEL) and _is_value(scene, at, claimed):
            yield Doubt("value passed over", f"'{token.text}' is known to the table and sets no condition")
        elif word in STOP or token.kind != "word":
            continue
        elif (word in scene.lexicon.entities or word in PEOPLE) and word not in _ANYBODY:
            nouns = scene.lexicon.own_nouns
            if nouns and word not in nouns and word not in scene.lexicon.trade_nouns:
                yield Doubt("word passed over", f"'{token.text}' was read as everyone in the table")
        elif (word == "live" or (word in _MEANT and at > first)) and not _leads(scene, at, claimed):
            yield Doubt("word passed over", f"'{token.text}' was read as a word of the request")


def _is_value(scene: Scene, at: int, claimed: set[int]) -> bool:
    """Whether a value or a channel begins here that may be said without its column's name."""
    for match in scene.matches_at(at):
        if any(step in claimed for step in range(match.start, match.end)):
            continue
        if any(entry.bare and entry.known for entry in match.of("value", "channel")):
            return True
    return False


def _leads(scene: Scene, at: int, claimed: set[int]) -> bool:
    """ "Who live in Spain", "made 3 orders": the word ties the people to the condition behind it."""
    after = at + 1
    while after < len(scene.tokens) and after not in claimed:
        if scene.word(after) not in STOP or scene.word(after) in _JOINS:
            return False
        after += 1
    return after in claimed


def _choices(scene: Scene, fragments: list[Fragment], claimed: set[int], node: Node) -> Iterator[Doubt]:
    if "or" not in scene.said and "either" not in scene.said:
        return
    ors = [at for at, token in enumerate(scene.tokens) if token.norm == "or" and at not in claimed]
    if (
        (ors or "either" in scene.said)
        and not _has_choice(node)
        and not any(each.negated for each in fragments)
    ):
        yield Doubt("choice", "'or' was said, and the criteria leave no choice")
    elif "either" in scene.said and len(fragments) > _MANY:
        yield Doubt("either", "It is not sure where the choice of 'either' ends")


def _has_choice(node: Node) -> bool:
    match node:
        case Or():
            return True
        case And(items):
            return any(_has_choice(item) for item in items)
        case Not():
            return True
        case Leaf():
            return node.operator in _SEVERAL
        case _:
            return False


def _is_far(scene: Scene, fragment: Fragment) -> bool:
    """Whether something else stands between the negation and what it denies."""
    before = [at for at in fragment.extra if at < fragment.start]
    if not before:
        return False
    between = range(max(before) + 1, fragment.start)
    return any(
        scene.word(at) in _JOINS
        or (scene.tokens[at].kind == "word" and scene.word(at) in PEOPLE | scene.lexicon.entities - _ANYBODY)
        for at in between
    )
