"""Criteria as the SQL condition that people take away: text, parameters as JSON, and how to use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from segmentry.criteria import walk
from segmentry.criteria.bind import MAX_EXACT
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import iso
from segmentry.criteria.export import placeholders
from segmentry.criteria.export.dialects import Dialect
from segmentry.criteria.export.exported import Exported, Source, Verified
from segmentry.criteria.export.remarks import Remarks, note_folded
from segmentry.criteria.export.sql import condition, quoted, relation
from segmentry.criteria.nodes import Event, Leaf, Node, Operator, Scalar, Value
from segmentry.errors import JsonScalar, JsonValue


@dataclass(frozen=True, slots=True)
class _Advice:
    """What a target's users have to know. `arrays_lose_null`: its plain arrays are never unset."""

    verified: Verified
    placeholders: str
    types: str
    session: str = ""
    arrays_lose_null: str = ""


_ADVICE: Mapping[str, _Advice] = {
    "postgresql": _Advice(
        "run",
        r"$1, $2 ... stand for the parameters in their order, each cast to its type; psql 16 takes the "
        r"values after the statement: \bind VALUE ... \g",
        "columns are text, bigint, double precision, boolean, timestamptz and text[]",
        "timestamp without time zone needs SET TimeZone = 'UTC'; collations must be deterministic",
    ),
    "duckdb": _Advice(
        "run",
        "$1, $2 ... stand for the parameters in their order, each cast to its type; its shell takes them by "
        "PREPARE segment AS SELECT ...; EXECUTE segment(VALUE, ...)",
        "columns are VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP in UTC and VARCHAR[]",
    ),
    "sqlite": _Advice(
        "run",
        "?1, ?2 ... stand for the parameters in their order; its shell takes them by .parameter set ?1 VALUE",
        "columns are TEXT, INTEGER and REAL; booleans are 0 and 1, times ISO-8601 text in UTC "
        "(2025-10-17T00:00:00Z), arrays JSON text",
    ),
    "clickhouse": _Advice(
        "run",
        "{p1:Type}, {p2:Type} ... are the query parameters p1, p2 ... (clickhouse-client "
        "--param_p1=VALUE); times are microseconds since 1970; the items of an Array(Int64) are written "
        "without quotes, those too that are text here",
        "columns are Nullable(String), Nullable(Int64), Nullable(Float64), Nullable(Bool), "
        "Nullable(DateTime64(6, 'UTC')) and Variant(Array(String))",
        "keep transform_null_in and join_use_nulls at 0, as they are by default",
        "a plain Array(String) is never NULL: there [] counts as a value, and nothing is unset",
    ),
    "spark": _Advice(
        "shape",
        "each ? stands for the next parameter: spark.sql(statement, args=[...])",
        "columns are STRING, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP and ARRAY<STRING>",
        "set spark.sql.session.timeZone to UTC and spark.sql.ansi.enabled to true",
    ),
    "bigquery": _Advice(
        "shape",
        "@p1, @p2 ... are query parameters, given as p1, p2 ... (bq query --parameter=p1:TYPE:VALUE); lists "
        "are ARRAY parameters",
        "columns are STRING, INT64, FLOAT64, BOOL, TIMESTAMP and repeated STRING",
        "",
        "a repeated column is never NULL: there [] counts as unset",
    ),
    "snowflake": _Advice(
        "shape",
        "each ? stands for the next parameter (cursor.execute(text, parameters) with paramstyle qmark)",
        "columns are VARCHAR without collation, NUMBER(38, 0), FLOAT, BOOLEAN, TIMESTAMP_TZ and ARRAY",
    ),
}


_OF_VIEWS = "the view is yours to create: nothing of it is run here; its rows are found whenever it is read"


