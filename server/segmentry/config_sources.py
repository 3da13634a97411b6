"""Customer tables as settings: where each one comes from and which engine serves it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from segmentry.config_kinds import Problem, Secret

EngineName = Literal["snapshot", "duckdb", "postgresql"]
ENGINES: tuple[EngineName, ...] = ("snapshot", "duckdb", "postgresql")
SNAPSHOT_FILES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq", ".arrow", ".ipc", ".feather")
PARQUET_FILES = (".parquet", ".pq")
DUCKDB_FILES = (".duckdb", ".ddb", ".db")
MOST_REFRESH_S = 30 * 24 * 3600.0
# How often a table that a database serves is looked at when the settings do not say.
LOOK_S = 300.0

_TEXTS = ("path", "dsn", "dsn_env", "relation", "engine", "schema", "tenant", "catalog", "tenant_column")
_KEYS = (*_TEXTS, "default", "refresh_s")


@dataclass(frozen=True, slots=True)
class TableSettings:
    """One customer table. An empty `schema` is the name of the file or of the relation.

    Either `path` names a file (`engine` snapshot or duckdb), or `dsn` a PostgreSQL database and `relation`
    the table in it (`engine` postgresql or snapshot). `tenant_column` holds the tenant of each row where a
    relation keeps those of several. Its source is looked at again every `refresh_s` seconds; 0 is never.
    """

    path: Path | None = None
    schema: str = ""
    tenant: str = "demo"
    catalog: Path | None = None
    default: bool = False
    engine: EngineName = "snapshot"
    relation: str = ""
    dsn: Secret | None = None
    dsn_env: str = ""
    tenant_column: str = ""
    refresh_s: float = 0.0

    @property
    def schema_id(self) -> str:
        if self.schema:
            return self.schema
        if self.relation:
            return self.relation.rpartition(".")[2]
        return self.path.stem if self.path is not None else ""

    @property
    def source(self) -> str:
        """Where the rows are, for people; never the DSN."""
        if self.path is None:
            return f"{self.relation} in PostgreSQL"
        return f"{self.relation} in {self.path}" if self.relation else str(self.path)


@dataclass(frozen=True, slots=True)
class TableList:
    """Customer tables; see `TableSettings`."""

    @property
    def range(self) -> str:
        return "tables"

    def from_text(self, text: str) -> object:
        tables: list[TableSettings] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            schema, equals, path = entry.partition("=")
            if not equals:
                schema, path = "", entry
            if not path.strip():
                raise Problem(f"= {text!r}: needs schema=path, separated by commas")
            if "://" in path:
                # Not repeated: it may hold a password.
                raise Problem("holds a DSN; name it in a [[table]] entry by dsn_env, with its relation")
            tables.append(TableSettings(Path(path.strip()), schema.strip()))
        return self.check(tuple(tables))

    def from_toml(self, raw: object, folder: Path) -> object:
        if not isinstance(raw, list):
            raise Problem("needs [[table]] entries, each with a path or a dsn")
        tables: list[TableSettings] = []
        problems: list[str] = []
        for number, entry in enumerate(cast("list[object]", raw), start=1):
            if not isinstance(entry, Mapping):
                problems.append(f"entry {number} needs a path or a dsn")
                continue
            fields = cast("Mapping[str, object]", entry)
            faults = [*_shape(fields), *_meaning(fields)]
            problems += [f"entry {number}{'' if fault.startswith(' ') else ': '}{fault}" for fault in faults]
            if not faults:
                tables.append(_table(fields, folder))
        if problems:
            raise Problem(*problems)
        return self.check(tuple(tables))

    def check(self, value: object) -> object:
        problems: list[str] = []
        tables = cast("tuple[TableSettings, ...]", value)
        seen: set[tuple[str, str]] = set()
        defaults: set[str] = set()
        for table in tables:
            if (table.tenant, table.schema_id) in seen:
                problems.append(f"names schema {table.schema_id!r} of tenant {table.tenant!r} twice")
            seen.add((table.tenant, table.schema_id))
            if table.default and table.tenant in defaults:
                problems.append(f"has two default tables for tenant {table.tenant!r}")
            if table.default:
                defaults.add(table.tenant)
        if problems:
            raise Problem(*dict.fromkeys(problems))
        return tables


def with_dsns(tables: tuple[TableSettings, ...], environ: Mapping[str, str]) -> tuple[TableSettings, ...]:
    """The tables with the DSNs that they name by `dsn_env`.

    Raises: Problem naming the variables that are not set or hold no DSN.
    """
    problems: list[str] = []
    found: list[TableSettings] = []
    for number, table in enumerate(tables, start=1):
        if not table.dsn_env:
            found.append(table)
            continue
        fault = _dsn_fault(environ.get(table.dsn_env, ""))
        if fault:
            problems.append(f"entry {number}: the variable {table.dsn_env} {fault}")
        else:
            found.append(replace(table, dsn=Secret(environ[table.dsn_env])))
    if problems:
        raise Problem(*problems)
    return tuple(found)


def _shape(fields: Mapping[str, object]) -> list[str]:
    """Faults of single keys. A fault that continues the words "entry 1" begins with a blank."""
    faults: list[str] = []
    for key in fields:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]}?" if near else f"; it may have {', '.join(_KEYS)}"
            faults.append(f"unknown key {key!r}{hint}")
    for key in _TEXTS:
        value = fields.get(key, "x")
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            faults.append(f"{key} needs text" if key == "dsn" else f"{key} = {value!r}: needs text")
    default, refresh = fields.get("default", False), fields.get("refresh_s", 0)
    if not isinstance(default, bool):
        faults.append(f"default = {default!r}: needs true or false")
    if isinstance(refresh, bool) or not isinstance(refresh, int | float) or not math.isfinite(refresh):
        faults.append(f"refresh_s = {refresh!r}: needs a number, 0 to {MOST_REFRESH_S:g}")
    elif refresh and not 1 <= refresh <= MOST_REFRESH_S:
        faults.append(f"refresh_s = {refresh:g}: is outside 1 to {MOST_REFRESH_S:g} (0 is never)")
    return faults


def _meaning(fields: Mapping[str, object]) -> list[str]:
    """Faults of keys that do not go together."""
    sources = [key for key in ("path", "dsn", "dsn_env") if key in fields]
    if not sources:
        return [" needs a path or a dsn"]
    if len(sources) > 1:
        return [f"has {' and '.join(sources)}; keep one"]
    if not all(isinstance(fields.get(key, ""), str) for key in _TEXTS):
        return []
    return _of_file(fields) if "path" in fields else _of_database(fields)


def _engine(fields: Mapping[str, object]) -> str:
    return str(fields.get("engine", "snapshot" if "path" in fields else "postgresql"))


def _of_file(fields: Mapping[str, object]) -> list[str]:
    path, engine, faults = str(fields["path"]), _engine(fields), list[str]()
    ending = Path(path).suffix.lower()
    if engine not in ("snapshot", "duckdb"):
        faults.append(f"engine = {engine!r}: a file is served by 'snapshot' or 'duckdb'")
    if "tenant_column" in fields and engine == "snapshot":
        faults.append("tenant_column is for relations; a file that is loaded belongs to one tenant")
    if engine == "snapshot":
        if "relation" in fields:
            faults.append('relation is for a dsn, or for a .duckdb file with engine = "duckdb"')
        if ending in DUCKDB_FILES:
            faults.append(f'path = {path!r}: a DuckDB file needs engine = "duckdb"')
    elif engine == "duckdb":
        in_file = ending in DUCKDB_FILES
        if "catalog" not in fields:
            faults.append("engine 'duckdb' needs a catalog; `segmentry catalog infer` drafts one from a file")
        if not in_file and ending not in PARQUET_FILES:
            known = ", ".join((*PARQUET_FILES, *DUCKDB_FILES))
            faults.append(f"path = {path!r}: engine 'duckdb' reads {known}")
        if in_file and "relation" not in fields:
            faults.append("needs a relation: the table in the DuckDB file")
        if not in_file and "relation" in fields:
            faults.append("relation is for a .duckdb file; Parquet files are one table")
    return faults


def _of_database(fields: Mapping[str, object]) -> list[str]:
    engine, faults = _engine(fields), list[str]()
    if engine not in ("snapshot", "postgresql"):
        faults.append(f"engine = {engine!r}: a dsn is served by 'postgresql' or 'snapshot'")
    if "relation" not in fields:
        faults.append('needs a relation, such as "crm.customers"')
    elif not re.fullmatch(r"[^.\x00]+(\.[^.\x00]+)?", str(fields["relation"])):
        faults.append(f"relation = {fields['relation']!r}: needs table or schema.table")
    if "dsn" in fields and (fault := _dsn_fault(str(fields["dsn"]))):
        faults.append(f"dsn {fault}")
    if "dsn_env" in fields and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(fields["dsn_env"])):
        # Not repeated: who confuses the two writes the DSN here.
        faults.append("dsn_env needs the name of an environment variable")
    return faults


def _dsn_fault(dsn: str) -> str:
    """What is wrong with a DSN, without repeating any of it."""
    if not dsn.strip():
        return "is not set"
    try:
        scheme = urlsplit(dsn).scheme
    except ValueError:
        scheme = ""
    return "" if scheme in {"postgresql", "postgres"} else "needs postgresql://user@host/database"


def _table(fields: Mapping[str, object], folder: Path) -> TableSettings:
    """The entry, which has no faults."""

    def text(key: str, default: str = "") -> str:
        return str(fields.get(key, default)).strip()

    return TableSettings(
        path=folder / text("path") if "path" in fields else None,
        schema=text("schema"),
        tenant=text("tenant", "demo"),
        catalog=folder / text("catalog") if "catalog" in fields else None,
        default=fields.get("default") is True,
        engine=cast("EngineName", _engine(fields)),  # reportAny: checked against ENGINES above
        relation=text("relation"),
        dsn=Secret(text("dsn")) if "dsn" in fields else None,
        dsn_env=text("dsn_env"),
        tenant_column=text("tenant_column"),
        refresh_s=float(str(fields.get("refresh_s", 0 if _engine(fields) == "snapshot" else LOOK_S))),
    )
