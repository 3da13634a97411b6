"""The tables that cases are about: catalogs in TOML, the packaged golf club, and inline schemas in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog

HERE = Path(__file__).parent
_GOLF = "golf"
_MOST_SAMPLES = 500
_TYPES: Mapping[str, tuple[str, bool]] = {
    **dict.fromkeys(("string", "text", "varchar", "str"), ("string", False)),
    **dict.fromkeys(("number", "real", "float", "decimal", "double", "numeric"), ("number", False)),
    **dict.fromkeys(("integer", "int", "bigint"), ("number", True)),
    **dict.fromkeys(("boolean", "bool"), ("boolean", False)),
    **dict.fromkeys(("date", "datetime", "timestamp"), ("datetime", False)),
    "enum": ("enum", False),
    "array": ("array", False),
}


def names() -> tuple[str, ...]:
    """Every table that a case may name."""
    found = {path.stem for path in (*HERE.glob("catalogs/*.toml"), *HERE.glob("schemas/*.json"))}
    return (_GOLF, *sorted(found - {_GOLF}))


@cache
def load(name: str) -> Catalog:
    """The catalog of a table. Raises: ValueError for an unknown name, InvalidParameters for a broken file."""
    if name == _GOLF:
        text = files("segmentry.customers").joinpath("catalogs/golf.toml").read_text(encoding="utf-8")
        return catalog_toml.loads(text)
    toml, schema = HERE / "catalogs" / f"{name}.toml", HERE / "schemas" / f"{name}.json"
    if toml.exists():
        return catalog_toml.loads(toml.read_text(encoding="utf-8"))
    if schema.exists():
        return _inline(name, json.loads(schema.read_text(encoding="utf-8")))
    raise ValueError(
        f"no catalog '{name}' in evals/catalogs or evals/schemas; there are {', '.join(names())}"
    )


def _inline(name: str, raw: Mapping[str, object]) -> Catalog:
    columns = cast("Sequence[Mapping[str, object]]", raw["schema"])
    rows = cast("Sequence[Mapping[str, object]]", raw.get("rows", ()))
    fields = [_field(each, [row.get(str(each["name"])) for row in rows]) for each in columns]
    return catalog_toml.from_mapping({"catalog": {"schema": name}, "field": fields})


def _field(column: Mapping[str, object], cells: Iterable[object]) -> dict[str, object]:
    kind, integer = _TYPES[str(column["type"]).casefold()]
    field: dict[str, object] = {**column, "type": kind}
    if integer:
        field["integer"] = True
    texts = list(dict.fromkeys(each for each in cells if isinstance(each, str) and each.strip()))
    if kind == "string" and texts and "values" not in column:
        field["samples"] = texts[:_MOST_SAMPLES]
    return field
