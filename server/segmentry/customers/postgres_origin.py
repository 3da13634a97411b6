"""How the relation that a snapshot was copied from is read in SQL: what an export of its criteria needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.export.origin import Readings
from segmentry.customers.postgres_relation import Native

_TEXTS = frozenset({"text", "varchar"})
_WHOLE = frozenset({"int2", "int4", "int8"})
_NUMBERS: Mapping[str, str] = {
    "numeric": "{}::double precision",
    "money": "{}::numeric::double precision",
    "interval": "extract(epoch FROM {})::double precision",
    "bool": "{}::int",
}
_ELEMENTS = (
    "CASE WHEN jsonb_typeof({}::jsonb) = 'array' THEN ARRAY(SELECT element FROM "
    "jsonb_array_elements_text({}::jsonb) AS element WHERE element IS NOT NULL) END"
)


def customers(natives: Mapping[str, Native], catalog: Catalog, tenant_column: str) -> Readings:
    """The readings of the customers' table.

    >>> catalog = Catalog("t", (Field("tier", "string"), Field("city", "string")))
    >>> natives = {"tier": Native("tier", "tier"), "city": Native("city", "text")}
    >>> dict(customers(natives, catalog, "").fields)
    {'tier': '"tier"::text COLLATE "C"'}
    """
    fields = ((each.name, each.compared_column, each.stored) for each in catalog.fields)
    key = natives.get(catalog.key_column)
    return Readings(_fields(natives, fields), _text(key), tenant=_text(natives.get(tenant_column)))


def events(natives: Mapping[str, Native], kind: EventType, key: str, tenant_column: str) -> Readings:
    """The readings of the table of one kind of event, whose customer is in the column `key`."""
    fields = ((each.name, each.column_name, each) for each in kind.properties)
    return Readings(
        _fields(natives, fields), _text(natives.get(key)), tenant=_text(natives.get(tenant_column))
    )


def _fields(
    natives: Mapping[str, Native], fields: Iterable[tuple[str, str, Field | EventProperty]]
) -> Mapping[str, str]:
    texts = {
        name: _template(natives[column], field).replace("{}", natives[column].quoted)
        for name, column, field in fields
        if column in natives
    }
    return {name: text for name, text in texts.items() if text}


def _template(native: Native, field: Field | EventProperty) -> str:
    """The expression with `{}` for the column; empty where the column does."""
    match field.type:
        case "string" | "enum":
            return "" if native.type in _TEXTS else '{}::text COLLATE "C"'
        case "number":
            whole = field.integer and native.type == "numeric"
            return "" if whole else _NUMBERS.get(native.type, "")
        case "boolean":
            return "({} <> 0)" if native.type in _WHOLE else ""
        case "datetime":
            return ""
        case "array":
            if native.type in ("json", "jsonb"):
                return _ELEMENTS
            if native.is_array:
                return "" if native.type == "_text" else "{}::text[]"
            return "string_to_array({}::text, ';')"


def _text(native: Native | None) -> str:
    return "" if native is None or native.type in _TEXTS else f"{native.quoted}::text"
