"""The figures of a report: shares by kind, the curve of risk against coverage, and the bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evals.judge import Verdict

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.95, 0.97)


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases, and how many of them in each state."""

    n: int
    right: int
    wrong_silent: int
    wrong_flagged: int
    abstained: int


@dataclass(frozen=True, slots=True)
class Point:
    """Answers from a confidence upwards: their share of all cases, and the share of them that is wrong."""

    threshold: float
    coverage: float
    error: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure (in percent) and where it must be: at least `needed`, or at most if `most`; `n` cases stand
    behind it, and without any it is not met."""

    name: str
    figure: float
    needed: float
    n: int
    most: bool = False

    @property
    def met(self) -> bool:
        if not self.n:
            return False
        return self.figure <= self.needed if self.most else self.figure >= self.needed


def count(verdicts: Sequence[Verdict]) -> Count:
    """The states of some verdicts."""
    states = Counter(each.state for each in verdicts)
    return Count(
        len(verdicts),
        states["right"],
        states["wrong_silent"],
        states["wrong_flagged"],
        states["abstained"],
    )


def curve(verdicts: Sequence[Verdict]) -> tuple[Point, ...]:
    """What answering from each confidence upwards would cost."""
    found: list[Point] = []
    for threshold in THRESHOLDS:
        answered = [each for each in verdicts if each.outcome == "ok" and each.draft.confidence >= threshold]
        wrong = sum(not each.right for each in answered)
        found.append(Point(threshold, _percent(len(answered), len(verdicts)), _percent(wrong, len(answered))))
    return tuple(found)


def bars(verdicts: Sequence[Verdict]) -> tuple[Bar, ...]:
    """The figures that the reader is built to reach."""
    in_domain = [each for each in verdicts if each.case.in_domain]
    outside = [each for each in verdicts if not each.case.in_domain]
    alone = [each for each in in_domain if each.alone]
    total = count(verdicts)
    return (
        Bar("right", _percent(total.right, total.n), 92, total.n),
        Bar("answered alone, of in-domain", _percent(len(alone), len(in_domain)), 70, len(in_domain)),
        Bar("right, of answered alone", _percent(count(alone).right, len(alone)), 99, len(alone)),
        Bar("wrong and confident", _percent(total.wrong_silent, total.n), 1, total.n, most=True),
        Bar(
            "refused or asked rightly, of those wanted",
            _percent(count(outside).right, len(outside)),
            95,
            len(outside),
        ),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies (nearest rank); 0 of none.

    >>> quantile([3, 1, 2], 0.5)
    2
    """
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
