"""From a changed tree, or from doubt, to a draft: where each leaf came from, and what is asked."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from segmentry.criteria import walk
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Segment
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading, LeafOrigin, Span
from segmentry.reader.refining.current import Current
from segmentry.reader.scene import label as short

SURE = 0.95
_DOUBTFUL = 0.3
_OPEN = 0.45
_MOST_READINGS = 4
# Printing a tree near the limits takes milliseconds, and no question needs all of hundreds.
_MOST_TRIED = 8
_MOST_VALUES = 6
_MOST_LISTED = 8

Way = tuple[str, Node]
Place = Callable[[Node], Node | None]


def done(current: Current, node: Node, said: str, *, confidence: float = SURE) -> Draft:
    """The changed criteria, or a question when nothing changed."""
    if current.unchanged(node):
        return asked(
            current, f"{quoted(said)} is what the criteria say already; nothing would change", said=said
        )
    notes = ("EVERYONE: no condition is left",) if isinstance(node, Everyone) else ()
    return Draft("ok", node, confidence, origins(node, current.node, (), _span(said)), notes=notes)


def settled(draft: Draft, current: Current, place: Place, said: str, also: Iterable[Way] = ()) -> Draft:
    """What was read, put into the criteria by `place`, with its other readings put there too."""
    assert draft.node is not None
    node = place(draft.node)
    if node is None or current.unchanged(node):
        message = f"{quoted(said)} is there already; nothing would change"
        return asked(current, message, [*_placed(draft, place), *also], said=said)
    ways = _distinct([*also, *_placed(draft, place)], current, node)
    return draft._replace(
        node=node,
        origins=origins(node, current.node, draft.origins, _span(said)),
        readings=ways,
        questions=_reindexed(draft, ways),
    )


def carried(draft: Draft, current: Current, place: Place, said: str) -> Draft:
    """A question or refusal about the instruction, with its readings put onto the current criteria."""
    ways = _distinct(_placed(draft, place), current, None)
    return draft._replace(
        outcome="ambiguous" if draft.outcome == "ok" else draft.outcome,
        node=None,
        confidence=min(draft.confidence, _OPEN),
        origins=(),
        readings=ways,
        questions=_reindexed(draft, ways),
        reason=draft.reason or "AMBIGUOUS_QUERY",
        message=draft.message or f"{quoted(said)} leaves open what should change",
    )


def asked(current: Current, message: str, ways: Iterable[Way] = (), *, said: str = "") -> Draft:
    """A question about the instruction. Each way is a whole tree that an answer may pick."""
    readings = _distinct(ways, current, None)
    if readings and not message.endswith("?"):
        message += ". Should it be " + " / ".join(each.label for each in readings) + "?"
    spans = _span(said)
    return Draft(
        "ambiguous",
        current.node,
        _DOUBTFUL,
        origins(current.node, current.node, (), ()),
        readings,
        (DraftQuestion(message, spans[0] if spans else None, tuple(range(len(readings)))),),
        (message,),
        reason="AMBIGUOUS_QUERY",
        message=message,
    )


def absent(current: Current, words: str, said: str) -> Draft:
    """A question that lists what is there."""
    return asked(
        current,
        f"There is no condition about {quoted(words)}; the conditions are: {listed(current)}",
        said=said,
    )


def listed(current: Current) -> str:
    """The conditions in a few words each, for a question."""
    names = [label(current, group) for group in current.conditions[:_MOST_LISTED]]
    if len(current.conditions) > _MOST_LISTED:
        names.append(f"and {len(current.conditions) - _MOST_LISTED} more")
    return "; ".join(names) if names else "none"


def label(current: Current, leaves: Sequence[int]) -> str:
    """Some conditions in a few words."""
    return " and ".join(words(current.leaves[at]) for at in leaves)


def words(node: Node) -> str:
    """A condition in a few words."""
    match node:
        case Leaf(field, Operator.EQ | Operator.NEQ as operator, bool() as value):
            denied = " not" if operator is Operator.NEQ else ""
            return f"{field} is{denied} {'true' if value else 'false'}"
        case Leaf(field, operator, value) if isinstance(value, tuple) and len(value) > _MOST_VALUES:
            shown = ", ".join(str(each) for each in value[:_MOST_VALUES])
            return f"{field} ${operator.value} {shown} and {len(value) - _MOST_VALUES} more"
        case Event(name, _, measure, of):
            about = f"{measure} of {of}" if of else "events"
            return f"{about} {name} {node.operator.value} {node.value}"
        case Segment(segment_id):
            return f"saved segment {segment_id}"
        case And(items):
            return " and ".join(words(item) for item in items)
        case Or(items):
            return " or ".join(words(item) for item in items)
        case Not(inner):
            return f"not ({words(inner)})"
        case _:
            return short(node)


def quoted(said: str) -> str:
    """Words as they were typed, in quotes, cut when they are long."""
    plain = " ".join(said.split())
    return f"'{plain if len(plain) <= 80 else plain[:77] + '...'}'"


def origins(
    node: Node, before: Node, fresh: Sequence[LeafOrigin], spans: tuple[Span, ...]
) -> tuple[LeafOrigin, ...]:
    """One origin per leaf: the instruction's words where they made or changed it, else `kept`."""
    old = Counter(_identity(leaf) for leaf in walk.leaves(before))
    made: dict[str, list[LeafOrigin]] = {}
    for origin in fresh:
        made.setdefault(_identity(origin.leaf), []).append(origin)
    own = tuple(dict.fromkeys(span for origin in fresh for span in origin.spans)) or spans
    found: list[LeafOrigin] = []
    for leaf in walk.leaves(node):
        identity = _identity(leaf)
        if old[identity] > 0:
            old[identity] -= 1
            found.append(LeafOrigin(leaf, "kept", (), 1.0))
        elif made.get(identity):
            found.append(made[identity].pop(0)._replace(leaf=leaf))
        else:
            found.append(LeafOrigin(leaf, "said", own, SURE))
    return tuple(found)


def _identity(leaf: AnyLeaf) -> str:
    if isinstance(leaf, Leaf):
        return f"{leaf.field}\n{leaf.operator}\n{leaf.value!r}"
    return repr(dataclasses.replace(leaf, path=""))


def _span(said: str) -> tuple[Span, ...]:
    start = len(said) - len(said.lstrip())
    return (Span(start, len(said), said[start:]),) if said.strip() else ()


def _placed(draft: Draft, place: Place) -> list[Way]:
    found: list[Way] = []
    for reading in draft.readings:
        whole = place(reading.node)
        if whole is not None:
            found.append((reading.label, whole))
    return found


def _distinct(ways: Iterable[Way], current: Current, answer: Node | None) -> tuple[DraftReading, ...]:
    """At most four readings that differ from the answer, from the criteria as they are, and each other."""
    known = {current.text}
    if answer is not None:
        known.add(current.text_of(answer))
    found: list[DraftReading] = []
    for name, node in islice(ways, _MOST_TRIED):
        if len(found) == _MOST_READINGS:
            break
        text = current.text_of(node)
        if text not in known:
            known.add(text)
            found.append(DraftReading(name, node))
    return tuple(found)


def _reindexed(draft: Draft, ways: tuple[DraftReading, ...]) -> tuple[DraftQuestion, ...]:
    """The questions of what was read, pointing at the readings as they are now."""
    places = {reading.label: at for at, reading in enumerate(ways)}
    return tuple(
        question._replace(
            readings=tuple(
                places[name]
                for index in question.readings
                if index < len(draft.readings) and (name := draft.readings[index].label) in places
            ),
        )
        for question in draft.questions
    )
