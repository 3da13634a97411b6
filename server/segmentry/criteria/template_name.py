"""A short name made of criteria alone, for segments that nobody has named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segmentry.criteria import walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.english import english, label
from segmentry.criteria.nodes import And, Leaf, Node, Top

LONGEST: Final = 60


def template_name(node: Node, catalog: Catalog, clock: Clock) -> str:
    """A name of at most 60 characters on one line, without double quotes: the same for the same criteria.

    The sentence of the criteria where it is short enough; else as many of its conditions as fit, and how many
    more there are; else the fields that they are about.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.catalog import Field
    >>> from segmentry.criteria.nodes import Operator
    >>> fields = Field("status", "enum"), Field("homeClub", "text"), Field("handicap", "number")
    >>> golf = Catalog("golf", fields)
    >>> three = And(
    ...     (
    ...         Leaf("status", Operator.EQ, "ACTIVE"),
    ...         Leaf("homeClub", Operator.CONTAINS, "Stellenbosch"),
    ...         Leaf("handicap", Operator.LT, 10),
    ...     )
    ... )
    >>> now = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
    >>> template_name(three, golf, now)
    'Status is ACTIVE and 2 more'
    >>> template_name(three.items[0], golf, now)
    'Status is ACTIVE'
    """
    items = node.items if isinstance(node, And) else (node,)
    whole = _plain(english(node, catalog, clock))
    if len(whole) <= LONGEST:
        return _named(whole)
    parts = [_plain(english(each, catalog, clock)) for each in items]
    return _named(_fitting(parts, " and ") or _fitting(_labels(node, catalog), ", ") or _cut(whole))


def _fitting(parts: Sequence[str], between: str) -> str:
    """The first of the parts that fit with the number of the others behind them; empty where none does."""
    for shown in range(len(parts), 0, -1):
        more = f" and {len(parts) - shown} more" if shown < len(parts) else ""
        name = between.join(parts[:shown]) + more
        if len(name) <= LONGEST:
            return name
    return ""


def _labels(node: Node, catalog: Catalog) -> list[str]:
    fields = [each.field for each in walk.leaves(node) if isinstance(each, Leaf | Top)]
    return [_plain(label(each, catalog)) for each in dict.fromkeys(fields)]


def _plain(text: str) -> str:
    """The text on one line without quotes, control or invisible characters."""
    shown = "".join(each if each.isprintable() else " " for each in text.replace('"', ""))
    return " ".join(shown.split())


def _cut(text: str) -> str:
    return f"{text[: LONGEST - 3].rstrip()}..."


def _named(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" or "Segment"
