"""Nothing done within a period: "no stays in the last 6 months" is about the date of the last stay."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from segmentry.criteria.nodes import And, Leaf, Node, Operator
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import EVENT_VERBS
from segmentry.reader.patterns.counter_periods import has_period
from segmentry.reader.scene import Fragment, Scene

# the date may be of something else than what was not done
_UNRELATED = 0.8


def absences(scene: Scene, fragments: list[Fragment]) -> Iterator[Fragment]:
    """Deny the date where a number of all time is denied with a period right behind it; those to leave out.

    Such a number says nothing about a period, so what is denied is that the date lies in it.
    """
    for none, when in pairwise(fragments):
        if none.end != when.start or not _is_none(scene, none):
            continue
        if when.kind != "moment" or when.negated or not _is_last_deed(scene, when):
            continue
        if not _is_about(scene, none, when.field):
            when.cap = min(when.cap, _UNRELATED)
            continue
        when.negated = True
        when.start = none.start
        when.extra = (*when.extra, *none.extra)
        yield none


def _is_none(scene: Scene, fragment: Fragment) -> bool:
    node = fragment.chosen
    named = scene.lexicon.named.get(fragment.field)
    if not fragment.negated or named is None or named.field.type != "number" or has_period(named):
        return False
    return isinstance(node, Leaf) and (node.operator, node.value) in (
        (Operator.EQ, 0),
        (Operator.EXISTS, False),
    )


def _is_last_deed(scene: Scene, moment: Fragment) -> bool:
    named = scene.lexicon.named.get(moment.field)
    return (
        named is not None
        and not (named.first or named.beginning or named.ending or named.future)
        and _begins(moment.node)
    )


def _begins(node: Node | None) -> bool:
    """Whether a period has a first day: one that is still running, or one with an end as well."""
    if isinstance(node, And):
        return _begins(node.items[0])
    return isinstance(node, Leaf) and node.operator is Operator.GTE


def _is_about(scene: Scene, none: Fragment, date: str) -> bool:
    """Whether the words that were denied are those of the date, or verbs of them."""
    nouns = scene.lexicon.named[date].event_nouns
    verbs = " ".join(EVENT_VERBS.get(key, "") for noun in nouns for key in (noun, stem(noun)))
    known = {stem(word) for word in (*nouns, *verbs.replace("|", " ").split())}
    return any(scene.tokens[at].stem in known for at in range(none.start, none.end))
