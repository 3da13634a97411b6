"""The pieces that experts answer in: each carries the words it is about, so that it can be checked alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from segmentry.agents.expression import Expression
from segmentry.llm.model import NO_USAGE, Usage

Op = Literal[
    "is",
    "above",
    "at_least",
    "below",
    "at_most",
    "between",
    "within",
    "beyond",
    "before",
    "after",
    "during",
    "contains",
    "starts_with",
    "ends_with",
    "known",
    "band",
    "top",
    "bottom",
    "did_at_least",
    "did_at_most",
]
Unit = Literal["", "day", "week", "month", "quarter", "year", "percent", "money", "minor_money", "other"]
Direction = Literal["", "past", "future"]

OPS: Final[tuple[Op, ...]] = get_args(Op)
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as an expert says it: what was said, never what it computes to.

    `evidence` is copied from the request. `values` are texts as spoken ("60", "1.2k", "gold", "last month"):
    one or more values for `is` (any of them), one number for the bounds, two for `between`, the length for
    `within` (no longer ago, or no later from now, by `direction`) and `beyond` (longer), a date phrase for
    `before`, `after` and `during`, none for `known`, the words of the band for `band`, a share in percent for
    `top` and `bottom`, and the count with an optional length of time (in `unit`s) for an event that customers
    `did`. `assumed` says that the request does not give the threshold.
    """

    evidence: str
    field: str
    op: Op
    values: tuple[str, ...] = ()
    unit: Unit = ""
    direction: Direction = ""
    negated: bool = False
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """What one specialist found on its own fields; `unhandled` are its own words that it cannot say."""

    agent: str
    prompt_version: str
    conditions: tuple[Condition, ...]
    unhandled: tuple[str, ...] = ()
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class LogicAnswer:
    """How the numbered phrases hang together; every one of them is in the expression.

    `order_uncertain`: nothing in the request settles whether "and" or "or" is joined first.
    """

    expression: Expression
    order_uncertain: bool
    prompt_version: str
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class WordingAnswer:
    """A question and one line per option. The options themselves are ours, in our order."""

    question: str
    options: tuple[str, ...]
    prompt_version: str
    usage: Usage = NO_USAGE


EditKind = Literal["add", "widen", "remove", "exclude", "change", "replace", "negate", "restart"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One operation on the numbered conditions of a segment; `words` are the user's own for what is new.

    `leaves` are numbers from 1 as they were shown. `add` and `exclude` bring a condition that must or must
    not hold, `widen` one that may hold instead of the leaves (none: of all), `remove` takes leaves away,
    `change` gives them another value, `replace` another condition, `negate` turns them (none: all), and
    `restart` begins anew.
    """

    evidence: str
    do: EditKind
    leaves: tuple[int, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class EditAnswer:
    """What an instruction does; `unhandled` are its own words that are no edit."""

    edits: tuple[Edit, ...]
    prompt_version: str
    unhandled: tuple[str, ...] = ()
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """A short name for one segment, on one line."""

    name: str
    prompt_version: str
    usage: Usage = NO_USAGE


RuleOp = Literal["eq", "gt", "gte", "lt", "lte", "in", "contains"]


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """One condition of a proposed segment, in the operators of filter rules; values are texts."""

    field: str
    op: RuleOp
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposedSegment:
    """A segment that the statistics suggest: all of its rules hold. It has no numbers; those are counted."""

    name: str
    description: str
    rules: tuple[ProposedRule, ...]
    suggested_use: str


@dataclass(frozen=True, slots=True)
class StatisticsAnswer:
    """The segments proposed from field statistics."""

    segments: tuple[ProposedSegment, ...]
    prompt_version: str
    usage: Usage = NO_USAGE


FaultCode = Literal[
    "UNKNOWN_FIELD",
    "UNKNOWN_ENUM",
    "OP_NOT_ALLOWED",
    "BAD_NUMBER",
    "BAD_DATE",
    "EVIDENCE_NOT_FOUND",
    "BAD_LOGIC",
    "BAD_SHAPE",
    # Of proposed segments, after counting.
    "SELECTS_NOBODY",
    "SELECTS_NEARLY_ALL",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one piece was not taken: `place` is `conditions[1].values[0]`, `allowed` what would have been."""

    code: FaultCode
    place: str
    message: str
    allowed: tuple[str, ...] = ()
