"""The criteria that an instruction is about: their leaves by number, and words read against their catalog."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from segmentry.criteria import walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Or
from segmentry.criteria.shared_texts import SharedTexts
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader import given
from segmentry.reader.draft import Draft, Span
from segmentry.reader.given import Given
from segmentry.reader.read import lay, read
from segmentry.reader.refining.trees import field_of, same
from segmentry.reader.scene import Scene

_BOUNDS = (
    frozenset({Operator.GT, Operator.GTE}),
    frozenset({Operator.LT, Operator.LTE}),
)


# An instruction is read in several ways, its parts for each condition that they may be about. That is cheap
# for a sentence; of a page, what goes beyond this many characters in all is not read again.
_MOST_READ = 2_400


class Readings:
    """What was read for one instruction: nothing twice, and only so much in all.

    `given`: conditions that others found in words of the instruction, at their place in it.
    """

    def __init__(self, catalog: Catalog, clock: Clock, given: tuple[Given, ...] = ()) -> None:
        self.catalog, self.clock, self.given = catalog, clock, given
        self.is_spent = False
        self.texts = SharedTexts(catalog)
        self._characters = 0
        self._drafts: dict[tuple[str, tuple[Span, ...]], Draft] = {}
        self._scenes: dict[str, Scene] = {}

    def draft(self, words: str, here: Sequence[Given] = ()) -> Draft:
        """Words read as a query, with what is given `here` in place of its words.

        Beyond the bound they come back as a question without criteria.
        """
        key = words, tuple(each.span for each in here)
        known = self._drafts.get(key)
        if known is not None:
            return known
        fresh = len(words.strip())
        if self._characters and self._characters + fresh > _MOST_READ:
            self.is_spent = True
            message = "The change is too long to be read as a whole: send its parts one after the other"
            return Draft("ambiguous", None, 0.0, reason="AMBIGUOUS_QUERY", message=message)
        self._characters += fresh
        draft = (
            given.read(words, self.catalog, self.clock, here)
            if here
            else read(words, self.catalog, self.clock)
        )
        self._drafts[key] = draft
        return draft

    def scene(self, words: str) -> Scene:
        """Words laid out over the catalog."""
        scene = self._scenes.get(words)
        if scene is None:
            scene = self._scenes[words] = lay(words, self.catalog, self.clock)
        return scene


@dataclass(frozen=True)
class Current:
    """Criteria with what was read about them so far. Leaves count from 0 in print order."""

    node: Node
    readings: Readings

    @classmethod
    def of(cls, node: Node, catalog: Catalog, clock: Clock, given: tuple[Given, ...] = ()) -> Current:
        """Criteria before the first word about them is read."""
        return cls(node, Readings(catalog, clock, given))

    def now(self, node: Node) -> Current:
        """The criteria after an edit."""
        return Current(node, self.readings)

    @property
    def catalog(self) -> Catalog:
        return self.readings.catalog

    @property
    def clock(self) -> Clock:
        return self.readings.clock

    @cached_property
    def leaves(self) -> tuple[AnyLeaf, ...]:
        return walk.leaves(self.node)

    @cached_property
    def text(self) -> str:
        """The canonical text: what "nothing would change" is judged by."""
        return self.text_of(self.node)

    @cached_property
    def fields(self) -> frozenset[str]:
        """What the leaves are about: fields, events, saved segments."""
        return frozenset(field_of(leaf) for leaf in self.leaves)

    @cached_property
    def conditions(self) -> tuple[tuple[int, ...], ...]:
        """The leaves as a person counts them: two bounds of one field beside each other are one condition."""
        return tuple(tuple(group) for group in _conditions(self.node))

    @cached_property
    def clauses(self) -> tuple[tuple[int, ...], ...]:
        """The leaves by the outermost conditions that must all hold, or of which one must."""
        items = self.node.items if isinstance(self.node, And | Or) else (self.node,)
        found: list[tuple[int, ...]] = []
        start = 0
        for item in items:
            end = start + len(walk.leaves(item))
            found.append(tuple(range(start, end)))
            start = end
        merged: list[tuple[int, ...]] = []
        pairs = {each[0]: each for each in self.conditions if len(each) > 1}
        for each in found:
            if merged and merged[-1][0] in pairs and each[0] in pairs[merged[-1][0]]:
                merged[-1] = (*merged[-1], *each)
            else:
                merged.append(each)
        return tuple(merged)

    @cached_property
    def denied(self) -> frozenset[int]:
        """The leaves under an odd number of `$not`: they hold where they are false."""
        found: list[bool] = []
        _polarity(self.node, denied=False, found=found)
        return frozenset(at for at, denied in enumerate(found) if denied)

    @cached_property
    def required(self) -> frozenset[int]:
        """The leaves that every customer must meet: those at the root or right inside its `$and`."""
        items = self.node.items if isinstance(self.node, And) else (self.node,)
        found: set[int] = set()
        start = 0
        for item in items:
            if not isinstance(item, And | Or | Not | Everyone):
                found.add(start)
            elif isinstance(item, And) and all(not isinstance(each, And | Or | Not) for each in item.items):
                found |= set(range(start, start + len(item.items)))
            start += len(walk.leaves(item))
        return frozenset(found)

    def of_field(self, field: str) -> list[int]:
        """The leaves about a field."""
        return [at for at, leaf in enumerate(self.leaves) if field_of(leaf) == field]

    def condition_of(self, at: int) -> tuple[int, ...]:
        """The condition that a leaf belongs to."""
        return next(group for group in self.conditions if at in group)

    def unchanged(self, node: Node) -> bool:
        """True when a tree says what the criteria say already."""
        return same(node, self.node) or self.text_of(node) == self.text

    def text_of(self, node: Node) -> str:
        """The canonical text of criteria that an edit made."""
        return self.readings.texts.of(node)

    def scene(self, words: str) -> Scene:
        """Words laid out over the catalog."""
        return self.readings.scene(words)

    def read(self, words: str) -> Draft:
        """Words read as a query, with what was given for them in its place."""
        return self.readings.draft(words, self._given(0, words))

    def read_after(self, prefix: str, words: str) -> Draft:
        """Words read behind others that were not said; spans are those of the words as they stand."""
        start = len(words) - len(words.lstrip())
        by = start - len(prefix) - 1
        draft = self.readings.draft(f"{prefix} {words.strip()}", self._given(-by, words))
        return _shifted(draft, by, start, words)

    def _given(self, by: int, words: str) -> tuple[Given, ...]:
        """What is given inside some words, for a text in which they stand `by` characters further on."""
        start = len(words) - len(words.lstrip())
        return tuple(
            dataclasses.replace(each, span=Span(each.span.start + by, each.span.end + by, each.span.text))
            for each in self.readings.given
            if start <= each.span.start and each.span.end <= len(words)
        )


def _shifted(draft: Draft, by: int, first: int, words: str) -> Draft:
    def moved(span: Span) -> Span:
        start = min(max(span.start + by, first), len(words))
        end = min(max(span.end + by, start), len(words))
        return Span(start, end, words[start:end])

    def spans(found: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(span for span in dict.fromkeys(moved(each) for each in found) if span.text)

    return draft._replace(
        origins=tuple(each._replace(spans=spans(each.spans)) for each in draft.origins),
        questions=tuple(
            each._replace(span=None if each.span is None else moved(each.span)) for each in draft.questions
        ),
        unexplained=spans(draft.unexplained),
    )


def _conditions(node: Node) -> list[list[int]]:
    found: list[list[int]] = []
    _count(node, found, 0)
    return found


def _count(node: Node, found: list[list[int]], start: int) -> int:
    match node:
        case And(items) | Or(items):
            before: Node | None = None
            for item in items:
                if isinstance(node, And) and _closes(before, item):
                    found[-1].append(start)
                    start += 1
                else:
                    start = _count(item, found, start)
                before = item
            return start
        case Not(inner):
            return _count(inner, found, start)
        case Everyone():
            return start
        case _:
            found.append([start])
            return start + 1


def _closes(before: Node | None, item: Node) -> bool:
    """True for the second bound of a range: `age >= 20` and then `age < 30`."""
    if not isinstance(before, Leaf) or not isinstance(item, Leaf) or before.field != item.field:
        return False
    return any(before.operator in one and item.operator in other for one, other in (_BOUNDS, _BOUNDS[::-1]))


def _polarity(node: Node, *, denied: bool, found: list[bool]) -> None:
    match node:
        case And(items) | Or(items):
            for item in items:
                _polarity(item, denied=denied, found=found)
        case Not(inner):
            _polarity(inner, denied=not denied, found=found)
        case Everyone():
            pass
        case _:
            found.append(denied)
