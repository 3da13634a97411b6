"""Refines criteria by the instructions written down and compares: right, asked, or silently wrong.

`python -m tests.reader.refining [-v]` prints what is not right, and the figures of both sets.
A file holds blocks of `parts` (texts that `<name>` stands for), `current` criteria, and `edits`: an
instruction with the criteria that it may lead to, `ask` (a question), or `ask: [...]` (a question whose
readings include these).
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypedDict, cast

import yaml
from segmentry.criteria import canonical, check, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import Node
from segmentry.reader.draft import Draft
from segmentry.reader.refine import refine

from evals import tables
from tests.reader import scoring

HERE = Path(__file__).parent / "refinements"
_BARE = frozenset({"clinic", "gaming", "insurance", "media"})
Verdict = Literal["right", "asked", "silent", "flagged"]


class _Asked(TypedDict):
    ask: list[str]


class _Block(TypedDict):
    parts: dict[str, str]
    current: str
    edits: list[tuple[str, str | list[str] | _Asked]]


@dataclass(frozen=True)
class Case:
    """`readings` are criteria that a question must offer; empty for any question."""

    catalog: str
    instruction: str
    current: str
    expect: tuple[str, ...]
    readings: tuple[str, ...] = ()


def cases(name: str) -> list[Case]:
    """The instructions of one file, such as `golf` or `held_out/golf`."""
    blocks = cast("list[_Block]", yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8")))
    found: list[Case] = []
    for block in blocks:
        parts = block["parts"]
        current = _whole(block["current"], parts)
        for instruction, expected in block["edits"]:
            readings = expected["ask"] if isinstance(expected, dict) else []
            accepted = ["ask"] if isinstance(expected, dict) else expected
            accepted = [accepted] if isinstance(accepted, str) else accepted
            found.append(
                Case(
                    Path(name).name,
                    instruction,
                    current,
                    tuple(_whole(each, parts) for each in accepted),
                    tuple(_whole(each, parts) for each in readings),
                )
            )
    return found


def names() -> list[str]:
    """Every file, the held-out ones last."""
    found = sorted(HERE.rglob("*.yaml"), key=lambda path: (path.parent != HERE, path.stem))
    return [path.relative_to(HERE).with_suffix("").as_posix() for path in found]


@cache
def load(name: str) -> Catalog:
    """The catalog of that name, from the tests or from the evaluation."""
    catalog = None if name in _BARE else scoring.load(name)
    return tables.load(name) if catalog is None else catalog


def judge(case: Case) -> tuple[Verdict, Draft]:
    """One instruction, followed and judged by canonical text; a tree that the check refuses is an error."""
    catalog = load(case.catalog)
    draft = refine(case.instruction, parse.loads(case.current), catalog, scoring.CLOCK)
    for node in (draft.node, *(reading.node for reading in draft.readings)):
        if node is not None:
            assert check.check(node, catalog, scoring.CLOCK).errors == ()
    if draft.outcome != "ok":
        offered = {canonical.text(reading.node, catalog) for reading in draft.readings}
        wanted = {_text(each, catalog) for each in case.readings}
        return ("right" if "ask" in case.expect and wanted <= offered else "asked"), draft
    assert draft.node is not None
    expected = {_text(each, catalog) for each in case.expect if each != "ask"}
    if canonical.text(draft.node, catalog) in expected:
        return "right", draft
    return ("silent" if draft.confidence >= 0.9 else "flagged"), draft


def _text(criteria: str, catalog: Catalog) -> str:
    return canonical.text(parse.loads(criteria), catalog)


def _whole(text: str, parts: dict[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda found: parts[found[1]], text)


def _printed(node: Node | None) -> str:
    return "none" if node is None else json.dumps(canonical.to_value(node), ensure_ascii=False)


def main() -> None:
    sums: dict[str, dict[Verdict, int]] = {}
    for name in names():
        group = "held out" if name.startswith("held_out/") else "first"
        figures = sums.setdefault(group, {"right": 0, "asked": 0, "flagged": 0, "silent": 0})
        for case in cases(name):
            verdict, draft = judge(case)
            figures[verdict] += 1
            if verdict != "right" and (len(sys.argv) < 2 or sys.argv[1] == group):
                offered = "".join(f"\n     - {each.label}: {_printed(each.node)}" for each in draft.readings)
                sys.stdout.write(
                    f"{verdict.upper()} {name}: {case.instruction}\n   of   {case.current}\n"
                    f"   want {case.expect} {case.readings}\n   got  {draft.outcome} {draft.confidence} "
                    f"{_printed(draft.node)} {draft.message}{offered}\n"
                )
    for group, figures in sums.items():
        sys.stdout.write(f"{group}: {sum(figures.values())} instructions, {figures}\n")


if __name__ == "__main__":
    main()
