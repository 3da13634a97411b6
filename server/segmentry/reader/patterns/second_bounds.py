"""A second bound on the field just named: "balance over 1000 and under 5000"."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Node, Operator, Scalar
from segmentry.reader.language.thesaurus import UNIT_WORDS
from segmentry.reader.language.words import NEGATORS, STOP
from segmentry.reader.lexicon.units import stored
from segmentry.reader.patterns.ages import born
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.quantities.comparators import Comparison
from segmentry.reader.scene import Fragment, Scene, between

_DENIED = STOP | NEGATORS
_UPWARDS = frozenset({Operator.GT, Operator.GTE})
_DOWNWARDS = frozenset({Operator.LT, Operator.LTE})


def _goes_on(before: Node, node: Node, joined: str) -> bool:
    """Whether a second bound on a field makes sense beside the first: a range, or two ends joined by "or"."""
    if not isinstance(before, Leaf) or not isinstance(node, Leaf):
        return joined == "or"
    sides = [_UPWARDS, _DOWNWARDS]
    first, second = ([each.operator in side for side in sides] for each in (before, node))
    if joined == "or" or first == second or not any(first) or not any(second):
        return joined == "or"
    low, high = (before, node) if first[0] else (node, before)
    return (
        isinstance(low.value, int | float) and isinstance(high.value, int | float) and low.value < high.value
    )


def second_bound(scene: Scene, at: int, joined: str, *, denied: bool) -> Fragment | None:
    """ "Balance over 1000 and under 5000": a second bound on the field just named."""
    previous = scene.previous
    if previous is None or previous.kind != "measure" or not previous.field or previous.node is None:
        return None
    if joined not in ("and", "or", ",", "but") and not (denied and joined == "fragment"):
        return None
    comparison = scene.comparison(at)
    if (
        comparison is None
        or not (comparison.explicit or (denied and not comparison.approximate))
        or scene.word(comparison.end) in scene.lexicon.entities  # "fewer than 3 people in the household"
        or any(
            scene.word(step) not in (_DENIED if denied else STOP)
            for step in range(previous.end, at)
            if scene.tokens[step].kind == "word"
        )
    ):
        return None
    name = scene.field(previous.field)
    if name.type == "datetime":
        fragment = born(at, comparison.end, name.name, comparison)
        fragment.rank = -1
        return fragment
    if not comparison.explicit:
        return _but_not(scene, at, name, comparison)
    bounds = tuple(
        (operator, stored(name, quantity, symbolic=False).value) for operator, quantity in comparison.bounds
    )
    node: Node = between(name.name, bounds)
    said = opposite(node) if denied else node
    if not _goes_on(previous.chosen or previous.node, said, joined):
        return None  # "spent 50 to 100, over 60": a third bound on one number is about another
    return Fragment("measure", at, comparison.end, node, opposite(node), field=name.name, rank=-1)


def _but_not(scene: Scene, at: int, field: Field, found: Comparison) -> Fragment | None:
    """ "30 to 60 but not 45", "except 40 or 50": single numbers that are taken out of a range."""
    values: list[Scalar] = []
    end = at
    while True:
        following = scene.comparison(end)
        if following is None or following.explicit or len(following.bounds) != 1:
            break
        values.append(stored(field, following.bounds[0][1], symbolic=False).value)
        end = following.end
        if scene.word(end) not in ("or", "and", ","):
            break
        end += 1
    listed = tuple(dict.fromkeys(values))
    if not listed or scene.word(found.end) in UNIT_WORDS or scene.when(at) is not None:
        return None
    if len(values) > 1 and scene.word(end - 1) in ("or", "and", ","):
        end -= 1
    one = len(listed) == 1
    node = Leaf(field.name, Operator.EQ, values[0]) if one else Leaf(field.name, Operator.IN, listed)
    denied = Leaf(field.name, Operator.NEQ, values[0]) if one else Leaf(field.name, Operator.NIN, listed)
    return Fragment("measure", at, max(end, found.end), node, denied, field=field.name, rank=-1)
