"""The languages that criteria can be written in, one row each. A new one is a file and a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from segmentry.criteria import suggest
from segmentry.criteria.export import (
    dialects,
    elasticsearch,
    jsonlogic,
    klaviyo,
    mongodb,
    placeholders,
    polars,
    statement,
)
from segmentry.criteria.export.exported import Exported, Source, Verified
from segmentry.criteria.export.remarks import unsupported
from segmentry.criteria.nodes import Node
from segmentry.errors import InvalidParameters

Export = Callable[[Node, Source], Exported]
View = Callable[[Node, Source, str], Exported]
# In bytes, each part of the name: PostgreSQL cuts longer ones off without a word.
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Target:
    """One language.

    `verified` says how far our tests show it to be right; `exact` is False when some criteria come out as
    nearly the same customers, which the export itself then says; `moving` says whether it can keep dates
    such as 60 days ago as such; `tenants` says whether its exports pick the rows of one tenant by themselves.
    `view` defines a view of the members, where that is written.
    """

    name: str
    language: str
    export: Export
    verified: Verified
    exact: bool = True
    moving: bool = False
    tenants: bool = False
    view: View | None = None


def _view(dialect: dialects.Dialect) -> View:
    def define(node: Node, source: Source, name: str) -> Exported:
        return statement.export(node, source, dialect, name)

    return define


def _sql(dialect: dialects.Dialect) -> Export:
    def export(node: Node, source: Source) -> Exported:
        return statement.export(node, source, dialect)

    return export


TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target("mongodb", "MongoDB filter, extended JSON", mongodb.export, "run", exact=False),
        Target(
            "postgresql",
            "PostgreSQL condition",
            _sql(dialects.POSTGRESQL),
            "run",
            moving=True,
            tenants=True,
            view=_view(dialects.POSTGRESQL),
        ),
        Target(
            "duckdb",
            "DuckDB condition",
            _sql(dialects.DUCKDB),
            "run",
            tenants=True,
            view=_view(dialects.DUCKDB),
        ),
        Target("sqlite", "SQLite condition", _sql(dialects.SQLITE), "run", tenants=True),
        Target(
            "clickhouse", "ClickHouse condition", _sql(dialects.CLICKHOUSE), "run", exact=False, tenants=True
        ),
        Target("spark", "Spark SQL condition", _sql(dialects.SPARK), "shape", tenants=True),
        Target("bigquery", "BigQuery condition", _sql(dialects.BIGQUERY), "shape", exact=False, tenants=True),
        Target("snowflake", "Snowflake condition", _sql(dialects.SNOWFLAKE), "shape", tenants=True),
        Target("polars", "Polars expression", polars.export, "run"),
        Target("klaviyo", "Klaviyo segment definition", klaviyo.export, "shape", exact=False),
        Target(
            "elasticsearch",
            "Elasticsearch query",
            elasticsearch.export,
            "shape",
            exact=False,
            moving=True,
        ),
        Target("jsonlogic", "JSON-Logic rule", jsonlogic.export, "run", exact=False),
    )
}


# What people call the targets, beside their names here.
_OTHER_NAMES: Mapping[str, str] = {
    **{name: name for name in TARGETS},
    "mongo": "mongodb",
    "postgres": "postgresql",
    "psql": "postgresql",
    "sql": "postgresql",
    "elastic": "elasticsearch",
    "opensearch": "elasticsearch",
    "databricks": "spark",
    "big_query": "bigquery",
    "json-logic": "jsonlogic",
    "json_logic": "jsonlogic",
}


def write(target: str, node: Node, source: Source, view: str = "") -> Exported:
    """Criteria in another language.

    `node` is bound, with its `$top` resolved; it may hold placeholders again (`placeholders.keep`), which
    stay where the target has moving dates and become fixed times elsewhere, with a note. Of a table of
    several tenants SQL picks the rows of the one; elsewhere a note says how, and `exact` is False. With a
    `view`, a name that may have a schema before a dot, the statement defines a view of the members.

    Raises: ExportUnsupported (target, path, allowed) for an unknown target, with the nearest as suggestion,
    for a leaf that it cannot say, and for a view where none is written; InvalidParameters for a name that
    no view can have.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.catalog import Catalog
    >>> from segmentry.criteria.dates import Clock
    >>> from segmentry.criteria.nodes import Everyone
    >>> write("mongodb", Everyone(), Source(Catalog("t", ()), Clock.at(datetime.now(UTC)))).text
    '{}'
    """
    row = TARGETS.get(target)
    if row is None:
        allowed = ", ".join(TARGETS)
        # An empty name is near to nothing.
        near = suggest.nearest(target, _OTHER_NAMES, most=1) if target else []
        shown = f"{target[:60]} is no export target" if target else "target is needed"
        meant = f", the nearest is {_OTHER_NAMES[near[0]]}" if near else ""
        error = unsupported(target, "", f"{shown}{meant}; there are {allowed}", allowed)
        if near:
            error.metadata["suggestion"] = _OTHER_NAMES[near[0]]
        raise error
    export = row.export if not view else _viewing(row, view)
    kept = placeholders.moving(node)
    if not kept or row.moving:
        return _owned(row, export(node, source), source)
    found = export(placeholders.fixed(node, source.clock), source)
    note = f"{row.language} has no moving dates: {', '.join(kept)} became fixed times, so export again later"
    return _owned(row, replace(found, notes=(*found.notes, note)), source)


def _viewing(row: Target, name: str) -> Export:
    """The export that defines a view of that name."""
    define = row.view
    if define is None:
        allowed = ", ".join(each.name for each in TARGETS.values() if each.view is not None)
        raise unsupported(row.name, "", f"views are written for {allowed}, not for {row.name}", allowed)
    for part in name.split("."):
        if not part.strip() or not part.isprintable() or len(part.encode()) > _LONGEST_NAME:
            said = (
                f"{name[:80]!r} is no name of a view: 1 to {_LONGEST_NAME} bytes, with a schema before a dot "
                "where it is in one"
            )
            raise InvalidParameters(said, field="view", value=name[:80])
    return lambda node, source: define(node, source, name)


def _owned(row: Target, found: Exported, source: Source) -> Exported:
    """The export with a note where it leaves other tenants' rows in."""
    origin = source.origin
    if row.tenants or not origin.tenant_column:
        return found
    note = (
        f"{origin.relation or source.catalog.schema} and the tables of its events hold rows of several "
        f"tenants, and this selects from all: add that {origin.tenant_column} is {origin.tenant}"
    )
    return replace(found, exact=False, notes=(note, *found.notes))
