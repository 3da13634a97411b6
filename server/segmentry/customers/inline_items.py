"""The items of an inline schema as people write them: other names of keys and types, loose values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from segmentry.criteria import paths, suggest, type_names
from segmentry.criteria.bind import shown
from segmentry.criteria.type_names import Declared
from segmentry.errors import InvalidParameters, JsonValue, Violation

# How other tools call the keys: DESCRIBE, information_schema, JSON Schema, Frictionless, dbt, Airtable.
_KEYS = {
    "name": "name column columnname field fieldname key col attribute variable",
    "type": "type dtype datatype columntype fieldtype coltype kind",
    "description": "description desc comment doc help documentation note remarks definition",
    "synonyms": "synonyms synonym aliases alias alsoknownas label title displayname caption humanname",
    "values": "values enum options choices allowedvalues possiblevalues categories levels acceptedvalues",
    "samples": "samples example examples samplevalues sample samplevalue examplevalues topvalues",
    "unit": "unit units currency",
    "range": "range bounds",
    "minimum": "minimum min lower lowerbound",
    "maximum": "maximum max upper upperbound",
}
_KEY_OF = {alias: key for key, aliases in _KEYS.items() for alias in aliases.split()}
# As in a catalog file, with the same meaning and the same checks.
CATALOG_KEYS = (
    *("group", "operators", "bands", "pii", "llm", "case_insensitive", "tense", "window_days"),
    *("format", "role", "boolean_like", "hidden", "integer"),
)
_CATALOG_KEY_OF = {key.replace("_", ""): key for key in CATALOG_KEYS}
_FORMATS = {"date": "date", "date-time": "datetime", "datetime": "datetime", "uuid": "uuid", "email": "email"}
_PLAIN = re.compile(r"[\s_-]+")
# Read without a word about it: they say nothing that criteria could use.
_SILENT = frozenset(
    {
        "null", "nullable", "isnullable", "required", "unique", "index", "indexed", "default", "nullcount",
        "position", "ordinalposition", "id", "primarykey", "table", "schema", "length", "maxlength",
        "precision", "scale", "charactermaximumlength", "numericprecision", "numericscale", "constraints",
        "extra", "count", "nunique", "distinct", "mean", "std",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """One known value of a column and the other words for it."""

    value: str | int | float | bool
    synonyms: tuple[str, ...] = ()


@dataclass(slots=True)
class Item:
    """One column as the schema declares it. `keys` holds what a catalog file calls the same."""

    path: str
    name: str
    declared: Declared
    description: str = ""
    unit: str = ""
    synonyms: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    samples: list[JsonValue] = field(default_factory=list["JsonValue"])
    range: tuple[float | None, float | None] | None = None
    keys: dict[str, JsonValue] = field(default_factory=dict[str, "JsonValue"])


@dataclass(slots=True)
class Faults:
    """What is wrong, in the order of the schema, and what was left out without being wrong."""

    items: list[Violation] = field(default_factory=list[Violation])
    notes: list[str] = field(default_factory=list[str])

    def add(self, path: str, message: str, reason: str = "INVALID_VALUE") -> None:
        self.items.append(Violation(path, reason, f"{path} {message}"))

    def error(self) -> InvalidParameters:
        first = self.items[0]
        more = f" (and {len(self.items) - 1} more)" if len(self.items) > 1 else ""
        return InvalidParameters(f"{first.message}{more}", violations=self.items, path=first.field)


def read(schema: JsonValue, faults: Faults, at: str = "schema") -> list[Item]:
    """The columns of a schema, a list of objects or an object of names and types. Faults are collected.

    A column of a type that holds no plain values (bytes, maps, shapes) is left out with a note.

    >>> faults = Faults()
    >>> [item.declared.type for item in read({"age": "int", "city": "varchar(40)"}, faults)], faults.items
    (['number', 'string'], [])
    """
    found: list[Item] = []
    first: dict[str, str] = {}
    for path, raw in _raw(schema, faults, at):
        item = _item(path, raw, faults)
        if item is None:
            continue
        if item.name in first:
            faults.add(f"{path}.name", f"'{item.name}' is already the name of {first[item.name]}")
        first.setdefault(item.name, path)
        found.append(item)
    if not found and not faults.items:
        faults.add(at, 'needs at least one column, such as [{"name": "age", "type": "integer"}]')
    return found


def _raw(schema: JsonValue, faults: Faults, at: str) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    if isinstance(schema, dict):
        for key in ("fields", "columns", "schema"):
            if isinstance(schema.get(key), list):
                yield from _raw(schema[key], faults, paths.member(at, key))
                return
        properties = schema.get("properties")
        if isinstance(properties, dict):
            at, schema = paths.member(at, "properties"), properties
        for name, each in schema.items():
            path = paths.member(at, name)
            if isinstance(each, dict):
                yield path, {**each, "name": name}
            else:
                yield path, {"name": name, "type": each}
    elif isinstance(schema, list):
        for index, each in enumerate(schema):
            path = paths.item(at, index)
            if isinstance(each, dict):
                yield path, each
            elif isinstance(each, list) and len(each) == 2:
                yield path, {"name": each[0], "type": each[1]}
            else:
                faults.add(path, f"needs an object with name and type, got {_said(each)}")
    else:
        faults.add(at, f"needs a list of objects with name and type, got {_said(schema)}")


def _item(path: str, raw: dict[str, JsonValue], faults: Faults) -> Item | None:
    keys = _keys(path, raw, faults)
    name = keys.pop("name", None)
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if name is None:
        faults.add(f"{path}.name", "is required: the column's name", "MISSING_FIELD")
        return None
    if not isinstance(name, str) or not name.strip() or name.startswith("$"):
        faults.add(
            f"{path}.name", f"needs a text that is not empty and does not start with $, got {_said(name)}"
        )
        return None
    declared = _declared(path, keys, faults)
    if declared is None:
        return None
    item = Item(path, name, declared)
    item.description = _text(item, keys, "description", faults)
    item.unit = _text(item, keys, "unit", faults) or declared.unit
    item.synonyms = _texts(item, keys.pop("synonyms", None), "synonyms", faults)
    item.values = _values(item, keys.pop("values", None), faults)
    samples = keys.pop("samples", None)
    item.samples = samples if isinstance(samples, list) else [samples]
    item.range = _range(item, keys, faults) or declared.range
    item.keys = keys
    return item


def _keys(path: str, raw: dict[str, JsonValue], faults: Faults) -> dict[str, JsonValue]:
    """The keys by their own names; null is the same as missing."""
    found: dict[str, JsonValue] = {}
    for key, value in raw.items():
        folded = _PLAIN.sub("", key).casefold()
        known = _KEY_OF.get(folded) or _CATALOG_KEY_OF.get(folded)
        if known is None:
            if folded not in _SILENT:
                near = suggest.nearest(key, [*_KEYS, *CATALOG_KEYS], most=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                faults.notes.append(f"{paths.member(path, key)} is no key that is read{hint}")
        elif value is not None and (known not in found or key == known):
            if known == "synonyms" and known in found:
                continue
            found[known] = value
    return found


def _declared(path: str, keys: dict[str, JsonValue], faults: Faults) -> Declared | None:
    given = _one_type(keys.pop("type", None))
    here = f"{path}.type"
    if given is None:
        faults.add(here, f"is required: one of {type_names.LEGAL}", "MISSING_FIELD")
        return None
    if not isinstance(given, str):
        faults.add(here, f"needs a text such as string, got {_said(given)}")
        return None
    form = keys.get("format")
    if isinstance(form, str) and form not in ("iso3166-alpha2", "e164", "email", ""):
        keys.pop("format")
        known = type_names.read(_FORMATS.get(form.casefold(), ""))
        if known is not None and given.strip().casefold() in ("string", "text", "str"):
            return known
    declared = type_names.read(given)
    if declared is not None:
        return declared
    if type_names.holds_no_plain_values(given):
        faults.notes.append(f"{path} was left out: criteria cannot ask about type {given}")
        return None
    near = suggest.nearest(given, [*type_names.LEGAL.split(", "), "float", "timestamp"], most=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    faults.add(here, f"'{given[:60]}' is not a type ({type_names.LEGAL}){hint}")
    return None


def _one_type(given: JsonValue) -> JsonValue:
    """The type of `["null", "string"]`, `{"type": "array", "items": "string"}` and the like."""
    if isinstance(given, list):
        named = [each for each in given if each not in ("null", "none", None)]
        return named[0] if len(named) == 1 else given
    if isinstance(given, dict) and isinstance(given.get("type"), str):
        return given["type"]
    return given


def _text(item: Item, keys: dict[str, JsonValue], key: str, faults: Faults) -> str:
    value = keys.pop(key, "")
    if isinstance(value, str):
        return value.strip()
    faults.add(f"{item.path}.{key}", f"needs a text, got {_said(value)}")
    return ""


def _texts(item: Item, given: JsonValue, key: str, faults: Faults) -> tuple[str, ...]:
    if given is None:
        return ()
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list):
        faults.add(f"{item.path}.{key}", f"needs a list of texts, got {_said(given)}")
        return ()
    texts: list[str] = []
    for index, each in enumerate(listed):
        if isinstance(each, str | int | float) and not isinstance(each, bool):
            texts.append(str(each).strip())
        elif each is not None:
            faults.add(paths.item(f"{item.path}.{key}", index), f"needs a text, got {_said(each)}")
    return tuple(dict.fromkeys(text for text in texts if text))


def _values(item: Item, given: JsonValue, faults: Faults) -> tuple[Value, ...]:
    at = f"{item.path}.values"
    if given is None:
        return tuple(Value(each) for each in item.declared.values)
    found: list[Value] = []
    if isinstance(given, dict):
        # {"M": "male", "F": ["female", "woman"]}: stored value and its words.
        return tuple(
            Value(value, _texts(item, words, f"values.{value}", faults)) for value, words in given.items()
        )
    if not isinstance(given, list):
        faults.add(at, f'needs a list such as ["gold", "silver"], got {_said(given)}')
        return ()
    for index, each in enumerate(given):
        path = paths.item(at, index)
        value: JsonValue = each
        words: tuple[str, ...] = ()
        if isinstance(each, dict):
            value = next((each[key] for key in ("value", "code", "key", "name", "id") if key in each), None)
            words = _value_words(item, each, f"values[{index}].synonyms", faults)
        if isinstance(value, str | int | float):
            found.append(Value(value, words))
        elif value is not None or isinstance(each, dict):
            faults.add(path, f"needs a text, a number or true/false, got {_said(value)}")
    return tuple({(type(each.value), each.value): each for each in reversed(found)}.values())[::-1]


def _value_words(item: Item, each: dict[str, JsonValue], key: str, faults: Faults) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for name in ("synonyms", "synonym", "aliases", "label", "labels", "meaning", "title"):
        found += _texts(item, each.get(name), key, faults)
    return found


def _range(
    item: Item, keys: dict[str, JsonValue], faults: Faults
) -> tuple[float | None, float | None] | None:
    given = keys.pop("range", None)
    ends: list[JsonValue] = [keys.pop("minimum", None), keys.pop("maximum", None)]
    if isinstance(given, list) and len(given) == 2:
        ends = given
    elif isinstance(given, dict):
        ends = [given.get("min", given.get("minimum")), given.get("max", given.get("maximum"))]
    elif given is not None:
        faults.add(f"{item.path}.range", f"needs two numbers, such as [0, 100], got {_said(given)}")
        return None
    low, high = (_end(each) for each in ends)
    if low is not None and high is not None and low > high:
        faults.add(f"{item.path}.range", f"starts at {low:g}, above its end {high:g}")
        return None
    return None if low is None and high is None else (low, high)


def _end(value: JsonValue) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _said(value: JsonValue) -> str:
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else shown(value)
