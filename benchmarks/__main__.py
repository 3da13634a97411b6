"""`make bench`: every paired benchmark, each with both sides in one run.

python -m benchmarks                               # all of them
python -m benchmarks engines --members 1000000     # one, with its own arguments
make bench ARGS="engines --members 1000000"
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from benchmarks import (
    builds,
    cancels,
    checks,
    compiled,
    crasher,
    engines,
    fanout,
    large,
    predict,
    reader,
    rpc,
    runs,
    seam,
    sweep,
    tables,
)

ALL: dict[str, Callable[[Sequence[str]], None]] = {
    "rpc": rpc.main,
    "sweep": lambda given: sweep.main(tuple(int(each) for each in given) or sweep.ROWS),
    "engines": engines.main,
    "compiled": compiled.main,
    "predict": lambda given: predict.main(*(int(each) for each in given)),
    "reader": reader.main,
    "seam": seam.main,
    "fanout": fanout.main,
    "builds": builds.main,
    "cancels": cancels.main,
    "checks": checks.main,
    "crasher": crasher.main,
    "runs": runs.main,
    "large": large.main,
    "tables": tables.main,
}


def main() -> int:
    """Run the named benchmark with its arguments, or several or all without; 2 for a name that is none."""
    names = [each for each in sys.argv[1:] if each[:1].isalpha()]
    given = [each for each in sys.argv[1:] if each not in names]
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    if given and not names:
        print(f"arguments belong to one benchmark: name it first ({', '.join(ALL)})", file=sys.stderr)
        return 2
    for name in names or ALL:
        print(f"==> {name}")
        ALL[name](given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
