"""`make bench`: every paired benchmark, each with both sides in one run.

python -m benchmarks [rpc] [sweep]        # all of them by default
"""

from __future__ import annotations

import sys

from benchmarks import rpc, sweep

ALL = {"rpc": rpc.main, "sweep": sweep.main}


def main() -> int:
    """Run the named benchmarks one after the other; 2 for a name that is none."""
    wanted = sys.argv[1:] or list(ALL)
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    for name in wanted:
        print(f"==> {name}")
        ALL[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
