"""The bare schemas of the evaluation as catalogs: names, types, and what a few rows hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, cast

from segmentry.criteria.catalog import Catalog, Field, FieldType, FieldValue

HERE = Path(__file__).parents[2] / "evals" / "schemas"
NAMES = ("clinic", "gaming", "insurance", "media")
_TYPES: dict[str, FieldType] = {
    **dict.fromkeys(("int", "integer", "float", "number"), "number"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("date", "timestamp", "datetime"), "datetime"),
    "string": "string",
    "enum": "enum",
    "array": "array",
}


class _Value(TypedDict):
    value: str | int
    synonyms: list[str]


class _Column(TypedDict, total=False):
    name: str
    type: str
    description: str
    values: list[str | int | _Value]


class _Table(TypedDict):
    schema: list[_Column]
    rows: list[dict[str, str | float | bool | list[str] | None]]


def load(name: str) -> Catalog:
    """The schema of that name as a catalog."""
    table = cast("_Table", json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")))
    return Catalog(name, tuple(_field(column, table) for column in table["schema"]))


def _field(column: _Column, table: _Table) -> Field:
    name, said = column.get("name", ""), column.get("type", "")
    kind = _TYPES[said]
    values = tuple(
        FieldValue(each["value"], tuple(each["synonyms"])) if isinstance(each, dict) else FieldValue(each)
        for each in column.get("values", [])
    )
    cells = [row.get(name) for row in table["rows"]]
    flat = [part for cell in cells for part in (cell if isinstance(cell, list) else [cell])]
    texts = tuple(dict.fromkeys(cell for cell in flat if isinstance(cell, str)))
    return Field(
        name,
        kind,
        description=column.get("description", ""),
        integer=said in ("int", "integer"),
        values=values,
        samples=texts if kind in ("string", "array") else (),
        boolean_like=bool(cells) and kind == "number" and set(cells) <= {0, 1},
    )
