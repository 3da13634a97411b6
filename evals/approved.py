"""Cases that a person approved, out of what `segmentry outcomes export` printed: YAML for `evals/cases/dev`.

python -m evals.approved FILE.ndjson

Lines whose `approved` is not true are left out. Nothing is written but stdout: what enters the evaluation is
put there by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

_KEYS = ("id", "category", "query", "expect", "current")


def files(lines: Iterable[str]) -> Iterator[str]:
    """The text of one case file per table and moment, in the order in which they come.

    Raises: ValueError for a line that is no JSON object.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        given: object = json.loads(line)
        if not isinstance(given, dict):
            raise ValueError(  # noqa: TRY004 - of the file, not of a caller
                f"line {number}: needs a JSON object"
            )
        told = cast("Mapping[str, Any]", given)
        if told.get("approved") is True:
            case = {key: told[key] for key in _KEYS if key in told}
            found.setdefault((str(told["catalog"]), str(told["now"])), []).append(case)
    for (catalog, now), cases in found.items():
        body = yaml.safe_dump(cases, sort_keys=False, allow_unicode=True, width=1000)
        yield f"catalog: {catalog}\nnow: {now}\ncases:\n{body}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0, also where nothing was approved; 2 without a file."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    texts = list(files(Path(given[0]).read_text(encoding="utf-8").splitlines()))
    print("---\n".join(texts), end="")
    print(f"{len(texts)} files of approved cases", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
