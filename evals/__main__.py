"""`make evals`: read every case, report, and compare with the committed result.

python -m evals --split dev --show          # what is not right yet, with queries
python -m evals --catalog retail --show
python -m evals --check                     # 1 if something that was right broke
python -m evals --accept [--because "..."]  # the run becomes the committed result
python -m evals --live --help               # the same cases with a model (`evals/live`)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evals import baseline, latency, report
from evals.case_files import SPLITS, FaultyCases, load
from evals.judge import Verdict, judge


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all went well, 1 if the gate is shut, 2 if the cases or the arguments are faulty."""
    given_arguments = list(sys.argv[1:] if arguments is None else arguments)
    if "--live" in given_arguments:
        # A model is loaded for a live run alone.
        from evals.live.__main__ import main as live  # noqa: PLC0415

        return live([each for each in given_arguments if each != "--live"])
    given = _parser().parse_args(given_arguments)
    splits = SPLITS if given.split == "all" else (given.split,)
    whole = given.split == "all" and given.catalog is None
    if given.accept and not whole:
        print("--accept needs all splits and all catalogs", file=sys.stderr)
        return 2
    try:
        cases = load(splits, given.catalog)
    except FaultyCases as err:
        print("\n".join(err.faults), file=sys.stderr)
        return 2
    if not cases:
        print("no case fits", file=sys.stderr)
        return 2
    verdicts = [judge(each) for each in cases]
    _show(verdicts, given.show, given.show_blind)
    print(report.text(verdicts))
    print(latency.text(cases))
    return _against(verdicts, given, whole=whole)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description="How well the reader reads.")
    parser.add_argument("--split", choices=("dev", "blind", "all"), default="all")
    parser.add_argument("--catalog", metavar="NAME", help="only the cases about this table")
    parser.add_argument("--show", action="store_true", help="print what is not right of the dev split")
    parser.add_argument("--show-blind", action="store_true", help="print it of the blind split as well")
    parser.add_argument("--check", action="store_true", help="fail if a case that was right broke")
    parser.add_argument("--accept", action="store_true", help="commit to this result")
    parser.add_argument("--because", default="", metavar="TEXT", help="why cases that were right are lost")
    return parser


def _show(verdicts: Sequence[Verdict], show: bool, show_blind: bool) -> None:
    shown = {split for split, wanted in (("dev", show), ("blind", show_blind)) if wanted}
    text = report.failures([each for each in verdicts if each.case.split in shown])
    if text:
        print(f"{text}\n")


def _against(verdicts: Sequence[Verdict], given: argparse.Namespace, *, whole: bool) -> int:
    before = baseline.load()
    found = baseline.compare(before, verdicts, whole=whole)
    if given.accept:
        try:
            baseline.save(baseline.accepted(before, verdicts, given.because))
        except ValueError as err:
            print(err, file=sys.stderr)
            return 2
        print(f"accepted: {len(found.won)} won, {len(found.lost)} lost, {len(found.new)} new")
        return 0
    print(f"against the committed result: {len(found.won)} won, {len(found.lost)} lost, {len(found.new)} new")
    for fault in found.faults:
        print(f"  {fault}")
    return 1 if given.check and found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
