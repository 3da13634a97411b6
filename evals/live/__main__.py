"""`make evals-live`: the cases with a model, within a bound, with everything it said kept.

AI_OPENAI_KEY=... python -m evals --live --max-usd 1     # three repeats, report, difference to the last run
python -m evals --live --replay evals/runs/MODEL/TIME    # the same answers again, without a network
python -m evals --live --judge-names --max-usd 0.1       # names against plain ones; never a gate
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from segmentry.llm.model import ChatModel
from segmentry.llm.openai import OpenAIModel
from segmentry.llm.profiles import profile
from segmentry.llm.replay import RecordingModel, ReplayModel

from evals.case_files import SPLITS, Case, FaultyCases, load
from evals.live import asking, names, report, result
from evals.live.run import Purse, Repeat, repeat

RUNS = Path(__file__).resolve().parents[1] / "runs"
# Who a model of the tests says it belongs to.
RULES_OWNER = "segmentry-tests"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the run went well, 1 if a question of a replay was not recorded, 2 if it could not begin."""
    given = _parser().parse_args(arguments)
    key, base_url = os.environ.get("AI_OPENAI_KEY", ""), os.environ.get("AI_BASE_URL", "")
    if given.replay is None and not (key or base_url):
        return _refuse("no model: set AI_OPENAI_KEY, or AI_BASE_URL for a server without keys")
    if profile(given.model).price is None and given.max_calls is None and given.replay is None:
        return _refuse(f"the price of {given.model} is not known: bound the run with --max-calls")
    try:
        cases = load(SPLITS if given.split == "all" else (given.split,), given.catalog)
    except FaultyCases as err:
        return _refuse("\n".join(err.faults))
    cases = [each for each in cases if each.current is None]
    if not cases:
        return _refuse("no case fits; refinements are not asked here")
    return asyncio.run(_run(given, cases, key, base_url))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segmentry evals --live", description="The cases with a model.")
    parser.add_argument("--model", default=os.environ.get("AI_MODEL") or "gpt-4o-mini", metavar="NAME")
    parser.add_argument("--max-usd", type=float, default=1.0, help="stop before this is spent (1)")
    parser.add_argument("--max-calls", type=int, help="stop before so many calls, for models without a price")
    parser.add_argument("--repeats", type=int, default=3, help="how often every case is read (3)")
    parser.add_argument("--split", choices=("dev", "blind", "all"), default="all")
    parser.add_argument("--catalog", metavar="NAME", help="only the cases about this table")
    parser.add_argument("--limit", type=int, help="stop after so many cases that need a call")
    parser.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="where runs are kept")
    parser.add_argument("--replay", type=Path, metavar="DIR", help="answers of that run; nobody is asked")
    parser.add_argument("--judge-names", action="store_true", help="judge names instead of readings")
    return parser


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


async def _run(given: argparse.Namespace, cases: Sequence[Case], key: str, base_url: str) -> int:
    by_rules = given.replay is None and await asyncio.to_thread(answers_by_rules, base_url, key)
    if given.replay is not None:
        by_rules = bool(json.loads((given.replay / result.NAME).read_text(encoding="utf-8"))["by_rules"])
    runs = given.runs / re.sub(r"[^\w.-]+", "_", given.model)
    folder: Path = given.replay or _made(runs / datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ"))
    purse, repeats = Purse(given.max_usd, given.max_calls), list[Repeat]()
    totals: dict[tuple[str, str], dict[str, float]] = {}
    missed = 0
    for number in range(1, given.repeats + 1):
        path = folder / f"transcript-{number}.jsonl"
        model: ChatModel
        if given.replay is not None:
            model = ReplayModel(path, model=given.model)
        else:
            path.touch()
            inner = OpenAIModel(model=given.model, key=key or None, base_url=base_url, temperature=0.2)
            model = RecordingModel(inner, path)
        panel = asking.panel(model)
        if number == 1:
            # Every name is a call; of readings those that the reader does not give alone.
            named = given.judge_names
            cases = (
                cases[: given.limit]
                if named
                else await asyncio.to_thread(asking.with_calls, cases, panel, given.limit)
            )
        try:
            if given.judge_names:
                judged = await names.judge_names(cases, panel, purse)
                print(names.text(judged, by_rules=by_rules))
                return 0
            repeats.append(await repeat(cases, panel, purse))
        finally:
            await model.close()
        missed += model.missed if isinstance(model, ReplayModel) else 0
        for who, counts in panel.asker.counters.totals().items():
            total = totals.setdefault(who, {})
            for name, n in counts.items():
                total[name] = total.get(name, 0) + n
        if repeats[-1].stopped:
            break
    print(report.text(repeats, totals, by_rules=by_rules))
    if given.replay is not None:
        return _not_recorded(missed)
    result.save(folder, given.model, repeats, by_rules=by_rules)
    if not by_rules:
        _difference(runs, folder, repeats)
    print(f"kept in {folder}")
    return 0


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _not_recorded(missed: int) -> int:
    if missed:
        print(
            f"{missed} questions at least were not recorded: the prompts or the cases changed",
            file=sys.stderr,
        )
    return 1 if missed else 0


def _difference(runs: Path, folder: Path, repeats: Sequence[Repeat]) -> None:
    earlier = result.last(runs, folder)
    if earlier is None:
        print("no earlier run of this model to compare with")
        return
    found = result.compare(earlier, result.states(repeats))
    print(
        f"against {earlier.parent.name}: {len(found.won)} won, {len(found.lost)} lost of {found.n_both}, "
        f"p = {found.p_value:.3f} (McNemar)"
    )
    for case_id in found.lost:
        print(f"  lost {case_id}")


def answers_by_rules(base_url: str, key: str) -> bool:
    """Whether the service behind the address is the one of the tests, which answers out of the reader."""
    if not base_url.startswith(("http://", "https://")):
        return False
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        f"{base_url.rstrip('/')}/models", headers={"authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - as above
            return RULES_OWNER in reply.read(65_536).decode("utf-8", "replace")
    except (urllib.error.URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main())