def export(bound: Node, source: Source, dialect: Dialect, view: str = "") -> Exported:
    """The condition of a checked tree in a dialect, to stand after WHERE.

    With a name of a `view` the statement defines it: values stand in the text, and there are no parameters.

    Parameters are JSON: times are ISO text, whole numbers beyond 2^53 are text. Float columns are read so
    that NaN and infinities count as unset, because what a table holds is not known here.

    Raises: ExportUnsupported for `$event` where the catalog names no key column.

    >>> from datetime import UTC
    >>> from segmentry.criteria.dates import Clock
    >>> from segmentry.criteria.export.dialects import SQLITE
    >>> golf = Source(Catalog("golf", (Field("city", "string"),)), Clock.at(datetime.now(UTC)))
    >>> found = export(Leaf("city", Operator.CONTAINS, "arl"), golf, SQLITE)
    >>> found.text, found.parameters
    ('instr(`city`, CAST(?1 AS TEXT)) > 0', ('arl',))
    """
    catalog, advice = source.catalog, _ADVICE[dialect.name]
    stored = (each.stored for each in catalog.fields)
    floats = (each.column_name for each in stored if each.type == "number" and not each.integer)
    kept = placeholders.moving(bound)
    zone = source.clock.zone.key if kept else ""
    origin = source.origin.read_by(dialect)
    written = condition(
        bound,
        catalog,
        dialect,
        source.clock.as_of,
        nan_columns=frozenset(floats),
        zone=zone,
        origin=origin,
        in_place=bool(view),
    )
    remarks = Remarks(dialect.name)
    table = relation(origin.relation or catalog.schema, dialect)
    where = "it selects from" if view else "it stands after WHERE, or in FILTER (WHERE ...), over"
    remarks.note(f"{where} {table} or what your table is called")
    remarks.note(_OF_VIEWS if view else advice.placeholders)
    remarks.note(advice.types)
    if origin.tenant_column:
        owner = quoted(origin.tenant_column, dialect)
        tables = f"{table} and the tables of events" if _events(bound) else table
        remarks.note(f"{tables} hold rows of several tenants: {owner} picks those of {origin.tenant}")
    if cast := [name for name in walk.fields(bound) if name in origin.customers.fields]:
        remarks.note(
            f"{', '.join(cast)} are cast as the server reads them, as their columns have other types"
        )
    if kept:
        remarks.note(f"{', '.join(kept)} move with now() of the database, by the days of {zone}")
    if advice.session:
        remarks.note(advice.session)
    for name in walk.fields(bound):
        note_folded(remarks, catalog.by_name[name])
    for event in _events(bound):
        _note_event(remarks, event, catalog, dialect)
    if advice.arrays_lose_null:
        for leaf, field in _leaves(bound, catalog):
            if field.type == "array" and _asks_for_unset(leaf):
                remarks.inexact(f"{field.name}: {advice.arrays_lose_null}")
    parameters = tuple(_json(each) for each in written.parameters)
    selected = quoted(catalog.key_column, dialect) if catalog.key else "*"
    defined = f"CREATE OR REPLACE VIEW {relation(view, dialect)} AS\n" if view else ""
    statement = f"{defined}SELECT {selected}\nFROM {table}\nWHERE {written.text}"
    notes = tuple(remarks.notes)
    return Exported(written.text, parameters, None, remarks.exact, advice.verified, notes, statement)


def _events(bound: Node) -> list[Event]:
    return [each for each in walk.leaves(bound) if isinstance(each, Event)]


def _note_event(remarks: Remarks, event: Event, catalog: Catalog, dialect: Dialect) -> None:
    known = catalog.event_by_name[event.name]
    key = quoted(known.key_column or catalog.key_column, dialect)
    remarks.note(
        f"{event.name} needs the table {relation(known.table_name, dialect)}, one row for each event: "
        f"{key} is the customer, {quoted(known.time_column, dialect)} the time"
    )


def _leaves(node: Node, catalog: Catalog) -> Iterator[tuple[Leaf, Field]]:
    """Every leaf with its field, those inside an event's `where` with the property."""
    for leaf in walk.leaves(node):
        if isinstance(leaf, Leaf):
            yield leaf, catalog.by_name[leaf.field]
        elif isinstance(leaf, Event) and leaf.where is not None:
            yield from _leaves(leaf.where, catalog.properties_of(leaf.name))


def _asks_for_unset(leaf: Leaf) -> bool:
    """Whether [] and unset differ: everywhere else an array without elements is as good as none."""
    given = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return leaf.operator is Operator.EXISTS or None in given


def _json(value: Value) -> JsonValue:
    return [_scalar(each) for each in value] if isinstance(value, tuple) else _scalar(value)


def _scalar(value: Scalar) -> JsonScalar:
    match value:
        case datetime():
            return iso(value)
        case bool():
            return value
        case int() if abs(value) > MAX_EXACT:
            return str(value)
        case _:
            return value
