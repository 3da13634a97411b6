"""What criteria may be made of, judged from their JSON and their SQL by rules of this file alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from segmentry.builder.events import Event, Partial
from segmentry.builder.outcome import Outcome, trees
from segmentry.builder.request import Place
from segmentry.criteria import canonical, check
from segmentry.criteria.export import sql
from segmentry.criteria.export.dialects import DUCKDB, POSTGRESQL
from segmentry.criteria.nodes import Node, Top
from segmentry.criteria.walk import nodes

_OPERATORS: Final = frozenset(
    """
    $and $or $not $eq $neq $gt $gte $lt $lte $in $nin $contains $startsWith $endsWith $exists $event
    $top
    """.split()  # noqa: SIM905 - a list of one word a line would be a page long
)
_EVENT_KEYS: Final = frozenset(
    """
    name count window where of start end sum field percent order
    """.split()  # noqa: SIM905 - a list of one word a line would be a page long
)
_IDENTIFIER: Final = re.compile(r'"(?:[^"]|"")*"')
# Every word that our statements are made of; a text of anybody else can only stand in a parameter.
_SQL_WORDS: Final = frozenset(
    """
    and or not is null true false in between like escape any all exists select from where group by
    having count sum distinct lower upper coalesce case when then else end cast as array unnest position
    starts_with ends_with contains suffix prefix right left length char_length strpos bigint double
    precision text boolean timestamp timestamptz date with time zone at interval numeric integer varchar
    list_contains list_has_any e len float8 collate join on using intersect union except
    """.split()  # noqa: SIM905 - a list of one word a line would be a page long
)


def shown_trees(outcome: Outcome, heard: Iterable[Event]) -> Iterator[Node]:
    """Every tree that a caller gets to see, while the build goes on or in the reply."""
    yield from trees(outcome)
    if outcome.result is not None:
        yield outcome.result.resolved
    if outcome.clarification is not None and outcome.clarification.partial is not None:
        yield outcome.clarification.partial
    for each in heard:
        if isinstance(each, Partial):
            yield each.node


def must_be_sound(node: Node, place: Place) -> None:
    """Fail unless a tree passes the check and speaks of nothing but the catalog's fields."""
    assert check.errors(node, place.catalog, place.clock) == ()
    fields = {each.name for each in place.catalog.visible}
    events = {each.name for each in place.catalog.events}
    for name in _names(json.loads(canonical.text(node))):
        assert name in _OPERATORS | _EVENT_KEYS | fields, name
    assert not any("tenant" in name.casefold() for name in fields | events)
    _must_be_ours(node, place)


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield str(name)  # pyright: ignore[reportUnknownArgumentType]  # as above
            yield from _names(each)  # pyright: ignore[reportUnknownArgumentType]  # as above
    elif isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield from _names(each)  # pyright: ignore[reportUnknownArgumentType]  # as above


def _must_be_ours(node: Node, place: Place) -> None:
    """The statements that would be sent to a database: columns of the catalog, words of ours, parameters."""
    bound = place.require(node).bound
    if any(isinstance(each, Top) for each in nodes(bound)):
        return  # needs the data first; its own tree inside is checked like any other
    catalog = place.catalog
    known = {catalog.key, *(each.column or each.name for each in catalog.fields)}
    for kind in catalog.events:
        known |= {kind.table_name, kind.key_column, kind.time_column}
        known |= {each.column or each.name for each in kind.properties}
    for dialect in (POSTGRESQL, DUCKDB):
        text = sql.condition(bound, place.catalog, dialect, place.clock.as_of).text
        assert {each.strip('"') for each in _IDENTIFIER.findall(text)} <= known, text
        words = re.findall(r"[^\W\d]\w*", _IDENTIFIER.sub(" ", text))
        assert {each.casefold() for each in words} <= _SQL_WORDS, set(words) - _SQL_WORDS
