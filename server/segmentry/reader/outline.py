"""A query as numbered phrases: what others are asked about, and what the reader has settled already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.reader.clauses import Clauses, scan
from segmentry.reader.draft import Source, Span
from segmentry.reader.given import Given, fragments_of
from segmentry.reader.outcomes.confidence import content
from segmentry.reader.read import lay
from segmentry.reader.scene import Fragment, Scene

_BREAKS = frozenset({",", ";", ".", "?", "!", ":", "(", ")", "[", "]"})
_JOINS = frozenset(
    {"and", "or", "but", "nor", "plus", "also", "&", "however", "yet", "although", "though", "whereas"}
)
# Below this a condition is the reader's guess.
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Settled:
    """One condition that was read: `node` with its denial applied; `sure` is 0-1."""

    span: Span
    node: Node
    field: str
    source: Source
    sure: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """One part of the query between connectives, numbered from 1 in order.

    `closed`: the reader accounts for every content word and is sure of it, so that nobody need look again.
    `fields` are those that the words of the phrase may be about, as far as the lexicon knows; empty where the
    phrase has words that no field explains.
    """

    number: int
    span: Span
    closed: bool
    fields: frozenset[str]
    explained: bool
    conditions: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The phrases in order.

    `tangled`: there is an "or", a bracket or a negation over a list, so that how the phrases hang together is
    worth a question of its own.
    """

    phrases: tuple[Phrase, ...]
    tangled: bool

    @property
    def open(self) -> tuple[Phrase, ...]:
        """The phrases that somebody should look at."""
        return tuple(each for each in self.phrases if not each.closed)


def outline(query: str, catalog: Catalog, clock: Clock, given: Sequence[Given] = ()) -> Outline:
    """The phrases of a query, and which of them the reader has closed, with conditions of others in place.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.catalog import Field
    >>> shop = Catalog("shop", (Field("orders", "number", integer=True),))
    >>> clock = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))
    >>> found = outline("at least 3 orders or frobbed", shop, clock)
    >>> [(each.span.text, each.closed) for each in found.phrases]
    [('at least 3 orders', True), ('frobbed', False)]
    """
    scene = lay(query, catalog, clock)
    found = scan(scene, fragments_of(scene, given))
    fragments = [item.fragment for item in found.items if item.fragment is not None]
    cuts = _cuts(scene, fragments)
    phrases = tuple(
        _phrase(number, scene, found, fragments, start, end)
        for number, (start, end) in enumerate(cuts, start=1)
    )
    return Outline(phrases, _tangled(found, phrases))


def _cuts(scene: Scene, fragments: list[Fragment]) -> list[tuple[int, int]]:
    """Runs of tokens between connectives that stand outside every fragment, those with content words."""
    inside = {at for each in fragments for at in range(each.start + 1, each.end)}
    said = set(content(scene)) | {at for each in fragments for at in range(each.start, each.end)}
    runs: list[tuple[int, int]] = []
    start = 0
    for at in range(len(scene.tokens) + 1):
        ends = at == len(scene.tokens)
        if not ends and (at in inside or scene.word(at) not in _BREAKS | _JOINS):
            continue
        if any(step in said for step in range(start, at)):
            runs.append((start, at))
        start = at + 1
    return runs


def _phrase(  # noqa: PLR0917 - the parts of a phrase
    number: int, scene: Scene, found: Clauses, fragments: list[Fragment], start: int, end: int
) -> Phrase:
    here = [each for each in fragments if start <= each.start < end]
    lost = [at for at in found.unclaimed if start <= at < end]
    sure = all(each.chosen is not None and not each.question and each.cap >= _SURE for each in here)
    fields = {
        entry.field for at in range(start, end) for match in scene.matches_at(at) for entry in match.entries
    }
    fields |= {each.field for each in here}
    return Phrase(
        number,
        scene.span(start, end),
        bool(here) and sure and not lost,
        frozenset(name for name in fields if name in scene.catalog.by_name),
        not lost,
        tuple(_settled(scene, each) for each in here if each.chosen is not None),
    )


def _settled(scene: Scene, fragment: Fragment) -> Settled:
    start = min([fragment.start, *fragment.extra])
    node = fragment.chosen
    assert node is not None
    return Settled(scene.span(start, fragment.end), node, fragment.field, fragment.source, fragment.cap)


def _tangled(found: Clauses, phrases: tuple[Phrase, ...]) -> bool:
    if len(phrases) < 2:
        return False
    kinds = {item.kind for item in found.items}
    listed = any(
        item.fragment is not None and item.fragment.negated and later.kind in ("or", "and")
        for item, later in zip(found.items, found.items[1:], strict=False)
    )
    return "or" in kinds or "(" in kinds or listed
