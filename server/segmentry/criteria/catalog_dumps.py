"""The field catalog written as the TOML file that `catalog_toml.loads` reads back."""

from __future__ import annotations

import json
from typing import cast

from segmentry.criteria.catalog import Catalog, EventType, Field


def dumps(catalog: Catalog) -> str:
    """A catalog as TOML text; `loads` gives the same catalog back. Defaults are left out.

    >>> print(dumps(Catalog("golf", (Field("handicap", "number"),))))
    [catalog]
    schema = "golf"
    <BLANKLINE>
    [[field]]
    name = "handicap"
    type = "number"
    <BLANKLINE>
    """
    head = _pairs(
        ("schema", catalog.schema, None),
        ("display_name", catalog.display_name, ""),
        ("time_zone", catalog.time_zone, "UTC"),
        ("locale", catalog.locale, "en"),
        ("entity_nouns", catalog.entity_nouns, ()),
        ("version", catalog.version, 1),
        ("key", catalog.key, ""),
    )
    blocks = ["[catalog]\n" + head]
    blocks += ["[[field]]\n" + _field_text(field) for field in catalog.fields]
    blocks += ["[[event]]\n" + _event_text(event) for event in catalog.events]
    return "\n".join(blocks)


def _field_text(field: Field) -> str:
    bounds = ("", "")
    if field.minimum is not None or field.maximum is not None:
        bounds = tuple("" if each is None else each for each in (field.minimum, field.maximum))
    values = [
        _Inline(
            ("value", each.value),
            *((("synonyms", each.synonyms),) if each.synonyms else ()),
            *((("sampled", True),) if each.sampled else ()),
        )
        if each.synonyms or each.sampled
        else each.value
        for each in field.values
    ]
    bands = [
        _Inline(("phrase", band.phrases), ("op", band.operator.value), ("value", band.value))
        for band in field.bands
    ]
    return _pairs(
        ("name", field.name, None),
        ("type", field.type, None),
        ("integer", field.integer, False),
        ("column", field.column, ""),
        ("group", field.group, ""),
        ("description", field.description, ""),
        ("unit", field.unit, ""),
        ("range", bounds, ("", "")),
        ("values", values, []),
        ("operators", [each.value for each in field.operators], []),
        ("synonyms", field.synonyms, ()),
        ("bands", bands, []),
        ("pii", field.pii, False),
        ("llm", field.llm, "values"),
        ("case_insensitive", field.case_insensitive, False),
        ("folded_column", field.folded_column, ""),
        ("nullable", field.nullable, True),
        ("tense", field.tense or "", ""),
        ("window_days", field.window_days or 0, 0),
        ("samples", field.samples, ()),
        ("format", field.format, ""),
        ("role", field.role, ""),
        ("boolean_like", field.boolean_like, False),
        ("hidden", field.hidden, False),
        ("notes", field.notes, ()),
    )


def _event_text(event: EventType) -> str:
    properties = [
        _Inline(
            ("name", each.name),
            ("type", each.type),
            *((("integer", True),) if each.integer else ()),
            *((("unit", each.unit),) if each.unit else ()),
            *((("description", each.description),) if each.description else ()),
            *((("column", each.column),) if each.column else ()),
        )
        for each in event.properties
    ]
    return _pairs(
        ("name", event.name, None),
        ("description", event.description, ""),
        ("synonyms", event.synonyms, ()),
        ("properties", properties, []),
        ("table", event.table, ""),
        ("key_column", event.key_column, ""),
        ("time_column", event.time_column, "at"),
    )


class _Inline:
    """An inline table."""

    def __init__(self, *pairs: tuple[str, object]) -> None:
        self.pairs = pairs


def _pairs(*pairs: tuple[str, object, object]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value, default in pairs if value != default)


def _toml(value: object) -> str:
    match value:
        case _Inline():
            return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.pairs) + " }"
        case list() | tuple():
            items = cast("list[object] | tuple[object, ...]", value)
            return "[" + ", ".join(_toml(each) for each in items) + "]"
        case bool():
            return "true" if value else "false"
        case str():
            # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case _:
            return str(value)
