"""Brackets that nobody types: where "either", "both" and a second bound on one number begin and end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from segmentry.criteria.nodes import Leaf, Operator, Scalar
from segmentry.reader.negation import DENIES_BOTH, denies_inside
from segmentry.reader.patterns.shares import among
from segmentry.reader.scene import Fragment, Option, Scene

ItemKind = Literal["fragment", "and", "or", ",", "but", "(", ")"]
_BOUNDED: Final = frozenset({"measure", "moment"})
_RANGE: Final = 3  # two bounds and the "and" between them


@dataclass(slots=True)
class Item:
    """One element of the row. `tokens` are the positions it stands on."""

    kind: ItemKind
    fragment: Fragment | None = None
    inverted: bool = False


def bracket_either(items: list[Item], place: int) -> None:
    """ "Gold members who either live in Spain or are over 60": the choice ends with its last `or`."""
    ors = [at for at in range(place, len(items)) if items[at].kind == "or"]
    if not ors:
        return
    end = ors[0] + 1
    while end < len(items) and items[end].kind != "fragment":
        end += 1
    while place == 0 and end + 1 < len(items) and items[end + 1].kind == "fragment":
        end += 1  # "either gold in Kenya or silver in Spain": each side may say several things
    while end + 2 < len(items) and items[end + 1].kind == "or" and items[end + 2].kind == "fragment":
        end += 2
    if end < len(items) and all(item.kind not in ("(", ")") for item in items[place:end]):
        items.insert(end + 1, Item(")"))
        items.insert(place, Item("("))


def bracket_both(items: list[Item], place: int, negation: list[int], scene: Scene) -> bool:
    """ "Not both gold and in Kenya": the denial is of the two together; False where none follows."""
    if place >= len(items) or (first := items[place].fragment) is None:
        return False
    first.extra = (*first.extra, *negation)
    end = place + 1
    while end < len(items) and items[end].kind == "fragment":
        end += 1
    if end + 1 >= len(items) or items[end].kind != "and" or items[end + 1].kind != "fragment":
        if (values := _listed(scene, first)) and end == place + 1:
            items[place] = Item("fragment", _neither(first, values, first.end, negation))
        else:
            first.negated = not first.negated
        return True
    second = items[end + 1].fragment
    if second is not None and end == place + 1 and (values := _one_value(scene, first, second)):
        items[place : end + 2] = [Item("fragment", _neither(first, values, second.end, negation))]
        return True
    items.insert(end + 2, Item(")"))
    items.insert(place, Item("(", inverted=True))
    return True


def _listed(scene: Scene, fragment: Fragment) -> tuple[Scalar, ...]:
    """The values of a list with "and" on a column that holds one at a time, so that nobody has them all."""
    node = fragment.node
    if not isinstance(node, Leaf) or node.operator is not Operator.IN or not isinstance(node.value, tuple):
        return ()
    said = {scene.word(at) for at in range(fragment.start, fragment.end)}
    return () if node.field in scene.lexicon.arrays or "or" in said else node.value


def _one_value(scene: Scene, first: Fragment, second: Fragment) -> tuple[Scalar, ...]:
    """Two values of one column that holds one at a time; empty for any other two conditions."""
    one, other = first.node, second.node
    if not isinstance(one, Leaf) or not isinstance(other, Leaf) or one.field != other.field:
        return ()
    if one.field in scene.lexicon.arrays or {one.operator, other.operator} != {Operator.EQ}:
        return ()
    values = (one.value, other.value)
    return tuple(value for value in values if isinstance(value, str))


def _neither(first: Fragment, values: tuple[Scalar, ...], end: int, negation: list[int]) -> Fragment:
    """A question for "not both gold and silver": it leaves out nobody, so something else is meant."""
    name = first.node.field if isinstance(first.node, Leaf) else first.field
    none = Leaf(name, Operator.NIN, values)
    options = (
        Option(f"none of {', '.join(map(str, values))}", none),
        *(Option(f"not {value}", Leaf(name, Operator.NEQ, value)) for value in values),
    )
    return Fragment(
        "value",
        first.start,
        end,
        None,
        field=name,
        options=options,
        negative_options=options,
        cap=0.45,
        question=f"Nobody has two values of {name}; who is left out?",
        extra=(*negation, *first.extra),
    )


def bracket_denied(items: list[Item], scene: Scene) -> None:
    """ "Not opted in to both email and SMS": where "both" stands inside, the two are denied together."""
    for place, item in enumerate(items[:-2]):
        first, second = item.fragment, items[place + 2].fragment
        if (
            first is None
            or second is None
            or not first.negated
            or items[place + 1].kind != "and"
            or all(scene.word(step) != "both" for step in range(first.start, first.end))
        ):
            continue
        first.negated = False
        if second.extra and set(second.extra) <= set(first.extra):
            second.negated = False
        second.cap = 1.0 if second.cap == DENIES_BOTH else second.cap
        items.insert(place + 3, Item(")"))
        items.insert(place, Item("(", inverted=True))
        return


def denied_together(scene: Scene, items: list[Item], pair: tuple[Fragment, Fragment]) -> list[Item]:
    """ "Except gold members in Kenya": the row in which both conditions stand behind the one denial."""
    first, second = pair
    found: list[Item] = []
    for item in items:
        if item.fragment is first:
            node = first.negative if denies_inside(scene, first) else first.node
            said = replace(first, node=node, negated=False)
            found += [Item("(", inverted=True), Item("fragment", said)]
        elif item.fragment is second:
            found += [item, Item(")")]
        else:
            found.append(item)
    return found


def bracket_bounds(items: list[Item]) -> None:
    """ "Over 100 and under 500 or over 1000": the bounds on one number are one condition, ranges first."""
    at = 0
    while at < len(items):
        end = at + 1
        while _is_further_bound(items, at, end):
            end += 2
        run = items[at:end]
        if len(run) > 1 and any(item.kind == "or" for item in run):
            run = [Item("("), *_ranges(run), Item(")")]
            items[at:end] = run
        at += len(run)


def _is_further_bound(items: list[Item], first: int, at: int) -> bool:
    """Whether a connective and a second bound on the number of `items[first]` stand at `at`."""
    if at + 1 >= len(items) or items[at].kind not in ("and", "or", ","):
        return False
    start, further = items[first].fragment, items[at + 1].fragment
    if start is None or further is None or start.kind not in _BOUNDED or further.kind != start.kind:
        return False
    return further.rank < 0 and further.field == start.field


def _ranges(run: list[Item]) -> list[Item]:
    """The run with a bracket around each two bounds that "and" joins, where something else is there too."""
    found: list[Item] = []
    at = 0
    while at < len(run):
        if at + 2 < len(run) and run[at + 1].kind == "and" and len(run) > _RANGE:
            found += [Item("("), *run[at : at + _RANGE], Item(")")]
            at += _RANGE
        else:
            found.append(run[at])
            at += 1
    return found


def continues(items: list[Item], fragment: Fragment) -> bool:
    """ "Opted in to email or SMS": one condition in two halves."""
    if len(items) < 2 or items[-1].kind != "or":
        return False
    before = items[-3] if items[-2].kind == ")" and len(items) > 2 else items[-2]
    earlier = before.fragment
    return earlier is not None and earlier.kind == fragment.kind and fragment.end - fragment.start <= 4


def enclose(items: list[Item]) -> None:
    """Put the last two conditions, which an "or" joins, in one bracket."""
    if items[-3].kind == ")":
        items.append(items.pop(-3))
    else:
        items.insert(len(items) - 3, Item("("))
        items.append(Item(")"))


def group_shares(items: list[Item]) -> None:
    """ "Top 5 % of gold members by spend": the conditions between are whom the share is of."""
    for at, item in enumerate(items):
        share = item.fragment
        if share is None or share.later is None:
            continue
        end = at + 1
        while end < len(items) and (group := items[end].fragment) is not None:
            if share.later[1] - share.later[0] > 1 and group.start > share.later[0]:
                break
            end += 1
            last = share.later[1] - share.later[0] == 1
            if (
                last
                and end + 1 < len(items)
                and items[end].kind == "and"
                and items[end + 1].fragment is not None
            ):
                end += 1  # "top 5 % by spend among friends who like opera and have a phone"
        among(share, [each.fragment for each in items[at + 1 : end] if each.fragment is not None])
        del items[at + 1 : end]
        return
