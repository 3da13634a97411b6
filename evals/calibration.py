"""Whether a confidence is the share right: what was measured, what a fitted table would change, each doubt.

`python -m evals.calibration` prints it in about a minute. The reader maps its confidence by no table, because
the fit on other tables is no nearer to the share right (docs/decisions/0509-confidence.md).
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from segmentry.reader import answer
from segmentry.reader.clauses import scan
from segmentry.reader.outcomes import evidence
from segmentry.reader.read import lay

from evals import isotonic, stripped
from evals.case_files import Case, load
from evals.judge import LEAST, judge

FLAGGED = (LEAST, evidence.ALONE)
_BINS = (0.5, 0.6, 0.7, 0.8, 0.86, 0.9, 0.91, 0.95, 1.01)
_DEV = "dev"
_OPEN, _ANY, _ALONE = "open cases", "any doubt", "alone if there were no doubts"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the confidence of the rules, whether it is right, and over which kind of which table."""

    table: str
    kind: str
    confidence: float
    right: bool


def answers(cases: Iterable[Case]) -> Iterator[tuple[str, Answer]]:
    """What is answered of the cases, by id; refinements have a confidence of their own and are left out."""
    for case in cases:
        if case.current is not None:
            continue
        verdict = judge(case)
        if verdict.outcome == "ok":
            kind = case.id.split("~")[1] if case.over is not None else _DEV
            yield case.id, Answer(case.table, kind, verdict.draft.confidence, verdict.right)


def steps(found: Sequence[Answer]) -> tuple[tuple[float, float], ...]:
    """The table for answers that ask for a second look: from a confidence upwards, the share right.

    Open cases and stripped tables weigh half each. No share leaves the range, so that what was an answer
    stays one and what was flagged stays flagged.
    """
    points = [each for each in found if FLAGGED[0] <= each.confidence < FLAGGED[1]]
    sizes = Counter(each.kind == _DEV for each in points)
    fitted = isotonic.fit(
        isotonic.Point(each.confidence, float(each.right), 1 / sizes[each.kind == _DEV]) for each in points
    )
    kept: list[tuple[float, float]] = []
    for start, share in fitted:
        bounded = min(max(round(share, 2), FLAGGED[0]), FLAGGED[1] - 0.01)
        if not kept:
            kept.append((FLAGGED[0], bounded))
        elif kept[-1][1] != bounded:
            kept.append((start, bounded))
    return tuple(kept)


def error(found: Sequence[Answer], shown: Sequence[float]) -> float:
    """The expected calibration error of confidences, in bins of a twentieth; open and stripped half each."""
    sizes = Counter(each.kind == _DEV for each in found)
    bins: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for each, confidence in zip(found, shown, strict=True):
        bins[int(confidence * 20)].append((confidence - each.right, 0.5 / sizes[each.kind == _DEV]))
    return sum(abs(sum(gap * weight for gap, weight in items)) for items in bins.values())


def unseen(found: Sequence[Answer]) -> list[float]:
    """The confidence that each answer would have by the fit on the other tables."""
    fits = {name: steps([each for each in found if each.table != name]) for name in {a.table for a in found}}
    return [mapped(each.confidence, fits[each.table]) for each in found]


def mapped(confidence: float, table: Sequence[tuple[float, float]]) -> float:
    """The confidence by a table of steps."""
    if not FLAGGED[0] <= confidence < FLAGGED[1]:
        return confidence
    return [share for start, share in table if start <= confidence][-1]


def main() -> int:
    """Print all of it."""
    cases = [case for case in load(("dev",)) if case.current is None]
    both = [*cases, *stripped.cases(cases)]
    found = [each for _, each in answers(both)]
    for lines in (_reliability(found), _errors(found), _doubts(both)):
        print("\n".join(lines), end="\n\n")
    return 0


def _reliability(found: Sequence[Answer]) -> Iterator[str]:
    kinds = (_DEV, *stripped.KINDS)
    yield "right of answers, by the confidence of the rules"
    yield f"{'from':<8}" + "".join(f"{kind:>16}" for kind in kinds)
    for low, high in itertools.pairwise(_BINS):
        row = f"{low:<8}"
        for kind in kinds:
            some = [each.right for each in found if each.kind == kind and low <= each.confidence < high]
            row += f"{sum(some):>6} of {len(some):>4}   " if some else f"{'-':>16}"
        yield row


def _errors(found: Sequence[Answer]) -> Iterator[str]:
    table = steps(found)
    fitted = [mapped(each.confidence, table) for each in found]
    yield "expected calibration error, over all answers"
    yield f"  by the rules alone                {error(found, [each.confidence for each in found]):.4f}"
    yield f"  by the fit on the other tables    {error(found, unseen(found)):.4f}"
    yield f"  by the fit on all tables          {error(found, fitted):.4f}"
    yield f"the fit on all tables: {', '.join(f'from {start:g} on {share:g}' for start, share in table)}"


def _doubts(cases: Iterable[Case]) -> Iterator[str]:
    """What each kind of doubt catches, and what it keeps from answering alone though it is right."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for case in cases:
        if judge(case).outcome == "refuse":
            continue
        scene = lay(case.query, case.catalog, case.clock)
        found = scan(scene)
        draft = answer.of(scene, found, {})
        verdict = judge(case, lambda _, draft=draft: draft)
        if verdict.alone and draft.node is not None and draft.origins:
            where = _where(case)
            said = {each.kind for each in evidence.doubts(scene, found, draft.node)}
            for name in (*said, *([_ANY] if said else []), _ALONE):
                counts[name, where, verdict.right] += 1
    columns = (_OPEN, "less", "removed", "wider")
    yield f"{'right, and wrong, with a doubt':<34}" + "".join(f"{each:>16}" for each in columns)
    for name in (*evidence.CAPS, _ANY, _ALONE):
        row = [f"{counts[name, each, True]:>9} {counts[name, each, False]:>6}" for each in columns]
        yield f"{name:<34}" + "".join(row)


def _where(case: Case) -> str:
    if case.over is None:
        return _OPEN
    kind = case.id.split("~")[1]
    return "less" if kind in stripped.LESS else kind


if __name__ == "__main__":
    sys.exit(main())
