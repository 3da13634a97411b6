"""A model that answers by rules, out of the reader: as the specialists and the logic expert would.

For load, where answers have to be right and cost little: what was read of a request is kept. The other
experts are in `telling` and `changing`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, product
from typing import Any, Final, cast

from segmentry.agents import literals
from segmentry.agents.pieces import Condition, Op, Unit
from segmentry.criteria import witness
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or, Top
from segmentry.criteria.walk import leaves
from segmentry.reader import read
from segmentry.reader.outline import Settled, outline

from tests.vendor.changing import changes
from tests.vendor.plans import Answerer, Asked
from tests.vendor.telling import named, proposed, worded

_MARKED: Final = re.compile(r"^\[([0-9a-f]{16})\n(.*)\n\1\]$", re.DOTALL | re.MULTILINE)
_DAY: Final = re.compile(r"Today is (\d{4}-\d\d-\d\d)")
_LENGTH: Final = re.compile(r"\{\{(\d+)_(DAY|WEEK|MONTH|YEAR)S?_AGO\}\}")
_BOUNDS: Final[Mapping[Operator, Op]] = {
    Operator.GT: "above",
    Operator.GTE: "at_least",
    Operator.LT: "below",
    Operator.LTE: "at_most",
}
_TEXTS: Final[Mapping[Operator, Op]] = {
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts_with",
    Operator.ENDS_WITH: "ends_with",
}
_UNITS: Final[tuple[Unit, ...]] = ("", "day", "week", "month", "year", "percent", "money", "minor_money")
# Experts by a property of their schema that no other has.
_TOLD: Final[Mapping[str, Answerer]] = {"question": worded, "name": named, "segments": proposed}
# What an answer may be spoiled with, by name: shares of all answers.
FAULTS: Final = ("unknown_field", "unknown_value", "invented_evidence", "left_out", "broken")


@dataclass(frozen=True, slots=True)
class _Understood:
    """One request: conditions with the names of their fields, words nobody can say, and the logic."""

    conditions: tuple[Condition, ...]
    unhandled: tuple[str, ...]
    expression: str


@dataclass(frozen=True)
class Ruled:
    """An answerer for one catalog. `faults` are shares between 0 and 1 by name, drawn by seed.

    The same call of an agent about the same words is answered alike, in whatever order calls come.
    `slang` are conditions whose evidence the reader knows nothing of: else no answer would tell it anything.
    """

    catalog: Catalog
    faults: Mapping[str, float] = field(default_factory=dict[str, float])
    seed: int = 1
    slang: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        unknown = sorted(self.faults.keys() - set(FAULTS))
        if unknown or sum(self.faults.values()) > 1:
            raise ValueError(f"shares of {', '.join(FAULTS)} add up to at most 1; unknown: {unknown}")

    def __call__(self, asked: Asked) -> str:
        properties = cast("Mapping[str, Any]", asked.schema.get("properties") or {})
        for key, told in _TOLD.items():
            if key in properties:
                return told(asked)
        message = str(_messages(asked)[1].get("content", ""))
        marked, day = _MARKED.search(message), _DAY.search(message)
        if marked is None or day is None:
            return "{}"
        if "edits" in properties:
            clock = _clock(day[1], self.catalog)
            return changes(message, marked[2], self.catalog, clock, self.slang)
        understood = _understood(marked[2], day[1], _Kept(self.catalog))
        if "expr" in properties:
            return json.dumps({"expr": understood.expression, "order_uncertain": False})
        if "conditions" not in properties:
            return "{}"
        own = properties["conditions"]["items"]["properties"]["field"]["enum"]
        slang = [each for each in self.slang if each.evidence in marked[2]]
        said = [_as_json(each) for each in (*understood.conditions, *slang) if each.field in own]
        return self._spoiled(said, understood.unhandled, f"{asked.agent}/{asked.attempt}/{marked[2]}")

    def _spoiled(self, said: list[dict[str, object]], unhandled: Sequence[str], key: str) -> str:
        drawn = random.Random(f"{self.seed}/{key}").random()
        for name, share in self.faults.items():
            if drawn < share and said:
                changed: Mapping[str, dict[str, object]] = {
                    "unknown_field": {"field": "shoeSize"},
                    "unknown_value": {"op": "is", "values": ["quux"]},
                    "invented_evidence": {"evidence": "nobody said this"},
                }
                said[:1] = [said[0] | changed[name]] if name in changed else []
                if name == "broken":
                    return json.dumps({"conditions": said})[:-1]
                break
            drawn -= share
        return json.dumps({"conditions": said, "unhandled": list(unhandled)})


@dataclass(frozen=True, eq=False)
class _Kept:
    """A catalog as a key of what is kept: by what it is, since hashing all fields costs more than reading."""

    catalog: Catalog

    def __hash__(self) -> int:
        return id(self.catalog)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.catalog is self.catalog


@lru_cache(maxsize=4096)
def _understood(request: str, day: str, kept: _Kept) -> _Understood:
    catalog = kept.catalog
    clock = _clock(day, catalog)
    found: list[Condition] = []
    unhandled: list[str] = []
    numbers: dict[Node, int] = {}
    phrases = outline(request, catalog, clock).phrases
    for phrase in phrases:
        for each in phrase.conditions:
            for leaf in leaves(each.node):
                numbers.setdefault(leaf, phrase.number)
            said = _said(each, request, catalog, clock)
            found += said
            if not said and each.span.text not in unhandled:
                unhandled.append(each.span.text[:200])
    node = read.read(request, catalog, clock).node
    expression = "" if node is None else _expression(node, numbers)
    named = re.findall(r"\d+", expression)
    left = [str(each.number) for each in phrases if str(each.number) not in named]
    whole = [expression if " " not in expression or not left else f"({expression})", *left]
    return _Understood(tuple(found), tuple(unhandled[:12]), " & ".join(filter(None, whole)))


def _said(settled: Settled, request: str, catalog: Catalog, clock: Clock) -> list[Condition]:
    """Conditions that mean what was read; none where the words of experts cannot say it."""
    text = settled.span.text[:200]
    for each in _candidates(settled.node, text, catalog, clock):
        literal = literals.read(each, request, catalog, clock)
        if isinstance(literal, literals.Literal) and witness.equal(
            literal.node, settled.node, catalog, clock
        ):
            return [each]
    if not isinstance(settled.node, And):
        return []
    parts = [_said(replace(settled, node=item), request, catalog, clock) for item in settled.node.items]
    return list(chain.from_iterable(parts)) if all(parts) else []


def _candidates(node: Node, text: str, catalog: Catalog, clock: Clock) -> Iterator[Condition]:
    found = leaves(node)
    if not found:
        return
    first = found[0]
    if isinstance(first, Event):
        yield from _event(first, text)
        return
    known = catalog.get(first.field) if isinstance(first, Leaf | Top) else None
    if known is None:
        return
    for ops, values, unit in _ways(first, found, known, text, catalog, clock):
        for op, negated in product(ops, (False, True)):
            yield Condition(text, known.name, op, values, unit, "", negated, assumed=op == "band")


_Way = tuple[tuple[Op, ...], tuple[str, ...], Unit]


def _ways(  # noqa: PLR0917 - what one condition is about
    first: object, found: Sequence[object], known: Field, text: str, catalog: Catalog, clock: Clock
) -> Iterator[_Way]:
    """Operations with their values, in which a field's condition may be said."""
    for phrase in chain.from_iterable(band.phrases for band in known.bands):
        yield ("band",), (phrase,), ""
    scene = read.lay(text, catalog, clock)
    said = tuple(scene.words(each.start, each.end) for _, each in sorted(scene.numbers.items()))
    if isinstance(first, Top):
        for each in said:
            yield ("top", "bottom"), (each,), "percent"
        return
    if not isinstance(first, Leaf):
        return
    if first.operator is Operator.EXISTS:
        yield ("known",), (), ""
    elif known.type == "datetime":
        for at in range(len(scene.tokens)):
            when = scene.when(at)
            if when is not None:
                yield ("during",), (scene.words(at, when.end),), ""
    elif known.type == "number":
        operators = [each.operator for each in found if isinstance(each, Leaf)]
        bounds: tuple[Op, ...] = tuple(_BOUNDS[each] for each in operators if each in _BOUNDS)
        for unit in _UNITS:
            for each in said:
                yield (*bounds, "is"), (each,), unit
            if len(said) > 1:
                yield ("between",), said[:2], unit
                yield ("is",), said, unit
    elif first.operator in _TEXTS:
        yield (_TEXTS[first.operator],), (str(first.value),), ""
    else:
        values = [value for each in found if isinstance(each, Leaf) for value in _listed(each)]
        yield (
            ("is",),
            tuple(str(each).casefold() if each in (True, False) else str(each) for each in values),
            "",
        )


