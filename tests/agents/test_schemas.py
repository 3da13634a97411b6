"""What answers are held to: only what the strictest vendors take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import cast

import pytest
from segmentry.agents.pieces import OPS
from segmentry.agents.registry import ROWS, Expert, expert, experts
from segmentry.errors import JsonValue

from tests.agents import tables

_KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum"}
_OBJECTS = 3


def _all() -> Iterator[tuple[str, Expert]]:
    for name, catalog in tables.every().items():
        for each in experts(catalog).all:
            yield f"{name}-{each.name}", each
        group = experts(catalog).one_shot.group
        yield f"{name}-statistics", expert("statistics", group=group)


def _schemas(schema: JsonValue, level: int = 1) -> Iterator[tuple[dict[str, JsonValue], int]]:
    """Every schema inside a schema, with how many objects are around it."""
    found = cast("dict[str, JsonValue]", schema)
    yield found, level
    for inner in cast("dict[str, JsonValue]", found.get("properties", {})).values():
        yield from _schemas(inner, level + 1)
    if "items" in found:
        yield from _schemas(found["items"], level)


def test_schemas_are_closed_flat_and_of_known_keywords_only() -> None:
    for where, each in _all():
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", each.schema.name), where
        for schema, level in _schemas(dict(each.schema.body)):
            assert schema.keys() <= _KEYWORDS, where
            assert schema["type"] in ("object", "array", "string", "boolean", "integer"), where
            if schema["type"] == "object":
                assert level <= _OBJECTS, where
                assert schema["additionalProperties"] is False, where
                properties = cast("dict[str, JsonValue]", schema["properties"])
                assert schema["required"] == list(properties), where


def test_enums_are_texts_that_differ_and_are_not_empty() -> None:
    for where, each in _all():
        total = 0
        for schema, _ in _schemas(dict(each.schema.body)):
            if "enum" not in schema:
                continue
            values = cast("list[str]", schema["enum"])
            assert values, where
            assert all(isinstance(value, str) and value for value in values), where
            assert len(set(values)) == len(values), where
            total += len(values)
        assert total <= 500, where


def test_a_specialist_may_name_its_own_fields_and_operations_alone() -> None:
    consent = next(
        each for each in experts(tables.evaluated()["golf"]).specialists if each.name.endswith("consent")
    )
    condition = cast("dict[str, dict[str, dict[str, JsonValue]]]", consent.schema.body["properties"])[
        "conditions"
    ]
    properties = cast("dict[str, dict[str, JsonValue]]", condition["items"]["properties"])
    assert properties["field"]["enum"] == ["emailOptIn", "smsOptIn", "pushOptIn", "whatsappOptIn"]
    assert properties["op"]["enum"] == ["is", "known"]


def test_every_operation_is_explained_to_specialists() -> None:
    text = experts(tables.evaluated()["golf"]).one_shot.text
    explained = text[text.index("# Operations") : text.index("# Examples")]
    assert [op for op in OPS if op not in explained] == []


def test_schemas_are_built_once_per_catalog() -> None:
    catalog = tables.evaluated()["retail"]
    first = experts(catalog)
    assert experts(catalog) is first
    assert experts(catalog.replace_fields(catalog.fields)).one_shot.schema is first.one_shot.schema


@pytest.mark.parametrize("row", ROWS)
def test_schemas_are_json(row: str) -> None:
    group = experts(tables.odd()).one_shot.group
    made = expert(row, group=group if ROWS[row].of_group else None)
    assert json.loads(json.dumps(made.schema.body, allow_nan=False)) == made.schema.body
