"""Errors that somebody could make in the table engine: packed sets, columns, events, ranks, the cache."""

# What is planted goes where the error would be made: into parts that are private, whatever they take.
# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnnecessaryTypeIgnoreComment=false

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from segmentry.criteria.nodes import Event, Leaf, Operator
from segmentry.customers import bitmaps, columns, events, leaves, plan, snapshot, totals
from segmentry.customers.columns import Array, Coded, Number
from segmentry.customers.events import EventTable
from segmentry.customers.plan import Plan
from segmentry.customers.snapshot import Snapshot

Plant = Callable[[pytest.MonkeyPatch], None]
_MICROSECOND = timedelta(microseconds=1)


def _instead(where: ModuleType | type[Any], name: str, change: Callable[..., Any]) -> Plant:
    """A function or method as another one, which gets the right one first."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(where, name)
        patch.setattr(where, name, lambda *args, **named: change(right, *args, **named))

    return plant


def _padding_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bitmaps, "_cleared", lambda words, rows: words)


def _present(*kinds: type[Any]) -> Plant:
    """Columns of these kinds count unset rows as set."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for kind in kinds:
            patch.setattr(kind, "present_words", property(lambda self: bitmaps.everyone(self.rows)))

    return plant


def _codes_from_zero(right: Any, hits: Any) -> Any:
    return [(low - 1, high - 1) for low, high in right(hits)]


def _moved(start: timedelta, end: timedelta) -> Callable[..., Any]:
    def changed(right: Any, table: EventTable, event: Event) -> slice:
        first, last = event.window_start, event.window_end
        assert isinstance(last, datetime)
        moved = first + start if isinstance(first, datetime) else first
        return right(table, dataclasses.replace(event, window_start=moved, window_end=last + end))

    return changed


def _complement_is_lost(*operators: Operator) -> Callable[..., Any]:
    """A negated operator as its opposite among the set rows."""

    def changed(right: Any, steps: Plan, leaf: Leaf) -> int:
        found: int = right(steps, leaf)
        if leaf.operator not in operators:
            return found
        is_set = right(steps, Leaf(leaf.field, Operator.EXISTS, value=True))
        return steps._step(plan.Both(found, is_set))

    return changed


def _nulls_in_lists(right: Any, steps: Plan, leaf: Leaf) -> int:
    if isinstance(leaf.value, tuple):
        leaf = dataclasses.replace(leaf, value=tuple(each for each in leaf.value if each is not None))
    return right(steps, leaf)


def _only_with_events(right: Any, owners: Any, *rest: Any) -> Any:
    """People without events are left out, whatever zero is compared with."""
    return right(owners, *rest) & bitmaps.of_rows(owners, rest[-1])


def _empty_is_unset(patch: pytest.MonkeyPatch) -> None:
    right = Array.present_words

    def words(self: Array) -> Any:
        return right.func(self) & bitmaps.packed(np.diff(self.offsets) > 0)  # type: ignore[attr-defined]

    patch.setattr(Array, "present_words", property(words))


def _in_doubles(right: Any, column: Any, operator: Operator, operand: int, cancel: Any) -> Any:
    """64-bit whole numbers compared as doubles."""
    if not isinstance(column, Number) or column.values.dtype == np.object_:
        return right(column, operator, operand, cancel)
    found = totals.COMPARED[operator](column.values.astype(np.float64), float(operand))
    return leaves._present(column, bitmaps.packed(found))


