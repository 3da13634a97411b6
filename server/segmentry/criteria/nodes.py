"""The one tree that every parser prints into and every engine reads.

    Node = Everyone | And | Or | Not | Leaf | Event | Segment | Top

A parsed tree holds values as they were written (dates and placeholders as text). A *bound* tree, made by
`check.check`, holds them cast to the column: datetimes as aware UTC `datetime`, numbers as the
column's int or float. Both are the same classes, so every printer and matcher has one input type.

`path` says where a node stood in the text (`$and[0].lifetimeValue.$gte`); it takes no part in equality.
Beware that Python says `True == 1 == 1.0`: compare trees by `canonical`, never by `==`, when it matters.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Scalar = str | int | float | bool | datetime | None
Value = Scalar | tuple[Scalar, ...]


class Operator(StrEnum):
    """A leaf's operator, by its name on the wire without `$`."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NIN = "nin"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Everyone:
    """Matches every customer; written `{}`."""

    path: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Node, ...]
    path: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Node, ...]
    path: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement of `item` in the set of customers."""

    item: Node
    path: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field compared with one operand.

    `neq` and `nin` are kept as written, so that a check can name them; they mean Not of `eq` and `in`.
    `value` is a tuple for `in` and `nin`, a bool for `exists`, else a scalar.
    """

    field: str
    operator: Operator
    value: Value
    path: str = dataclasses.field(default="", compare=False)


Measure = Literal["count", "sum", "distinct"]
MEASURES: tuple[Measure, ...] = ("count", "sum", "distinct")


@dataclass(frozen=True, slots=True)
class Event:
    """How many events of one kind compared with a number, or the sum of one of their integer properties,
    or how many distinct values one of their properties has (unset is no value).

    `of` names the property of a sum or of distinct values, and is None for a count. The window is
    `[window_start, window_end)`; None as start means from the beginning, None as end means the request's
    `as_of`.
    """

    name: str
    where: Node | None = None
    measure: Measure = "count"
    of: str | None = None
    operator: Operator = Operator.GTE
    value: int = 1
    window_start: str | datetime | None = None
    window_end: str | datetime | None = None
    path: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """Membership in a saved segment; no version means the latest. `name` is for sentences alone."""

    segment_id: str
    version: int | None = None
    path: str = dataclasses.field(default="", compare=False)
    name: str = dataclasses.field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Top:
    """The highest (lowest) `percent` of the customers of `of` by `field`, ties included."""

    field: str
    percent: float
    order: Literal["highest", "lowest"] = "highest"
    of: Node = Everyone()
    path: str = dataclasses.field(default="", compare=False)


Node = Everyone | And | Or | Not | Leaf | Event | Segment | Top
