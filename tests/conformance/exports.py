"""Exports as engines: the criteria are exported, and an outside judge runs the text over the rows.

An export that calls itself inexact may differ; it then answers with EXPORT_INEXACT instead of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, cast

from segmentry.criteria import match
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import elasticsearch, jsonlogic, mongodb
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.matchline import Engine, reference
from segmentry.criteria.nodes import Node
from segmentry.errors import InvalidRequest

from tests.judges import documents, node
from tests.judges import elasticsearch as evaluator


class Inexact(InvalidRequest):
    """An export that said it could not be exact, and was not."""

    reason: ClassVar[str] = "EXPORT_INEXACT"


Judge = Callable[[Exported, Catalog, Sequence[Row]], list[bool]]


def by_mingo(exported: Exported, catalog: Catalog, rows: Sequence[Row]) -> list[bool]:
    """The MongoDB filter through mingo."""
    written = documents.documents(catalog, rows, documents.mongodb)
    return node.ask("mongodb", exported.json, written, documents.longs(catalog))


def by_json_logic_js(exported: Exported, catalog: Catalog, rows: Sequence[Row]) -> list[bool]:
    """The JSON-Logic rule through json-logic-js."""
    written = documents.documents(catalog, rows, documents.jsonlogic)
    return node.ask("jsonlogic", exported.json, written)


def by_evaluator(exported: Exported, catalog: Catalog, rows: Sequence[Row]) -> list[bool]:
    """The Elasticsearch query through the evaluator of the used subset."""
    written = documents.documents(catalog, rows, documents.elasticsearch)
    return [evaluator.matches(exported.json, each) for each in written]


def engine(export: Callable[[Node, Source], Exported], judge: Judge) -> Engine:
    """An export and its judge as an engine."""

    def select(
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> list[bool]:
        folded = {each.name for each in catalog.fields if each.case_insensitive}
        plain = match.without_tops(bound, rows, as_of, events or [()] * len(rows), folded=folded)
        exported = export(plain, Source(catalog, Clock.at(as_of)))
        found = judge(exported, catalog, rows)
        if not exported.exact and found != reference(catalog, rows, events, bound, as_of):
            raise Inexact("; ".join(exported.notes))
        return found

    return select


MINGO = engine(mongodb.export, by_mingo)
JSON_LOGIC_JS = engine(jsonlogic.export, by_json_logic_js)
ELASTICSEARCH = engine(elasticsearch.export, by_evaluator)


# What an export may not be able to say, by engine: `$event` for all of these.
UNSUPPORTED = ("mongodb export (mingo)", "jsonlogic export", "elasticsearch export")
# The cases that a target has no words for, and says so.
UNSAID: Mapping[str, frozenset[str]] = {
    "jsonlogic export": frozenset(
        {
            "words-dot",
            "dotted-text-at-least",
            "dotted-text-below",
            "dotted-text-unset",
            "dotted-date-before",
            "dotted-number-below",
            "dotted-integer-at-least",
        }
    )
}
# The cases in which a target cannot tell apart what criteria tell apart, and says so.
INEXACT: Mapping[str, frozenset[str]] = {
    "mongodb export (mingo)": frozenset(
        {"datetime-microsecond", "datetime-eq-the-microsecond", "datetime-until-the-microsecond-before"}
    ),
    "jsonlogic export": frozenset(
        {
            "integer-eq-exact",
            "integer-gt-exact",
            "integer-in-beyond-a-double",
            "integer-in-exact",
            "integer-neq-exact",
            "top-beyond-doubles",
        }
    ),
    "elasticsearch export": frozenset(
        {
            "datetime-microsecond",
            "datetime-eq-the-microsecond",
            "datetime-until-the-microsecond-before",
            "empty-array-is-a-value",
            "array-in-null",
            "array-nin-null",
            "array-null",
            "array-exists",
            "array-exists-not",
            "array-in-only-null",
            "array-neq-null",
            "element-list-of-none-is-set",
            "element-nin-with-null",
        }
    ),
}


def excused(name: str, case: Mapping[str, object], found: Mapping[str, object]) -> bool:
    """Whether an engine answers as an export should that cannot say these criteria, or not exactly."""
    error = found.get("error")
    code = cast("dict[str, str]", error)["code"] if isinstance(error, dict) else ""
    asks_events = "$event" in f"{case['criteria']} {case.get('segments', '')}"
    if name in UNSUPPORTED and asks_events:
        assert code == "EXPORT_UNSUPPORTED", found
        assert "$event" in str(cast("dict[str, str]", error)["path"]) or "segments" in case
        return True
    if case["id"] in UNSAID.get(name, ()):
        assert code == "EXPORT_UNSUPPORTED", found
        return True
    if case["id"] in INEXACT.get(name, ()):
        assert code == "EXPORT_INEXACT", found
        return True
    return False
