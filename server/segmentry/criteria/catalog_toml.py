"""The field catalog as a TOML file that people edit. All faults are reported together, with key and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from segmentry.criteria import zones
from segmentry.criteria.catalog import (
    Band,
    Catalog,
    Disclosure,
    EventProperty,
    EventType,
    Field,
    FieldType,
    FieldValue,
    Tense,
)
from segmentry.criteria.catalog_dumps import dumps
from segmentry.criteria.nodes import Operator
from segmentry.criteria.operators import BY_OPERATOR
from segmentry.criteria.suggest import nearest
from segmentry.criteria.toml_table import Faults, Raw, Table, said
from segmentry.errors import Violation

__all__ = ["DISCLOSURES", "TENSES", "TYPES", "dumps", "from_mapping", "loads"]

TYPES: tuple[str, ...] = get_args(FieldType)
TENSES: tuple[str, ...] = get_args(Tense)
DISCLOSURES: tuple[str, ...] = get_args(Disclosure)
FORMATS = ("", "iso3166-alpha2", "e164", "email")
ROLES = ("", "id")
MAX_NAME = 128
_CATALOG_KEYS = ("schema", "time_zone", "locale", "entity_nouns", "display_name", "version", "key")
_FIELD_KEYS = (
    *("name", "type", "integer", "column", "group", "description", "unit", "range", "values", "operators"),
    *("synonyms", "bands", "pii", "llm", "case_insensitive", "folded_column", "nullable", "tense"),
    *("window_days", "samples", "format", "role", "boolean_like", "hidden", "notes"),
)
_VALUE_KEYS = ("value", "synonyms", "sampled")
_BAND_KEYS = ("phrase", "op", "value")
_EVENT_KEYS = ("name", "description", "synonyms", "properties", "table", "key_column", "time_column")
_PROPERTY_KEYS = ("name", "type", "integer", "unit", "description", "column")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def loads(text: str) -> Catalog:
    """The catalog of a TOML text.

    Raises: InvalidParameters with one violation per fault; `field` is the key (`field[2].operators`), the
    message names the line.

    >>> loads('[[field]]\\nname = "handicap"\\ntype = "number"').fields[0].name
    'handicap'
    """
    faults = Faults(text)
    try:
        raw: Raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        # "Expected '=' after a key in a key/value pair (at line 2, column 6)": about the caller's own file.
        faults.items.append(Violation("", "PARSE_ERROR", f"not TOML: {err}"))
        raise faults.error() from err
    catalog = _catalog(Table(raw, "", faults))
    if faults.items:
        raise faults.error()
    return catalog


def from_mapping(raw: Mapping[str, object]) -> Catalog:
    """The catalog of decoded keys and values with the names of the TOML file, such as an inline schema.

    Raises: as `loads`, without lines.

    >>> from_mapping({"field": [{"name": "city", "type": "string"}]}).fields[0].type
    'string'
    """
    faults = Faults("")
    catalog = _catalog(Table(dict(raw), "", faults))
    if faults.items:
        raise faults.error()
    return catalog


def _catalog(root: Table) -> Catalog:
    root.only(("catalog", "field", "event"))
    head_raw = root.raw.get("catalog", {})
    if not isinstance(head_raw, dict):
        root.fault("catalog", f"needs a table, got {said(head_raw)}")
        head_raw = {}
    head = Table(cast("Raw", head_raw), "catalog", root.faults)
    head.only(_CATALOG_KEYS)
    zone = head.text("time_zone", "UTC")
    try:
        zones.zone(zone)
    except ValueError:
        head.fault("time_zone", f"{zone!r} is not an IANA time zone such as 'Africa/Johannesburg'")
    fields = tuple(_field(each) for each in root.tables("field"))
    if not fields:
        root.fault("field", "a catalog needs at least one field")
    events = tuple(_event(each) for each in root.tables("event"))
    _no_twins(root, "field", [each.name for each in fields])
    _no_twins(root, "event", [each.name for each in events])
    return Catalog(
        head.text("schema"),
        fields,
        events,
        head.text("display_name"),
        zone,
        head.text("locale", "en"),
        head.texts("entity_nouns"),
        head.whole("version", least=1) or 1,
        head.text("key"),
    )


def _no_twins(table: Table, key: str, names: list[str]) -> None:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and name in first:
            table.fault(f"{key}[{index}].name", f"{name!r} is already the name of {key}[{first[name]}]")
        first.setdefault(name, index)


def _name(table: Table) -> str:
    if "name" not in table.raw:
        table.fault("name", "is required", "MISSING_FIELD")
        return ""
    name = table.text("name")
    if not 1 <= len(name) <= MAX_NAME:
        table.fault("name", f"has {len(name)} characters; 1 to {MAX_NAME} are possible")
    elif name.startswith("$") or _CONTROL.search(name):
        table.fault("name", "must not start with $ or hold control characters")
    return name


def _type(table: Table) -> FieldType:
    if "type" not in table.raw:
        table.fault("type", f"is required: one of {', '.join(TYPES)}", "MISSING_FIELD")
        return "string"
    return cast("FieldType", table.choice("type", TYPES, "string"))


def _integer(table: Table, field_type: FieldType) -> bool:
    integer = table.flag("integer")
    if integer and field_type != "number":
        table.fault("integer", f"belongs to type 'number', not {field_type!r}")
        return False
    return integer


def _field(table: Table) -> Field:
    table.only(_FIELD_KEYS)
    field_type = _type(table)
    minimum, maximum = _range(table)
    return Field(
        name=_name(table),
        type=field_type,
        integer=_integer(table, field_type),
        column=table.text("column"),
        group=table.text("group"),
        description=table.text("description"),
        unit=table.text("unit"),
        minimum=minimum,
        maximum=maximum,
        values=_values(table),
        operators=_operators(table, field_type),
        synonyms=table.texts("synonyms"),
        bands=tuple(_bands(table, field_type)),
        pii=table.flag("pii"),
        llm=cast("Disclosure", table.choice("llm", DISCLOSURES, "values")),
        case_insensitive=table.flag("case_insensitive"),
        folded_column=table.text("folded_column"),
        nullable=table.flag("nullable", default=True),
        tense=cast("Tense | None", table.choice("tense", TENSES, "") or None),
        window_days=table.whole("window_days", least=1),
        samples=table.texts("samples"),
        format=cast("Any", table.choice("format", FORMATS, "")),
        role=cast("Any", table.choice("role", ROLES, "")),
        boolean_like=table.flag("boolean_like"),
        hidden=table.flag("hidden"),
        notes=table.texts("notes"),
    )


def _range(table: Table) -> tuple[float | None, float | None]:
    if "range" not in table.raw:
        return None, None
    bounds = [each for _, each in table.list_of("range")]
    # An open end is written "" because TOML has no null: [0, ""].
    ends = [None if each == "" else each for each in bounds]
    numbers = [each for each in ends if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(ends) != 2 or len(numbers) != sum(each is not None for each in ends):
        table.fault("range", 'needs two numbers, such as [0, 100]; an open end is ""')
        return None, None
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        table.fault("range", f"starts at {numbers[0]}, above its end {numbers[1]}")
        return None, None
    low, high = (each if isinstance(each, int | float) else None for each in ends)
    return low, high


def _values(table: Table) -> tuple[FieldValue, ...]:
    values: list[FieldValue] = []
    for key, each in table.list_of("values"):
        inner = Table(cast("Raw", each), table.at(key), table.faults) if isinstance(each, dict) else None
        if inner is not None:
            inner.only(_VALUE_KEYS)
        value: object = cast("object", each) if inner is None else inner.raw.get("value")
        if not isinstance(value, str | int | float):
            table.fault(key, f"needs a text, a number or true/false, got {said(value)}")
            continue
        synonyms = () if inner is None else inner.texts("synonyms")
        values.append(FieldValue(value, synonyms, sampled=inner is not None and inner.flag("sampled")))
    return tuple(values)


def _operators(table: Table, field_type: FieldType) -> tuple[Operator, ...]:
    listed: list[Operator] = []
    for key, each in table.list_of("operators"):
        try:
            operator = Operator(str(each).removeprefix("$"))
        except ValueError:
            near = nearest(str(each), [every.value for every in Operator], most=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            table.fault(key, f"{each!r} is not an operator{hint}")
            continue
        if not BY_OPERATOR[operator].possible(field_type):
            table.fault(key, f"{operator.value} is not possible on type {field_type}")
        elif operator not in listed:
            listed.append(operator)
    return tuple(listed)


def _bands(table: Table, field_type: FieldType) -> Iterator[Band]:
    for band in table.tables("bands"):
        band.only(_BAND_KEYS)
        raw = band.raw.get("phrase")
        phrases = (raw,) if isinstance(raw, str) else band.texts("phrase")
        if not phrases or not all(phrases):
            band.fault("phrase", "needs at least one phrase")
        operator = band.choice("op", tuple(each.value for each in Operator), "")
        if not operator:
            band.fault("op", "is required, such as 'gte'", "MISSING_FIELD")
            continue
        if not BY_OPERATOR[Operator(operator)].possible(field_type):
            band.fault("op", f"{operator} is not possible on type {field_type}")
        value = band.raw.get("value")
        if not isinstance(value, str | int | float):
            band.fault("value", "is required: the threshold", "MISSING_FIELD")
            continue
        yield Band(phrases, Operator(operator), value)


def _event(table: Table) -> EventType:
    table.only(_EVENT_KEYS)
    properties: list[EventProperty] = []
    for each in table.tables("properties"):
        each.only(_PROPERTY_KEYS)
        kind = _type(each)
        properties.append(
            EventProperty(
                _name(each),
                kind,
                _integer(each, kind),
                each.text("unit"),
                each.text("description"),
                each.text("column"),
            )
        )
    _no_twins(table, "properties", [each.name for each in properties])
    return EventType(
        _name(table),
        tuple(properties),
        table.text("description"),
        table.texts("synonyms"),
        table.text("table"),
        table.text("key_column"),
        table.text("time_column", "at"),
    )
