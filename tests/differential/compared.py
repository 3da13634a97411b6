"""One drawn table put to the reference matcher and to an engine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from segmentry.criteria import check, parse
from segmentry.criteria.nodes import Node

from tests.differential.drawn import Sheet
from tests.differential.engines import REFERENCE, Asked


@dataclass
class Tally:
    """Questions asked, and per engine the answers, the refusals and what was answered differently."""

    questions: int = 0
    tables: int = 0
    answered: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    disagreements: list[str] = field(default_factory=list[str])


def together(tallies: Iterable[Tally]) -> Tally:
    """The sum of several tallies."""
    total = Tally()
    for each in tallies:
        total.questions += each.questions
        total.tables += each.tables
        total.answered += each.answered
        total.refused += each.refused
        total.disagreements += each.disagreements
    return total


def bound(sheet: Sheet) -> list[Node]:
    """The criteria of a sheet, read and checked by the real reader and checker."""
    return [check.require(parse.loads(text), sheet.catalog, sheet.clock).bound for text in sheet.criteria]


def compare(sheet: Sheet, engines: Mapping[str, Asked], tally: Tally) -> None:
    """Ask every engine every question of a sheet; what differs is kept with all it takes to repeat it."""
    trees = bound(sheet)
    expected = REFERENCE(sheet.catalog, sheet.rows, sheet.events, trees, sheet.clock.as_of)
    tally.questions += len(trees)
    tally.tables += 1
    for name, ask in engines.items():
        found = ask(sheet.catalog, sheet.rows, sheet.events, trees, sheet.clock.as_of)
        for text, answer, right in zip(sheet.criteria, found, expected, strict=True):
            if answer is None:
                tally.refused[name] += 1
                continue
            tally.answered[name] += 1
            if answer != right:
                tally.disagreements.append(
                    f"{name}: {text}\n  rows {_rows(answer)}, not {_rows(right)}\n  {_line(sheet, text)}"
                )


def _rows(mask: Iterable[bool] | str | None) -> list[int] | str:
    return mask if isinstance(mask, str) else [number for number, hit in enumerate(mask or ()) if hit]


def _line(sheet: Sheet, criteria: str) -> str:
    return json.dumps({"id": "again", **sheet.line, "criteria": criteria}, ensure_ascii=False)
