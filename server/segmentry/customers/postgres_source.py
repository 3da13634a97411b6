"""A relation of PostgreSQL as the source of a snapshot: customers and their events, copied as one version."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.export.origin import Origin, Readings
from segmentry.customers import copied_text, infer, postgres_origin
from segmentry.customers.copied_text import CopiedColumn
from segmentry.customers.postgres import TENANT_SETTING
from segmentry.customers.postgres_relation import Native, columns, qualified, quoted, reading
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.table_file import read_catalog
from segmentry.errors import DatasetTooLarge, EmptyDataset, InvalidParameters, UnreadableTable
from segmentry.postgresql.copying import Copying, one_version

COPY_TIMEOUT_S = 600.0
_OWNER, _KEY, _AT, _FILLER = "owner", "\x00key", "at", "\x00filler"


@dataclass(frozen=True, slots=True)
class Relation:
    """Where customers are: a table or view, and in it the rows whose `tenant_column` holds `tenant`."""

    dsn: str = field(repr=False)
    name: str
    tenant: str = ""
    tenant_column: str = ""


@dataclass
class _Copied:
    """Pieces of one relation, read."""

    columns: list[CopiedColumn]
    digest: hashlib.blake2b
    most_rows: int | None = None
    rows: int = 0
    parts: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])

    def read(self, piece: bytes) -> pl.DataFrame:
        self.digest.update(piece)
        return copied_text.read(piece, self.columns)

    async def take(self, piece: bytes) -> None:
        part = await asyncio.to_thread(self.read, piece)
        self.rows += part.height
        if self.most_rows is not None and self.rows > self.most_rows:
            raise too_large(self.rows, self.most_rows)
        self.parts.append(part)

    def frame(self) -> pl.DataFrame:
        """All rows; the parts are given up for it."""
        parts, self.parts = self.parts, []
        if not parts:
            return pl.DataFrame([each.read(pl.Series([], dtype=pl.String)) for each in self.columns])
        return pl.concat(parts, how="vertical_relaxed", rechunk=True)


class _CopiedEvents(_Copied):
    """Events, each with the row of its customer instead of the customer's key."""

    def __init__(self, columns: list[CopiedColumn], digest: hashlib.blake2b, owners: pl.DataFrame) -> None:
        super().__init__(columns, digest)
        self._owners = owners
        self.strays = 0
        self.readings = Readings()

    def read(self, piece: bytes) -> pl.DataFrame:
        joined = super().read(piece).join(self._owners, on=_KEY, how="left", maintain_order="left")
        self.strays += joined[_OWNER].null_count()
        return joined.filter(pl.col(_OWNER).is_not_null()).drop(_KEY)

    def frame(self) -> pl.DataFrame:
        frame = super().frame()
        return frame if _OWNER in frame.columns else frame.with_columns(pl.Series(_OWNER, [], dtype=pl.Int32))


def too_large(rows: int, most_rows: int) -> DatasetTooLarge:
    """What is said of a table that does not fit, and what would work."""
    return DatasetTooLarge(
        f"the table has {rows:,} rows or more, and at most {most_rows:,} are copied into memory; analyse a "
        "smaller table or view, or raise max_analysis_rows",
        rows=rows,
        maximum=most_rows,
    )


