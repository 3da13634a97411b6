"""A live run as a file, and two runs compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

from evals.live.run import Repeat

NAME = "result.json"


@dataclass(frozen=True, slots=True)
class Difference:
    """Cases that both runs read: which were won, which lost, and how likely that is by chance alone."""

    n_both: int
    won: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def p_value(self) -> float:
        """McNemar's exact test, two-sided, on the pairs that differ."""
        return mcnemar(len(self.won), len(self.lost))


def mcnemar(won: int, lost: int) -> float:
    """The chance of a split at least as uneven, if both runs were equally good.

    >>> mcnemar(0, 0), round(mcnemar(8, 1), 4)
    (1.0, 0.0391)
    """
    n = won + lost
    return min(1.0, 2 * sum(comb(n, k) for k in range(min(won, lost) + 1)) / 2**n)


def states(repeats: Sequence[Repeat]) -> dict[str, list[str]]:
    """The state of each case in every repeat that reached it."""
    found: dict[str, list[str]] = {}
    for each in repeats:
        for case_id, judged in each.judged.items():
            found.setdefault(case_id, []).append(judged.state)
    return found


def flip_rate(found: Mapping[str, Sequence[str]]) -> float | None:
    """Share of the cases that were read more than once whose state is not always the same."""
    repeated = [each for each in found.values() if len(each) > 1]
    return sum(len(set(each)) > 1 for each in repeated) / len(repeated) if repeated else None


def save(folder: Path, model: str, repeats: Sequence[Repeat], *, by_rules: bool) -> Path:
    """Write a run beside its transcripts."""
    path = folder / NAME
    kept = {"model": model, "by_rules": by_rules, "states": states(repeats)}
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def last(runs: Path, before: Path) -> Path | None:
    """The newest run in a folder of runs, other than the one given; folders are named by their time."""
    found = sorted(each for each in runs.glob(f"*/{NAME}") if each.parent != before)
    return found[-1] if found else None


def compare(earlier: Path, now: Mapping[str, Sequence[str]]) -> Difference:
    """The usual state of each case then and now. Raises: ValueError for a file that is no run."""
    kept: Any = json.loads(earlier.read_text(encoding="utf-8"))
    try:
        then: dict[str, list[str]] = {
            str(name): [str(one) for one in each] for name, each in kept["states"].items()
        }
    except (TypeError, KeyError, AttributeError) as err:
        raise ValueError(f"{earlier}: not a run") from err
    both = sorted(then.keys() & now.keys())
    was = {each: usual(then[each]) == "right" for each in both}
    is_now = {each: usual(now[each]) == "right" for each in both}
    won = tuple(each for each in both if is_now[each] and not was[each])
    lost = tuple(each for each in both if was[each] and not is_now[each])
    return Difference(len(both), won, lost)


def usual(found: Sequence[str]) -> str:
    """The state that most repeats came to; the first one of several."""
    return Counter(found).most_common(1)[0][0]
