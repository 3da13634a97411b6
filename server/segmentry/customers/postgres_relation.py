"""What PostgreSQL says about a table or view, and how each column is asked for as a field's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segmentry.criteria.catalog import EventProperty, Field, FieldType
from segmentry.customers.copied_text import Form
from segmentry.errors import UnreadableTable
from segmentry.postgresql.copying import Copying

_WHOLE = frozenset({"int2", "int4", "int8", "oid"})
_FLOATS = frozenset({"float4", "float8"})
_TIMES = frozenset({"timestamptz", "timestamp", "date"})
_JSON = frozenset({"json", "jsonb"})

# `typmod` of numeric: precision in the upper half, scale in the lower one, both moved by 4.
_COLUMNS = """
SELECT a.attname::text AS name, coalesce(b.typname, t.typname)::text AS type,
       coalesce(b.typelem, t.typelem) <> 0 AND coalesce(b.typcategory, t.typcategory) = 'A' AS is_array,
       CASE WHEN coalesce(b.typname, t.typname) = 'numeric'
                 AND coalesce(nullif(t.typtypmod, -1), a.atttypmod) >= 4
            THEN (coalesce(nullif(t.typtypmod, -1), a.atttypmod) - 4) & 2047 END AS scale,
       coalesce(k.indisprimary, false) AS in_key
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_index k ON k.indrelid = a.attrelid AND k.indisprimary AND a.attnum = ANY(k.indkey)
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


@dataclass(frozen=True, slots=True)
class Native:
    """A column as PostgreSQL has it. `type` is the name in `pg_type`, of a domain that of its base type."""

    name: str
    type: str
    is_array: bool = False
    scale: int | None = None
    in_key: bool = False

    @property
    def quoted(self) -> str:
        return quoted(self.name)

    @property
    def is_json(self) -> bool:
        return self.type in _JSON and not self.is_array

    @property
    def natural(self) -> tuple[FieldType, bool]:
        """The type of field that it is by itself, and whether its numbers are whole."""
        if self.is_array or self.is_json:
            return "array", False
        if self.type in _WHOLE or (self.type == "numeric" and self.scale == 0):
            return "number", True
        if self.type in _FLOATS or self.type in ("numeric", "money", "interval"):
            return "number", False
        if self.type in _TIMES:
            return "datetime", False
        return ("boolean", False) if self.type == "bool" else ("string", False)


async def columns(copying: Copying, relation: str) -> Mapping[str, Native]:
    """The columns of a table, view or foreign table by name, in their order.

    Raises: UnreadableTable if there is no such relation, or the role may not see it.
    """
    # PostgreSQL takes a third part for another database.
    rows = await copying.fetch(_COLUMNS, qualified(relation)) if relation.count(".") < 2 else []
    if not rows:
        raise UnreadableTable(
            f"there is no relation {relation!r} in the database that this role can see", relation=relation
        )
    found: dict[str, Native] = {}
    for row in rows:
        scale = row["scale"]
        native = Native(
            str(row["name"]),
            str(row["type"]),
            bool(row["is_array"]),
            scale if isinstance(scale, int) else None,
            bool(row["in_key"]),
        )
        found[native.name] = native
    return found


def quoted(identifier: str) -> str:
    """An identifier as SQL writes it, whatever is in it.

    >>> print(quoted('12" clubs'))
    "12"" clubs"
    """
    return '"' + identifier.replace('"', '""') + '"'


def qualified(relation: str) -> str:
    """A relation as SQL writes it, with the schema before the dot where there is one.

    >>> print(qualified("crm.customers"))
    "crm"."customers"
    """
    return ".".join(quoted(part) for part in relation.split("."))


def reading(native: Native, field: Field | EventProperty) -> tuple[str, Form]:
    """The expression that COPY is asked for, and how its text is read as the field's values."""
    name = native.quoted
    match field.type:
        case "string" | "enum":
            return f"{name}::text", "text"
        case "boolean":
            return (f"({name} <> 0)" if native.type in _WHOLE else f"{name}::text"), "boolean"
        case "datetime":
            return (name if native.type in _TIMES else f"{name}::text"), "instant"
        case "array":
            return _array(native), "list"
        case "number":
            return _number(native), "integer" if field.integer else "float"


def _number(native: Native) -> str:
    name = native.quoted
    if native.type == "float4":
        # As comparisons see it: 0.1 of four bytes is 0.10000000149011612.
        return f"{name}::float8"
    if native.type == "bool":
        return f"{name}::int"
    if native.type == "money":
        return f"{name}::numeric"
    if native.type == "interval":
        return f"extract(epoch FROM {name})"
    return name if native.type in _WHOLE | _FLOATS | {"numeric"} else f"{name}::text"


def _array(native: Native) -> str:
    name = native.quoted
    if native.type in _JSON:
        elements = f"SELECT e FROM jsonb_array_elements_text({name}::jsonb) AS e WHERE e IS NOT NULL"  # noqa: S608  # a quoted name
        return f"CASE WHEN jsonb_typeof({name}::jsonb) = 'array' THEN array_to_json(ARRAY({elements})) END"
    if native.is_array:
        return f"array_to_json({name}::text[])"
    return f"array_to_json(string_to_array({name}::text, ';'))"
