"""Reads the held-out sentences and compares: right, asked (a question instead of an answer), or wrong.

`python -m tests.reader.scoring [-v]` prints the table by category.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import cast

import yaml
from segmentry.criteria import canonical, catalog_toml, check, parse, witness
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.strict_json import decode
from segmentry.customers import inline
from segmentry.errors import JsonValue
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

from evals import tables
from tests.reader import catalogs, catalogs_bare, catalogs_deeds, catalogs_more

HERE = Path(__file__).parent
SHARED = HERE.parents[1].parent / "shared" / "data"
# sentences about what people did, over the tables of `evals` and of `catalogs_deeds`
DEEDS = "deeds_"
TABLES = {"telco": "telco_churn.csv", "bank": "bank_marketing.csv"}
OUTCOMES = ("ambiguous", "invalid_field", "refuse")
CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))


@dataclass(frozen=True)
class Case:
    catalog: str
    query: str
    category: str
    expect: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    case: Case
    draft: Draft
    right: bool
    silent: bool
    valid: bool


def cases(name: str) -> list[Case]:
    rows = cast(
        "list[tuple[str, str, str | list[str]]]",
        yaml.safe_load((HERE / "sentences" / f"{name}.yaml").read_text(encoding="utf-8")),
    )
    return [
        Case(name, query, category, (expect,) if isinstance(expect, str) else tuple(expect))
        for query, category, expect in rows
    ]


def load(name: str) -> Catalog | None:
    """The catalog of that name; None when its table is not at hand."""
    if name == "golf":
        text = files("segmentry.customers").joinpath("catalogs/golf.toml").read_text(encoding="utf-8")
        return catalog_toml.loads(text)
    if name in TABLES:
        path = SHARED / TABLES[name]
        if not path.exists():
            return None
        from segmentry.customers.load import load_table  # noqa: PLC0415 - polars, only when a table is there

        return load_table(path, name).catalog
    if name.startswith(DEEDS):
        name = name.removeprefix(DEEDS)
        return catalogs_deeds.DEEDS.get(name) or tables.load(name)
    table = HERE / "tables" / f"{name}.json"
    if table.exists():
        given = cast("dict[str, JsonValue]", decode(table.read_text(encoding="utf-8")))
        return inline.catalog(given["schema"], given.get("rows"))
    described = HERE / "tables" / f"{name}.toml"
    if described.exists():
        return catalog_toml.loads(described.read_text(encoding="utf-8"))
    return {**catalogs.ALL, **catalogs_more.MORE, **catalogs_bare.BARE}[name]


def judge(case: Case, catalog: Catalog) -> Verdict:
    draft = read(case.query, catalog, CLOCK)
    valid = all(
        not check.check(node, catalog, CLOCK).errors
        for node in (draft.node, *(reading.node for reading in draft.readings))
        if node is not None
    )
    right = any(_meets(draft, expected, catalog) for expected in case.expect)
    return Verdict(case, draft, right, not right and draft.outcome == "ok" and draft.confidence >= 0.9, valid)


def _meets(draft: Draft, expected: str, catalog: Catalog) -> bool:
    if expected in OUTCOMES:
        return draft.outcome == expected
    if draft.outcome != "ok" or draft.node is None:
        return False
    wanted = parse.loads(expected)
    if canonical.text(draft.node) == canonical.text(wanted):
        return True
    return not check.check(draft.node, catalog, CLOCK).errors and witness.equal(
        draft.node, wanted, catalog, CLOCK
    )


def table(verdicts: list[Verdict]) -> str:
    lines = [f"{'category':<14}{'right':>7}{'of':>5}{'silent':>8}"]
    total: Counter[str] = Counter()
    for category in [*dict.fromkeys(sorted(v.case.category for v in verdicts)), "all"]:
        some = [v for v in verdicts if category in (v.case.category, "all")]
        right = sum(v.right for v in some)
        total[category] = len(some)
        lines.append(f"{category:<14}{right:>7}{len(some):>5}{sum(v.silent for v in some):>8}")
    return "\n".join(lines)


def main() -> None:
    verdicts: list[Verdict] = []
    for path in sorted((HERE / "sentences").glob("*.yaml")):
        catalog = load(path.stem)
        if catalog is None:
            continue
        verdicts += [judge(case, catalog) for case in cases(path.stem)]
    for verdict in verdicts:
        if not verdict.right or not verdict.valid:
            case, draft = verdict.case, verdict.draft
            got = None if draft.node is None else canonical.text(draft.node)
            lost = [span.text for span in draft.unexplained]
            flag = "SILENT " if verdict.silent else ""
            flag += "" if verdict.valid else "INVALID "
            sys.stdout.write(
                f"{flag}{case.catalog}: {case.query}\n   want {case.expect}\n   got  {draft.outcome} "
                f"{draft.confidence} {got} lost={lost} {draft.message} {draft.ambiguities}\n"
            )
    sys.stdout.write(table(verdicts) + "\n")


if __name__ == "__main__":
    main()
