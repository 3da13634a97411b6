"""The committed result and the gate: what was right stays right, and no error becomes a silent one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, cast

from evals import measures
from evals.judge import State, Verdict

PATH = Path(__file__).parent / "baseline.json"
MOST_LOST = 1.0
MOST_LOST_IN_CATEGORY = 3.0


class Reason(TypedDict):
    """Why cases that were right are accepted as lost."""

    because: str
    lost: list[str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What each case came to, the totals for people to read, and the reasons for what was given up."""

    cases: Mapping[str, State]
    totals: Mapping[str, Mapping[str, int]]
    reasons: list[Reason] = field(default_factory=list[Reason])


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against the committed result. `faults` say why the gate is shut."""

    lost: tuple[str, ...]
    won: tuple[str, ...]
    new: tuple[str, ...]
    faults: tuple[str, ...]


def load(path: Path = PATH) -> Baseline:
    """The committed result; an empty one if there is none."""
    if not path.exists():
        return Baseline({}, {})
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Baseline(
        cast("dict[str, State]", raw["cases"]),
        cast("dict[str, dict[str, int]]", raw["totals"]),
        cast("list[Reason]", raw["reasons"]),
    )


def compare(before: Baseline, verdicts: Sequence[Verdict], *, whole: bool = True) -> Comparison:
    """What a run wins and loses. `whole` says that it holds all cases, so that one that is gone is lost."""
    now: dict[str, State] = {each.case.id: each.state for each in verdicts}
    categories = {each.case.id: each.case.category for each in verdicts}
    both = [each for each in now if each in before.cases]
    lost = [each for each in both if before.cases[each] == "right" != now[each]]
    gone = [each for each, state in before.cases.items() if whole and each not in now and state == "right"]
    won = tuple(each for each in both if now[each] == "right" != before.cases[each])
    faults = [f"was right and is {now[each]}: {each}" for each in lost]
    faults += [f"was right and is gone: {each}" for each in gone]
    points = _points(both, before.cases, now)
    if points <= -MOST_LOST:
        faults.append(f"overall {points:+.1f} points, limit -{MOST_LOST:.0f}")
    for category in sorted({categories[each] for each in both}):
        some = [each for each in both if categories[each] == category]
        points = _points(some, before.cases, now)
        if points <= -MOST_LOST_IN_CATEGORY:
            faults.append(f"{category} {points:+.1f} points, limit -{MOST_LOST_IN_CATEGORY:.0f}")
    silent = [sum(states[each] == "wrong_silent" for each in both) for states in (before.cases, now)]
    if silent[1] > silent[0]:
        faults.append(f"silent errors {silent[0]} -> {silent[1]}")
    faults += [f"a tree does not pass the check: {each.case.id}" for each in verdicts if each.invalid]
    new = tuple(each for each in now if each not in before.cases)
    return Comparison((*lost, *gone), won, new, tuple(faults))


def accepted(before: Baseline, verdicts: Sequence[Verdict], because: str) -> Baseline:
    """The result to commit. Raises: ValueError if a case that was right is lost and no reason is given."""
    found = compare(before, verdicts)
    reasons = list(before.reasons)
    if found.lost:
        if not because.strip():
            raise ValueError(f"these were right, say why they may be lost: {', '.join(found.lost)}")
        reasons.append({"because": because.strip(), "lost": sorted(found.lost)})
    totals: dict[str, dict[str, int]] = {}
    for split in sorted({each.case.split for each in verdicts}):
        total = measures.count([each for each in verdicts if each.case.split == split])
        totals[split] = {
            "n": total.n,
            "right": total.right,
            "wrong_silent": total.wrong_silent,
            "wrong_flagged": total.wrong_flagged,
            "abstained": total.abstained,
        }
    return Baseline({each.case.id: each.state for each in verdicts}, totals, reasons)


def save(result: Baseline, path: Path = PATH) -> None:
    """Write a result: one case a line, sorted, so that changes are read case by case."""
    cases = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(result.cases[name])}" for name in sorted(result.cases)
    )
    totals = ",\n".join(f"    {json.dumps(name)}: {json.dumps(each)}" for name, each in result.totals.items())
    reasons = ",\n".join(f"    {json.dumps(each)}" for each in result.reasons)
    parts = {
        "totals": f"{{\n{totals}\n  }}",
        "reasons": f"[\n{reasons}\n  ]" if reasons else "[]",
        "cases": f"{{\n{cases}\n  }}",
    }
    body = ",\n".join(f'  "{name}": {part}' for name, part in parts.items())
    path.write_text(f"{{\n{body}\n}}\n", encoding="utf-8")


def _points(names: Sequence[str], before: Mapping[str, State], now: Mapping[str, State]) -> float:
    if not names:
        return 0.0
    right = [Counter(states[each] for each in names)["right"] for states in (before, now)]
    return 100 * (right[1] - right[0]) / len(names)