def _without_forms(plant: Plant) -> Plant:
    """The error in columns that have no compact form, which would answer in their place."""

    def both(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(snapshot, "compacted", lambda store, fields: {})
        plant(patch)

    return both


def _first_of_a_tie(right: Any, self: Snapshot, top: Any, members: Any, cancel: Any) -> Any:
    """The threshold itself is left out."""
    value = self._last_value(top, members)
    if value is None:
        return right(self, top, members, cancel)
    operator = Operator.GT if top.order == "highest" else Operator.LT
    leaf = Leaf(top.field, operator, value)
    return leaves.words(self.store[top.field], self.catalog.by_name[top.field], leaf, cancel) & members


def _regex(patch: pytest.MonkeyPatch) -> None:
    def search(series: pl.Series, needle: str) -> pl.Series:
        return series.str.contains(needle, strict=False).fill_null(value=False)

    patch.setitem(leaves.SERIES_TESTS, Operator.CONTAINS, search)
    patch.setitem(
        leaves._LABEL_TESTS,
        Operator.CONTAINS,
        lambda label, needle: bool(search(pl.Series([label]), needle)[0]),
    )


def _folds_case(operator: Operator) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        right = leaves._LABEL_TESTS[operator]
        patch.setitem(
            leaves._LABEL_TESTS, operator, lambda label, needle: right(label.casefold(), needle.casefold())
        )

    return plant


def _lower(patch: pytest.MonkeyPatch) -> None:
    for kind in (Coded, Array):
        patch.setattr(kind, "folded", property(lambda self: tuple(each.lower() for each in self.labels)))


def _key_without(change: Callable[[Any], Any]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        right = plan.step_key
        patch.setattr(snapshot, "step_key", lambda step: change(right(step)))

    return plant


def _no_operand(key: Any) -> Any:
    return (key.field, key.operator) if isinstance(key, Leaf) else key


def _no_operator(key: Any) -> Any:
    return (key.field, key.value) if isinstance(key, Leaf) else key


def _no_window(key: Any) -> Any:
    return dataclasses.replace(key, window_start=None) if isinstance(key, Event) else key


def _no_members(key: Any) -> Any:
    return key[0] if isinstance(key, tuple) else key


def _same_digest(right: Any, steps: Plan, position: int) -> bytes:
    """The name of a group without that of what is in it."""
    del right
    return type(steps.steps[position]).__name__.encode()


def _unset_is_a_value(right: Any, column: Any, kept: Any, owners: Any) -> Any:
    """Every event with a value or without one: one more value."""
    there = owners[~column.present[kept]]
    return np.sort(np.concatenate([right(column, kept, owners), np.unique(there)]))


SNAPSHOT: Mapping[str, Plant] = {
    "padding bits are not cleared": _padding_stays,
    "the valid mask is forgotten": _instead(leaves, "_present", lambda right, column, found: found),
    "NaN is true": _present(Number),
    "unset text is set": _present(Coded),
    "unset lists are set": _present(Array),
    "[] is unset": _empty_is_unset,
    "what stands under a null is read": _instead(
        columns, "_set_words", lambda right, valid, rows: right(None, rows)
    ),
    "the inverted index is off by one": _instead(
        Array, "members", lambda right, self, label: right(self, (label + 1) % len(self.labels))
    ),
    "one element of a list is looked up": _instead(
        leaves, "_has_element", lambda right, column, labels: right(column, labels[:1])
    ),
    "codes begin with zero": _instead(leaves, "_runs", _codes_from_zero),
    "whole numbers are doubles": _without_forms(_instead(leaves, "_compare_whole", _in_doubles)),
    "a needle is a pattern": _regex,
    "$contains folds case": _folds_case(Operator.CONTAINS),
    "$startsWith folds case": _folds_case(Operator.STARTS_WITH),
    "$endsWith folds case": _folds_case(Operator.ENDS_WITH),
    "lower() for casefold()": _lower,
    "the window is closed": _instead(EventTable, "_window", _moved(timedelta(0), _MICROSECOND)),
    "the window begins open": _instead(EventTable, "_window", _moved(_MICROSECOND, timedelta(0))),
    "where is lost": _instead(
        EventTable,
        "words",
        lambda right, self, event, *rest: right(self, dataclasses.replace(event, where=None), *rest),
    ),
    "unset is a distinct value": _instead(events, "owners_of_distinct", _unset_is_a_value),
    "people without events have no count": _instead(totals, "counted", _only_with_events),
    "people without events have no sum": _instead(totals, "summed", _only_with_events),
    "$neq leaves the unset out": _instead(Plan, "_leaf", _complement_is_lost(Operator.NEQ)),
    "$nin leaves the unset out": _instead(Plan, "_leaf", _complement_is_lost(Operator.NIN)),
    "null in a list is ignored": _instead(Plan, "_leaf", _nulls_in_lists),
    "the rank rounds down": lambda patch: patch.setattr(
        snapshot, "top_rank", lambda n, percent: max(1, int(n * percent / 100))
    ),
    "the threshold itself is left out": _instead(Snapshot, "_highest", _first_of_a_tie),
    "the cache forgets the operand": _key_without(_no_operand),
    "the cache forgets the operator": _key_without(_no_operator),
    "the cache forgets the window": _key_without(_no_window),
    "the cache forgets whom a rank is among": _key_without(_no_members),
    "the cache mixes up groups": _instead(Plan, "digest", _same_digest),
}
