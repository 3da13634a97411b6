"""The reader of queries under fuzz: a draft for everything, every tree of it through the check, and soon."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from segmentry.criteria import check
from segmentry.reader.draft import Draft
from segmentry.reader.read import read
from segmentry.reader.refine import refine

from evals.case_files import Case
from tests.fuzz.questions import question

# Of processor time, the least of several: what is above was slow each time, whatever else the machine did.
SLOW_S = 0.02
_REPEATS = 3


@dataclass
class Read:
    """Outcomes by name, what went wrong, and the slowest query that was measured again."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    slow: list[str] = field(default_factory=list[str])
    slowest: tuple[float, str] = (0.0, "")


def feed(seed: int, report: Read, *, timed: bool = True) -> None:
    """Give the reader the query of a seed; a third of them as a change of the criteria of a case."""
    case, query = question(seed)
    changes = seed % 3 == 0
    try:
        started = time.thread_time()
        draft = _read(case, query, changes=changes)
        took = time.thread_time() - started
        report.outcomes[draft.outcome] += 1
        for fault in _faults(draft, case, query):
            report.wrong.append(f"seed {seed}, {case.table}: {fault}\n  {query!r}")
    except Exception as error:  # noqa: BLE001 - that any escapes is what is looked for
        report.wrong.append(f"seed {seed}, {case.table}: {type(error).__name__}: {error}\n  {query!r}")
        return
    if timed and took > SLOW_S:
        took = min(took, *(_time(case, query, changes=changes) for _ in range(_REPEATS)))
    if took > report.slowest[0]:
        report.slowest = (took, query)
    if timed and took > SLOW_S:
        report.slow.append(f"seed {seed}, {case.table}: {took * 1000:.1f} ms, {len(query):,} characters")


def _read(case: Case, query: str, *, changes: bool) -> Draft:
    if changes and case.expect:
        return refine(query, case.expect[0], case.catalog, case.clock)
    return read(query, case.catalog, case.clock)


def _time(case: Case, query: str, *, changes: bool) -> float:
    started = time.thread_time()
    _read(case, query, changes=changes)
    return time.thread_time() - started


def _faults(draft: Draft, case: Case, query: str) -> list[str]:
    found: list[str] = []
    trees = [] if draft.node is None else [draft.node]
    for node in (*trees, *(each.node for each in draft.readings)):
        errors = check.check(node, case.catalog, case.clock).errors
        found += [f"a tree is refused: {each.code} at {each.path}: {each.message}" for each in errors]
    if draft.outcome == "ok" and draft.node is None:
        found.append("an answer without criteria")
    if not 0 <= draft.confidence <= 1:
        found.append(f"confidence {draft.confidence}")
    spans = [span for origin in draft.origins for span in origin.spans] + list(draft.unexplained)
    spans += [each.span for each in draft.questions if each.span is not None]
    for span in spans:
        if query[span.start : span.end] != span.text:
            found.append(f"a span says {span.text!r} where the query says {query[span.start : span.end]!r}")
    return found
