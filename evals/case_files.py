"""The cases, read strictly: a case that could not be judged is an error that names its file and id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, cast

import yaml
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.errors import SegmentryError

from evals import tables

Split = Literal["dev", "blind"]
Word = Literal["ambiguous", "invalid_field", "refuse"]
SPLITS: tuple[Split, ...] = ("dev", "blind")
WORDS: tuple[Word, ...] = ("ambiguous", "invalid_field", "refuse")
HERE = Path(__file__).parent / "cases"
CATEGORIES = (
    *("list", "cmp", "range", "unit", "relative_date", "absolute_date", "negation", "exception", "boolean"),
    *("geo", "string", "logic", "comparative", "event", "absence", "percentile", "consent", "counter"),
    *("polyseme", "exists", "typo", "frame", "slang", "vague", "unknown_field", "out_of_scope", "injection"),
    *("language", "long", "refine", "everyone"),
)
_FILE_KEYS = {"catalog", "now", "cases"}
_CASE_KEYS = {"id", "category", "query", "expect", "asks", "current"}


class FaultyCases(Exception):
    """Case files that cannot be judged; `faults` has one line each with file, id and what is wrong."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class Case:
    """One query and what a reader may answer.

    `expect` are the accepted criteria, `words` the accepted outcomes other than an answer; `asks` are
    phrases that a question or the message must quote. `current` is what a refinement starts from. `over` is
    the table itself where it is made of the one named, and stands in no file.
    """

    id: str
    split: Split
    table: str
    category: str
    query: str
    clock: Clock
    expect: tuple[Node, ...]
    words: tuple[Word, ...]
    asks: tuple[str, ...]
    current: Node | None
    over: Catalog | None = None

    @property
    def in_domain(self) -> bool:
        """Whether the table can answer it."""
        return bool(self.expect)

    @property
    def catalog(self) -> Catalog:
        return tables.load(self.table) if self.over is None else self.over


def load(splits: Iterable[Split] = SPLITS, table: str | None = None, top: Path = HERE) -> tuple[Case, ...]:
    """The cases of some splits, in the order of their files; of one table alone if it is given.

    Raises: FaultyCases with all that is wrong.
    """
    faults: list[str] = []
    found: list[Case] = []
    seen: dict[str, str] = {}
    for split in splits:
        for path in sorted((top / split).glob("*.yaml")):
            where = f"{split}/{path.name}"
            for case in _file(path, where, split, faults):
                if case.id in seen:
                    faults.append(f"{where} {case.id}: the id is taken by {seen[case.id]}")
                seen[case.id] = where
                if table is None or case.table == table:
                    found.append(case)
    if faults:
        raise FaultyCases(faults)
    return tuple(found)


def _file(path: Path, where: str, split: Split, faults: list[str]) -> list[Case]:
    try:
        raw: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as err:
        faults.append(f"{where}: not YAML: {str(err).splitlines()[0]}")
        return []
    if not isinstance(raw, dict) or set(cast("dict[object, object]", raw)) != _FILE_KEYS:
        faults.append(f"{where}: needs exactly the keys {', '.join(sorted(_FILE_KEYS))}")
        return []
    head = cast("Mapping[str, object]", raw)
    table, now, cases = head["catalog"], head["now"], head["cases"]
    if not isinstance(now, datetime) or not isinstance(table, str) or not isinstance(cases, list):
        faults.append(f"{where}: needs a table's name, a time with Z and a list of cases")
        return []
    try:
        catalog = tables.load(table)
    except (ValueError, SegmentryError) as err:
        faults.append(f"{where}: {err}")
        return []
    # YAML drops the offset of a time it has moved to UTC.
    clock = Clock.at(now if now.tzinfo else now.replace(tzinfo=UTC), catalog.time_zone)
    found: list[Case] = []
    for number, each in enumerate(cast("list[object]", cases), 1):
        case = _Reading(where, split, table, catalog, clock, faults).case(each, number)
        if case is not None:
            found.append(case)
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """What all cases of one file have in common."""

    where: str
    split: Split
    table: str
    catalog: Catalog
    clock: Clock
    faults: list[str]

    def case(self, raw: object, number: int) -> Case | None:
        if not isinstance(raw, dict):
            self.faults.append(f"{self.where} case {number}: needs a mapping")
            return None
        given = cast("Mapping[str, object]", raw)
        name, before = str(given.get("id") or f"case {number}"), len(self.faults)

        def fault(message: str) -> None:
            self.faults.append(f"{self.where} {name}: {message}")

        for unknown in sorted(set(given) - _CASE_KEYS):
            fault(f"unknown key '{unknown}'; known are {', '.join(sorted(_CASE_KEYS))}")
        for key in ("id", "category", "query"):
            if not isinstance(given.get(key), str) or (not given[key] and key != "query"):
                fault(f"'{key}' needs a text")
        if given.get("category") not in CATEGORIES:
            fault(f"unknown category '{given.get('category')}'; known are {', '.join(CATEGORIES)}")
        wanted, asks = _texts(given.get("expect")), _texts(given.get("asks", []))
        if not wanted:
            fault("'expect' needs a list of criteria texts and outcome words")
        if asks is None:
            fault("'asks' needs a list of texts")
        words: list[Word] = [word for word in WORDS if word in (wanted or ())]
        if asks and not words:
            fault("'asks' needs an outcome word beside it in 'expect'")
        expect = [self._criteria(each, fault) for each in wanted or () if each not in WORDS]
        current = given.get("current")
        if (given.get("category") == "refine") != isinstance(current, str):
            fault("'current' needs a criteria text in cases of refine, and in no other")
        start = self._criteria(current, fault) if isinstance(current, str) else None
        if len(self.faults) > before:
            return None
        nodes = tuple(each for each in expect if each is not None)
        query, category = str(given["query"]), str(given["category"])
        return Case(
            name,
            self.split,
            self.table,
            category,
            query,
            self.clock,
            nodes,
            tuple(words),
            tuple(asks or ()),
            start,
        )

    def _criteria(self, text: str, fault: _Fault) -> Node | None:
        try:
            node = parse.loads(text)
        except SegmentryError as err:
            # What the criteria of a blind case say stays unprinted: the fault and its place are enough.
            fault(f"an expected text is no criteria: {err.reason}")
            return None
        errors = check.check(node, self.catalog, self.clock).errors
        for each in errors:
            fault(f"criteria are refused at {each.path}: {each.message}")
        return None if errors else node


class _Fault(Protocol):
    def __call__(self, message: str) -> None: ...


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    return (
        [each for each in items if isinstance(each, str)]
        if all(isinstance(each, str) for each in items)
        else None
    )