class PostgresSource:
    """One relation, and the catalog that says what it means (without one: inferred).

    `most_rows` refuses a larger table. A catalog is inferred without the column `left_out`. Use `load` for a
    first snapshot and `reload` for the next version.
    """

    def __init__(
        self,
        relation: Relation,
        schema_id: str,
        catalog: Path | Catalog | None = None,
        *,
        most_rows: int | None = None,
        left_out: str = "",
    ) -> None:
        self._relation = relation
        self._left_out = left_out or relation.tenant_column
        self._schema_id = schema_id
        self._catalog = catalog
        self._most_rows = most_rows

    async def load(self) -> Snapshot:
        """The customers and events of one version of the database.

        Raises: UnreadableTable if a relation or one of the catalog's columns is missing; EmptyDataset;
        DatasetTooLarge; InvalidParameters for the catalog; StoreBusy, Unavailable.
        """
        return await self._load(None)

    async def reload(self, current: Snapshot) -> Snapshot | None:
        """The next version, None if no row has changed. An inferred catalog keeps its fields.

        Raises: as `load`.
        """
        new = await self._load(current.catalog)
        return None if new.snapshot_id == current.snapshot_id else new

    async def _load(self, before: Catalog | None) -> Snapshot:
        catalog = self._catalog
        if isinstance(catalog, Path):
            catalog = await asyncio.to_thread(read_catalog, catalog)
        digest = hashlib.blake2b(digest_size=8)
        async with one_version(
            self._relation.dsn, timeout_s=COPY_TIMEOUT_S, settings={TENANT_SETTING: self._relation.tenant}
        ) as copying:
            natives = await columns(copying, self._relation.name)
            left_out: list[str] = []
            if not catalog:
                natives, left_out = await self._without_other_json(copying, natives, before)
            wanted = (
                _declared(natives, catalog, self._relation)
                if catalog
                else _natural(natives, before, self._relation)
            )
            customers = await self._copy_customers(copying, natives, wanted, digest)
            frame = await asyncio.to_thread(customers.frame)
            notes = [*left_out, *_refused(customers.columns)]
            if catalog is None:
                catalog = await asyncio.to_thread(
                    _inferred, frame, natives, self._schema_id, before, self._left_out
                )
            if not frame.height:
                raise EmptyDataset(
                    f"{self._relation.name} has no rows for this role and tenant; it needs at least one",
                    relation=self._relation.name,
                )
            events, said, readings = await self._copy_events(copying, frame, catalog, digest)
        digest.update(catalog_toml.dumps(catalog).encode())
        final = catalog
        snapshot = await asyncio.to_thread(
            lambda: Snapshot.from_frame(frame, final, events, snapshot_id=f"p-{digest.hexdigest()}")
        )
        at = self._relation
        theirs = postgres_origin.customers(natives, final, at.tenant_column)
        origin = Origin(at.name, at.tenant, at.tenant_column, "postgresql", theirs, readings)
        return dataclasses.replace(snapshot, notes=(*notes, *said), origin=origin)

    async def _without_other_json(
        self, copying: Copying, natives: Mapping[str, Native], before: Catalog | None
    ) -> tuple[Mapping[str, Native], list[str]]:
        """The columns without JSON that holds anything but lists, which no criteria can ask about; notes."""
        kept = () if before is None else before.by_name
        json = [each for each in natives.values() if each.is_json and each.name not in kept]
        if not json:
            return natives, []
        kind = "jsonb_typeof({}::jsonb)"
        asked = ", ".join(
            f"bool_and({kind} IN ('array', 'null')) AND bool_or({kind} = 'array') AS c{number}".replace(
                "{}", each.quoted
            )
            for number, each in enumerate(json)
        )
        where, values = _of_tenant(self._relation, self._relation.name, natives)
        sql = f"SELECT {asked} FROM {qualified(self._relation.name)}{where}"  # noqa: S608  # quoted names
        (row,) = await copying.fetch(sql, *values)
        other = {each.name for number, each in enumerate(json) if row[f"c{number}"] is not True}
        notes = [f"{name}: JSON that holds no lists is left out; name a view with columns" for name in other]
        return {name: each for name, each in natives.items() if name not in other}, sorted(notes)

    async def _copy_customers(
        self, copying: Copying, natives: Mapping[str, Native], wanted: _Wanted, digest: hashlib.blake2b
    ) -> _Copied:
        copied = _Copied(wanted.columns, digest, self._most_rows)
        where, values = _of_tenant(self._relation, self._relation.name, natives)
        limit = "" if self._most_rows is None else f" LIMIT {self._most_rows + 1}"
        sql = f"SELECT {', '.join(wanted.expressions)} FROM {qualified(self._relation.name)}{where}{limit}"  # noqa: S608  # quoted names
        await copying.copy(sql, values, copied.take)
        return copied

    async def _copy_events(
        self, copying: Copying, frame: pl.DataFrame, catalog: Catalog, digest: hashlib.blake2b
    ) -> tuple[dict[str, pl.DataFrame], list[str], dict[str, Readings]]:
        """For each kind of event a frame, and how its table is read; notes.

        Raises: UnreadableTable, InvalidParameters.
        """
        if not catalog.events:
            return {}, [], {}
        if not catalog.key_column:
            raise InvalidParameters(
                "the catalog has events and no key; name the column that tells customers apart (key)"
            )
        owners, notes = await asyncio.to_thread(_owners, frame, catalog.key_column)
        events: dict[str, pl.DataFrame] = {}
        readings: dict[str, Readings] = {}
        for kind in catalog.events:
            copied = await self._copy_kind(copying, kind, catalog, owners, digest)
            if copied.strays:
                notes.append(f"{kind.name}: {copied.strays} events belong to no customer and are left out")
            notes += [f"{kind.name}.{note}" for note in _refused(copied.columns)]
            events[kind.name] = await asyncio.to_thread(copied.frame)
            readings[kind.name] = copied.readings
        return events, notes, readings

    async def _copy_kind(
        self,
        copying: Copying,
        kind: EventType,
        catalog: Catalog,
        owners: pl.DataFrame,
        digest: hashlib.blake2b,
    ) -> _CopiedEvents:
        natives = await columns(copying, kind.table_name)
        key = kind.key_column or catalog.key_column
        for name in (key, kind.time_column):
            if name not in natives:
                raise UnreadableTable(
                    f"{kind.table_name} has no column {name!r}, which event {kind.name!r} needs",
                    relation=kind.table_name,
                )
        wanted = [CopiedColumn(_KEY, "text"), CopiedColumn(_AT, "instant")]
        expressions = [f"{quoted(key)}::text", quoted(kind.time_column)]
        _need(natives, [each.column_name for each in kind.properties], kind.table_name)
        for each in kind.properties:
            expression, form = reading(natives[each.column_name], each)
            expressions.append(expression)
            wanted.append(CopiedColumn(each.column_name, form))
        copied = _CopiedEvents(wanted, digest, owners)
        copied.readings = postgres_origin.events(natives, kind, key, self._relation.tenant_column)
        where, values = _of_tenant(self._relation, kind.table_name, natives)
        sql = f"SELECT {', '.join(expressions)} FROM {qualified(kind.table_name)}{where}"  # noqa: S608  # quoted names
        await copying.copy(sql, values, copied.take)
        return copied


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for."""

    columns: list[CopiedColumn]
    expressions: list[str]


def _need(natives: Mapping[str, Native], names: Sequence[str], relation: str) -> None:
    """Raises: UnreadableTable naming all columns that are not there.

    A column that is dropped must not look like one whose values are unset.
    """
    missing = list(dict.fromkeys(each for each in names if each not in natives))
    if missing:
        listed = ", ".join(map(repr, missing))
        raise UnreadableTable(
            f"{relation} has no column {listed}; add what is missing, or correct the catalog",
            relation=relation,
        )


def _declared(natives: Mapping[str, Native], catalog: Catalog, relation: Relation) -> _Wanted:
    """The catalog's columns as the catalog's types. Raises: UnreadableTable for columns that are missing."""
    key = catalog.key_column
    if key and key not in natives:
        raise UnreadableTable(f"{relation.name} has no key column {key!r}", relation=relation.name)
    _need(natives, [each.column_name for each in catalog.fields], relation.name)
    asked: dict[str, tuple[CopiedColumn, str]] = {}
    for each in catalog.fields:
        if each.column_name not in asked:
            expression, form = reading(natives[each.column_name], each)
            asked[each.column_name] = CopiedColumn(each.column_name, form), expression
    if key and key not in asked:
        asked[key] = CopiedColumn(key, "text"), f"{quoted(key)}::text"
    return _wanted(asked)


def _natural(natives: Mapping[str, Native], before: Catalog | None, relation: Relation) -> _Wanted:
    """Every column as what it is, those that were there before as what they were.

    Raises: UnreadableTable for columns that were there before and no longer are.
    """
    kept: Mapping[str, Field] = {} if before is None else before.by_name
    _need(natives, [each.column_name for each in kept.values()], relation.name)
    asked: dict[str, tuple[CopiedColumn, str]] = {}
    for name, native in natives.items():
        kind, integer = native.natural
        expression, form = reading(native, kept.get(name) or Field(name, kind, integer))
        asked[name] = CopiedColumn(name, form), expression
    return _wanted(asked)


def _wanted(asked: Mapping[str, tuple[CopiedColumn, str]]) -> _Wanted:
    wanted = list(asked.values())
    if len(wanted) == 1:
        # A row of one empty text would be an empty line.
        wanted.append((CopiedColumn(_FILLER, "text"), "'-'"))
    return _Wanted([column for column, _ in wanted], [expression for _, expression in wanted])


def _inferred(
    frame: pl.DataFrame,
    natives: Mapping[str, Native],
    schema_id: str,
    before: Catalog | None,
    left_out: str,
) -> Catalog:
    named = frame.select(each for each in frame.columns if each not in {_FILLER, left_out})
    catalog = infer.catalog_of(infer.columns(named, typed=True), schema_id, before)
    if before is not None:
        return catalog
    key = [each.name for each in natives.values() if each.in_key and each.name != left_out]
    # A key of several columns tells rows apart, not customers.
    return dataclasses.replace(catalog, key=key[0]) if len(key) == 1 else catalog


def _owners(frame: pl.DataFrame, key: str) -> tuple[pl.DataFrame, list[str]]:
    """The row of each customer by key, and notes on customers that share one or have none."""
    keys = frame.select(pl.col(key).cast(pl.String).alias(_KEY)).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int32).alias(_OWNER)
    )
    present = keys.filter(pl.col(_KEY).is_not_null())
    first = present.unique(_KEY, keep="first", maintain_order=True)
    notes: list[str] = []
    if present.height < keys.height:
        notes.append(f"{keys.height - present.height} customers have no {key} and so no events")
    if first.height < present.height:
        shared = present.height - first.height
        notes.append(f"{shared} customers have a {key} that another has; events belong to the first of them")
    return first, notes


def _refused(columns: Sequence[CopiedColumn]) -> list[str]:
    return [
        f"{each.name}: {each.refused} values (NaN, infinite, or no {each.form}) are unset"
        for each in columns
        if each.refused
    ]


def _of_tenant(relation: Relation, table: str, natives: Mapping[str, Native]) -> tuple[str, tuple[str, ...]]:
    """The condition that picks the tenant's rows, and its parameters.

    Raises: UnreadableTable for a table without the column, whose rows could be anybody's.
    """
    column = relation.tenant_column
    if not column:
        return "", ()
    if column not in natives:
        raise UnreadableTable(
            f"{table} has no column {column!r} that tells tenants apart; add it, or name a view that has it",
            relation=table,
        )
    return f" WHERE {quoted(column)}::text = $1::text", (relation.tenant,)