def _listed(leaf: Leaf) -> tuple[object, ...]:
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _event(event: Event, text: str) -> Iterator[Condition]:
    window = _LENGTH.fullmatch(event.window_start) if isinstance(event.window_start, str) else None
    values = (str(event.value),) if window is None else (str(event.value), window[1])
    unit = cast("Unit", "" if window is None else window[2].lower())
    ops: tuple[Op, ...] = ("did_at_least", "did_at_most")
    for op, negated in product(ops, (False, True)):
        yield Condition(text, event.name, op, values, unit, "", negated)


def _expression(node: Node, numbers: Mapping[Node, int]) -> str:
    """How the phrases hang together in a tree that was read."""
    match node:
        case And(items) | Or(items):
            parts = list(dict.fromkeys(filter(None, (_expression(item, numbers) for item in items))))
            joined = (" & " if isinstance(node, And) else " or ").join(parts)
            return f"({joined})" if len(parts) > 1 else joined
        case Not(item):
            inner = _expression(item, numbers)
            return f"not {inner}" if inner else ""
        case _:
            number = numbers.get(node)
            return "" if number is None else str(number)


def _as_json(said: Condition) -> dict[str, object]:
    return {
        "evidence": said.evidence,
        "field": said.field,
        "op": said.op,
        "values": list(said.values),
        "unit": said.unit or "none",
        "direction": said.direction or "none",
        "negated": said.negated,
        "assumed": said.assumed,
    }


def _clock(day: str, catalog: Catalog) -> Clock:
    return Clock.at(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC), catalog.time_zone)


def _messages(asked: Asked) -> Sequence[Mapping[str, object]]:
    # The second message is the question; a repair puts others behind it.
    return cast("Sequence[Mapping[str, object]]", asked.body.get("messages") or [{}, {}])
