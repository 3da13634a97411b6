"""Segments proposed by a model from statistics of fields: every rule is read, checked and made criteria here.

A proposal has no numbers of its own: who is in a segment is counted by the caller, and a text with a number
that no rule holds is taken away, so that only counted numbers reach a card.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from segmentry.agents import replies
from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Asker, Retried
from segmentry.agents.field_statistics import FieldStatistics, statistics_message, told_fields, told_values
from segmentry.agents.groups import Group
from segmentry.agents.pieces import Fault, FaultCode, ProposedRule, ProposedSegment
from segmentry.agents.registry import expert
from segmentry.criteria import canonical, check
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Leaf, Node, Operator, Scalar
from segmentry.llm.model import NO_USAGE, CallFailed, ModelCall, Usage

MOST_FIELDS: Final = 100
_MOST_RULES: Final = 4
_LOWER, _UPPER = frozenset({"gt", "gte"}), frozenset({"lt", "lte"})
_BOUNDS: Final = _LOWER | _UPPER
_YES_NO: Final = {"true": True, "yes": True, "false": False, "no": False}

# A segment of nearly everybody is no segment.
MOST_SHARE: Final = 0.95

Say = Callable[[Retried], Awaitable[None]]
Count = Callable[[Node], Awaitable[int]]


async def nobody(again: Retried) -> None:
    """The listener of a caller who does not show attempts."""
    del again


@dataclass(frozen=True, slots=True)
class Proposed:
    """One segment that passed the check. An empty text was taken away: the caller's template stands there."""

    name: str
    description: str
    suggested_use: str
    rules: tuple[ProposedRule, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model proposed. `failure` where nothing is usable: another tier has to answer then."""

    segments: tuple[Proposed, ...]
    prompt_version: str = ""
    faults: tuple[Fault, ...] = ()
    usage: Usage = NO_USAGE
    failure: CallFailed | None = None


async def propose(  # noqa: PLR0917 - a table, and whom to ask about it
    statistics: Sequence[FieldStatistics],
    n_customers: int,
    wanted: tuple[int, int],
    catalog: Catalog,
    clock: Clock,
    asker: Asker,
    allowance: Allowance,
    *,
    max_tokens: int = 2048,
    say: Say = nobody,
    count: Count | None = None,
) -> Proposal:
    """Ask a model for segments of these fields; `wanted` are the least and the most of them.

    Personal, hidden and id fields and those whose values may not leave are not told, values only as the
    catalog lists them. With `count`, segments of nobody or of nearly everybody do not stand. A failure is a
    value. With one repair at most, inside the allowance.
    """
    group = told_fields(catalog, [each.field for each in statistics][:MOST_FIELDS])
    if not group.fields:
        failure = CallFailed("LLM_REFUSED", "no field of the table may be told to a model")
        return Proposal((), failure=failure)
    asked = expert("statistics", group=group)
    reader = _Reader(group, statistics, catalog, clock)

    async def read(value: object) -> tuple[tuple[Proposed, ...], tuple[Fault, ...]]:
        segments, faults = reader.read(value)
        if count is None:
            return _most(segments, wanted), faults
        stand, empty = await _counted(segments, n_customers, count)
        return _most(stand, wanted), (*faults, *empty)

    answered = await asker.ask(
        asked.call(statistics_message(group, statistics, n_customers, wanted), max_tokens),
        read,
        allowance,
        say,
    )
    failure, segments = answered.failure, answered.value or ()
    if failure is None and not segments:
        failure = CallFailed("LLM_BAD_OUTPUT", "no segment of the model's answer passed the check")
    return Proposal(segments, asked.version, answered.faults, answered.usage, failure)


def prompt_call(
    statistics: Sequence[FieldStatistics],
    n_customers: int,
    wanted: tuple[int, int],
    catalog: Catalog,
    max_tokens: int = 2048,
) -> ModelCall | None:
    """The call that `propose` would begin with, to be priced beforehand; None where nothing may be told."""
    group = told_fields(catalog, [each.field for each in statistics][:MOST_FIELDS])
    if not group.fields:
        return None
    return expert("statistics", group=group).call(
        statistics_message(group, statistics, n_customers, wanted), max_tokens
    )


def _most(segments: Sequence[tuple[int, Proposed]], wanted: tuple[int, int]) -> tuple[Proposed, ...]:
    return tuple(each for _, each in segments)[: wanted[1]]


async def _counted(
    segments: Sequence[tuple[int, Proposed]], n_customers: int, count: Count
) -> tuple[tuple[tuple[int, Proposed], ...], tuple[Fault, ...]]:
    """Those that select somebody and not nearly everybody, and the faults of the others, with the counts."""
    stand: list[tuple[int, Proposed]] = []
    faults: list[Fault] = []
    for at, each in segments:
        matched = await count(each.node)
        said = f"its rules select {matched} of {n_customers} customers"
        if matched == 0:
            faults.append(Fault("SELECTS_NOBODY", f"segments[{at}].rules", said))
        elif matched > MOST_SHARE * n_customers:
            faults.append(Fault("SELECTS_NEARLY_ALL", f"segments[{at}].rules", said))
        else:
            stand.append((at, each))
    return tuple(stand), tuple(faults)


class _Refused(Exception):
    def __init__(self, code: FaultCode, place: str, message: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fault = Fault(code, place, message, allowed)


class _Reader:
    def __init__(
        self,
        group: Group,
        statistics: Sequence[FieldStatistics],
        catalog: Catalog,
        clock: Clock,
    ) -> None:
        self._expert = expert("statistics", group=group)
        self._fields = {field.name: field for field in group.fields}
        self._statistics = {each.field: each for each in statistics}
        self._catalog = catalog
        self._clock = clock

    def read(self, value: object) -> tuple[tuple[tuple[int, Proposed], ...], tuple[Fault, ...]]:
        """The segments that stand, with their place in the answer, and why the others do not."""
        answer, faults = replies.statistics_answer(value, self._expert)  # pyright: ignore[reportArgumentType]  # the seam gives strict JSON
        found: dict[str, tuple[int, Proposed]] = {}
        refused = list(faults)
        for at, segment in enumerate(answer.segments):
            try:
                made = self._segment(segment)
            except _Refused as error:
                fault = error.fault
                refused.append(
                    Fault(fault.code, f"segments[{at}].{fault.place}", fault.message, fault.allowed)
                )
                continue
            # The same customers under two names are one segment.
            found.setdefault(canonical.text(made.node, self._catalog), (at, made))
        return tuple(found.values()), tuple(refused)

    def _segment(self, segment: ProposedSegment) -> Proposed:
        if not 1 <= len(segment.rules) <= _MOST_RULES:
            raise _Refused("BAD_LOGIC", "rules", f"needs 1 to {_MOST_RULES} rules")
        self._refuse_repeated(segment.rules)
        leaves = tuple(self._leaf(rule, f"rules[{at}]") for at, rule in enumerate(segment.rules))
        node: Node = leaves[0] if len(leaves) == 1 else And(leaves)
        if check.errors(node, self._catalog, self._clock):
            # The check's own messages are for callers: they may name values and ranges of the data.
            raise _Refused("OP_NOT_ALLOWED", "rules", "the conditions do not fit their fields")
        own = {number for rule in segment.rules for value in rule.values for number in _numbers(value)}
        name = segment.name if replies.is_name(segment.name) else ""
        texts = (name, segment.description, segment.suggested_use)
        said = [text if _numbers(text) <= own else "" for text in texts]
        return Proposed(said[0], said[1], said[2], segment.rules, node)

    def _refuse_repeated(self, rules: Sequence[ProposedRule]) -> None:
        """A field comes once, or twice as the two ends of a range."""
        by_field: dict[str, list[str]] = {}
        for rule in rules:
            by_field.setdefault(rule.field, []).append(rule.op)
        for ops in by_field.values():
            if len(ops) > 2 or (len(ops) == 2 and not (_LOWER & set(ops) and _UPPER & set(ops))):
                raise _Refused("BAD_LOGIC", "rules", "uses a field twice other than for the ends of a range")

    def _leaf(self, rule: ProposedRule, place: str) -> Leaf:
        field = self._fields[rule.field]
        values = tuple(
            self._value(field, rule.op, text, f"{place}.values[{at}]") for at, text in enumerate(rule.values)
        )
        if rule.op == "in":
            if len(values) < 2:
                raise _Refused("BAD_SHAPE", f"{place}.values", "in takes two or more values")
            return Leaf(field.name, Operator.IN, values)
        if len(values) != 1:
            raise _Refused("BAD_SHAPE", f"{place}.values", f"{rule.op} takes one value")
        return Leaf(field.name, Operator(rule.op), values[0])

    def _value(self, field: Field, op: str, text: str, place: str) -> Scalar:
        kind, known = field.stored.type, self._statistics.get(field.name)
        if kind == "number" and known is not None and known.is_code:
            return self._code(told_values(field, known), op, text, place)
        if kind == "number":
            return self._number(field, op, text, place)
        if kind == "datetime":
            if op not in _BOUNDS or not _is_date(text):
                raise _Refused(
                    "BAD_DATE", place, "a date takes gt, gte, lt or lte and a day such as 2025-01-31"
                )
            return text.strip()
        if op in _BOUNDS:
            raise _Refused("OP_NOT_ALLOWED", place, f"{op} takes a field of numbers or dates")
        if kind == "boolean":
            flag = _YES_NO.get(text.strip().casefold())
            if flag is None or op == "contains":
                raise _Refused("UNKNOWN_ENUM", place, "is neither true nor false", ("true", "false"))
            return flag
        told = told_values(field, known)
        for value in told:
            if str(value).casefold() == text.strip().casefold():
                return value
        raise _Refused(
            "UNKNOWN_ENUM", place, "is none of the values that were listed", tuple(str(each) for each in told)
        )

    def _code(self, told: Sequence[Scalar], op: str, text: str, place: str) -> Scalar:
        if op not in {"eq", "in"}:
            raise _Refused(
                "OP_NOT_ALLOWED", place, f"{op} compares sizes, and a code has none; it takes eq or in"
            )
        for value in told:
            if str(value) == text.strip():
                return value
        raise _Refused(
            "UNKNOWN_ENUM", place, "is none of the codes that were listed", tuple(str(each) for each in told)
        )

    def _number(self, field: Field, op: str, text: str, place: str) -> Scalar:
        if op == "contains" or not re.fullmatch(r"\s*-?\d{1,15}(\.\d{1,9})?\s*", text):
            raise _Refused("BAD_NUMBER", place, "a field of numbers takes one plain number")
        number = float(text)
        value: Scalar = int(number) if number.is_integer() else number
        known = self._statistics.get(field.name)
        if known is None or known.minimum is None or known.maximum is None or op not in _BOUNDS:
            return value
        if not known.minimum <= number <= known.maximum:
            raise _Refused("BAD_NUMBER", place, "lies outside the field's smallest and largest number")
        return value


def _numbers(text: str) -> set[str]:
    """The numbers in a text, without signs of thousands."""
    return {each.rstrip(".") for each in re.findall(r"\d[\d.]*", re.sub(r"(?<=\d),(?=\d{3})", "", text))}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True
