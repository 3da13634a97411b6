"""Does the judge see small errors: every accepted criteria, changed in one place, must not be equal any more.

python -m evals.mutants     # the share seen by kind of error, over the dev cases, and the time a pair takes
"""

from __future__ import annotations

import dataclasses
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from segmentry.criteria import canonical, check, dates, witness
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top

from evals import measures
from evals.case_files import Case, load

Kind = Literal["edge", "off by one", "dropped item", "and/or swap", "polarity"]
Mutant = tuple[Kind, Node]
_EDGES = {
    Operator.GT: Operator.GTE,
    Operator.GTE: Operator.GT,
    Operator.LT: Operator.LTE,
    Operator.LTE: Operator.LT,
}
_OPPOSITES = {
    Operator.EQ: Operator.NEQ,
    Operator.NEQ: Operator.EQ,
    Operator.IN: Operator.NIN,
    Operator.NIN: Operator.IN,
    Operator.GT: Operator.LT,
    Operator.LT: Operator.GT,
    Operator.GTE: Operator.LTE,
    Operator.LTE: Operator.GTE,
}
_COUNTED = re.compile(r"\{\{(\d+)(_(?:DAYS|WEEKS|MONTHS|YEARS)_(?:AGO|FROM_NOW)\}\})")


def mutants(node: Node) -> Iterator[Mutant]:
    """Every tree that differs from this one by one small error."""
    match node:
        case And(items) | Or(items):
            kind = type(node)
            for at, item in enumerate(items):
                rest = items[:at] + items[at + 1 :]
                if rest:
                    yield "dropped item", kind(rest)
                for name, changed in mutants(item):
                    yield name, kind((*items[:at], changed, *items[at + 1 :]))
            if len(items) > 1:
                yield "and/or swap", Or(items) if isinstance(node, And) else And(items)
        case Not(item):
            yield "polarity", item
            for name, changed in mutants(item):
                yield name, Not(changed)
        case Leaf():
            yield from _of_leaf(node)
        case Event():
            yield from _of_event(node)
        case Top():
            yield from _of_top(node)
        case Everyone() | Segment():
            yield "polarity", Not(node)


def _of_leaf(leaf: Leaf) -> Iterator[Mutant]:
    yield "polarity", Not(leaf)
    if leaf.operator in _EDGES:
        yield "edge", dataclasses.replace(leaf, operator=_EDGES[leaf.operator])
    if leaf.operator in _OPPOSITES:
        yield "polarity", dataclasses.replace(leaf, operator=_OPPOSITES[leaf.operator])
    if isinstance(leaf.value, tuple):
        for at in range(len(leaf.value)):
            rest = (*leaf.value[:at], *leaf.value[at + 1 :])
            yield "dropped item", dataclasses.replace(leaf, value=rest)
    elif isinstance(leaf.value, bool):
        yield "polarity", dataclasses.replace(leaf, value=not leaf.value)
    else:
        for value in _next_to(leaf.value):
            yield "off by one", dataclasses.replace(leaf, value=value)


def _next_to(value: Scalar) -> Iterator[Scalar]:
    if isinstance(value, int | float):
        yield from (value - 1, value + 1)
    elif isinstance(value, str):
        counted = _COUNTED.fullmatch(value)
        if counted is not None:
            yield from (
                f"{{{{{int(counted[1]) + step}{counted[2]}" for step in (-1, 1) if int(counted[1]) + step >= 0
            )
        elif dates.is_date_only(value):
            instant = dates.parse_instant(value, dates.UTC)
            yield from ((instant + timedelta(days=step)).date().isoformat() for step in (-1, 1))


def _of_event(event: Event) -> Iterator[Mutant]:
    yield "polarity", Not(event)
    if event.operator in _EDGES:
        yield "edge", dataclasses.replace(event, operator=_EDGES[event.operator])
    yield "off by one", dataclasses.replace(event, value=event.value + 1)
    if event.where is not None:
        yield "dropped item", dataclasses.replace(event, where=None)
        for name, changed in mutants(event.where):
            yield name, dataclasses.replace(event, where=changed)
    if event.window_start is not None:
        yield "dropped item", dataclasses.replace(event, window_start=None)
        for value in _next_to(event.window_start):
            assert isinstance(value, str)
            yield "off by one", dataclasses.replace(event, window_start=value)


def _of_top(top: Top) -> Iterator[Mutant]:
    yield "polarity", Not(top)
    order = "lowest" if top.order == "highest" else "highest"
    yield "polarity", dataclasses.replace(top, order=order)
    if top.percent < 99:
        yield "off by one", dataclasses.replace(top, percent=top.percent + 1)
    if not isinstance(top.of, Everyone):
        yield "dropped item", dataclasses.replace(top, of=Everyone())
        for name, changed in mutants(top.of):
            yield name, dataclasses.replace(top, of=changed)


@dataclasses.dataclass
class Found:
    """How many mutants were made and seen, by kind; those that were not; the seconds that pairs took."""

    made: Counter[str] = dataclasses.field(default_factory=Counter[str])
    seen: Counter[str] = dataclasses.field(default_factory=Counter[str])
    missed: list[str] = dataclasses.field(default_factory=list[str])
    took: list[float] = dataclasses.field(default_factory=list[float])

    @property
    def share(self) -> float:
        return self.seen.total() / self.made.total() if self.made else 0.0


def evaluate(cases: Sequence[Case]) -> Found:
    """Compare every accepted criteria with each of its mutants that the check accepts and that is written
    differently in canonical form."""
    found = Found()
    for case in cases:
        for node in case.expect:
            text = canonical.text(node, case.catalog)
            for kind, mutant in mutants(node):
                if canonical.text(mutant, case.catalog) == text:
                    continue
                if check.check(mutant, case.catalog, case.clock).errors:
                    continue
                started = time.perf_counter()
                same = witness.equal(node, mutant, case.catalog, case.clock)
                found.took.append(time.perf_counter() - started)
                found.made[kind] += 1
                if same:
                    found.missed.append(f"{case.id} {kind}: {text} = {canonical.text(mutant, case.catalog)}")
                else:
                    found.seen[kind] += 1
    return found


def main() -> int:
    """0 if at least 99.5 % of the mutants are seen."""
    found = evaluate(load(("dev",)))
    for missed in found.missed:
        print(missed)
    for kind in sorted(found.made):
        print(f"{kind:<14}{found.seen[kind]:>7} of {found.made[kind]}")
    shares = (("p50", 0.5), ("p99", 0.99))
    times = ", ".join(f"{name} {measures.quantile(found.took, share) * 1e3:.2f} ms" for name, share in shares)
    seen = f"{found.seen.total():>7} of {found.made.total()}   {100 * found.share:.2f} % seen"
    print(f"{'all':<14}{seen}; a pair: {times}")
    return 0 if found.share >= 0.995 else 1


if __name__ == "__main__":
    sys.exit(main())
