"""Verbs without a period of their own: "shop in store", "opened or clicked this year"."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Not, Operator
from segmentry.reader.dates.when import When
from segmentry.reader.language.words import NEGATIVE_VERBS
from segmentry.reader.lexicon.phrases import Entry
from segmentry.reader.patterns.moments import TENURE_NOUNS, chosen_moment, dated_entries, moments
from segmentry.reader.patterns.objects import value_follows
from segmentry.reader.patterns.periods import condition
from segmentry.reader.scene import Fragment, Option, Scene, best

VERBS_JOIN = frozenset({"or", "and", "nor", "/", ","})


def carrier(scene: Scene, at: int) -> tuple[int, tuple[Entry, ...]] | None:
    """A verb that belongs to a value of another field ("shop" in "shop in store"): its end and its entries.

    It makes no condition: who shops in store need not have a date of a last order.
    """
    if scene.word(at) in TENURE_NOUNS:
        return None  # "members active in the past week": who they are, not when they joined
    for match in scene.matches_at(at):
        entries = dated_entries(scene, match.of("moment"))
        if not entries:
            continue
        if value_follows(scene, match.end, {entry.field for entry in entries}):
            return match.end, entries
    return None


def shared_period(scene: Scene, at: int) -> Fragment | None:
    """ "Opened or clicked an email this year": the first verb takes the period of the second."""
    for match in scene.matches_at(at):
        entries = dated_entries(scene, match.of("moment"))
        begin = scene.skip(match.end, VERBS_JOIN, 2)
        if not entries or begin == match.end or begin >= len(scene.tokens):
            continue
        if not any(dated_entries(scene, following.of("moment")) for following in scene.matches_at(begin)):
            continue
        second = moments(scene, begin)
        when = None if second is None or second.node is None else _period(scene, second)
        if second is None or when is None or not second.field:
            continue
        fitting = tuple(entry for entry in entries if _akin(scene, entry.field, second.field)) or entries
        fragment = chosen_moment(scene, at, fitting, when)
        fragment.end, fragment.rank = match.end, 1
        return fragment
    return None


def elided(scene: Scene, at: int) -> Fragment | None:
    """ "Opened an email in the last two weeks but hasn't clicked": not within the same period."""
    previous = scene.previous
    if previous is None or previous.kind != "moment" or not previous.field:
        return None  # which date was meant is asked, so nothing can be of its kind
    if scene.word(at - 1) not in NEGATIVE_VERBS | {"never"}:
        return None
    when = _period(scene, previous)
    if when is None:
        return None
    for match in scene.matches_at(at):
        entries = dated_entries(scene, match.of("moment"))
        entries = tuple(
            entry
            for entry in entries
            if entry.field != previous.field and _akin(scene, entry.field, previous.field)
        )
        candidates = best(entries)
        if len(candidates) != 1:
            continue
        name = candidates[0].field
        within = condition(scene, scene.field(name), when)[0]
        never = Leaf(name, Operator.EXISTS, False)
        return Fragment(
            "moment",
            at,
            match.end,
            within,
            Not(within),
            field=name,
            source="assumed",
            cap=0.9,
            note=f"'{scene.words(at - 1, match.end)}' was read over the same period",
            negative_options=(Option("those who never did", never),),
        )
    return None


def _akin(scene: Scene, name: str, other: str) -> bool:
    nouns = set(scene.lexicon.named[name].event_nouns) & set(scene.lexicon.named[other].event_nouns)
    return bool(nouns)


def _period(scene: Scene, fragment: Fragment) -> When | None:
    """The date phrase with which a fragment ends."""
    for step in range(fragment.start, fragment.end):
        when = scene.when(step)
        if when is not None and when.end == fragment.end:
            return when
    return None
