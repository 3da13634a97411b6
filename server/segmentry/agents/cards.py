"""What a model is told of a field: one line, and no more of it than the catalog lets out.

| field | shown |
|---|---|
| hidden, or `llm = "hidden"` | nothing: no specialist has it |
| `pii` | name, type, operations |
| `llm = "name"` | also unit, description |
| `llm = "values"` | also synonyms, listed values, bands |

Samples, ranges and values that were only seen in rows are never shown: they are what customers have, not
what the field means. Values are read by our own code, which knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from segmentry.agents.groups import Group
from segmentry.agents.marks import one_line
from segmentry.agents.operations import EVENT_OPS, allowed
from segmentry.criteria.catalog import Band, EventType, Field, FieldValue
from segmentry.criteria.nodes import Operator, Scalar

MOST_VALUES: Final = 40
_MOST_WORDS: Final = 12
_MOST_BANDS: Final = 8
_LONGEST_WORD: Final = 40

_TYPES: Final = {
    "string": "text",
    "enum": "one of its values",
    "number": "number",
    "boolean": "yes or no",
    "datetime": "date",
    "array": "list of texts",
}
_TENSES: Final = {
    "past": " in the past",
    "future": " in the future",
    "any": " in the past or ahead",
    None: "",
}
_FORMATS: Final = {"iso3166-alpha2": "country", "e164": "phone number", "email": "e-mail address", "": ""}
_SIGNS: Final = {
    Operator.EQ: "is",
    Operator.GT: "above",
    Operator.GTE: "at least",
    Operator.LT: "below",
    Operator.LTE: "at most",
}


def cards(group: Group) -> str:
    """The fields and events of a group, one line each."""
    lines = [_field(field, group.keys[field.name]) for field in group.fields]
    lines += [_event(event, group.keys[event.name]) for event in group.events]
    return "\n".join(lines)


def disclosed(field: Field) -> tuple[FieldValue, ...]:
    """The values of a field that may leave for a model: listed by a person, of a field that lets them out."""
    if field.pii or field.llm != "values":
        return ()
    return tuple(each for each in field.values if not each.sampled)


def _field(field: Field, key: str) -> str:
    parts = [f"{key}: {_kind(field)}"]
    if not field.pii:
        parts += _described(field.description, key)
        if field.llm == "values":
            parts += _said("also", field.synonyms, key)
            parts += _values(field)
            parts += _bands(field.bands)
    return _line(parts, allowed(field))


def _event(event: EventType, key: str) -> str:
    parts = [f"{key}: something customers did"]
    parts += _described(event.description, key)
    parts += _said("also", event.synonyms, key)
    return _line(parts, EVENT_OPS)


def _line(parts: Iterable[str], ops: Iterable[str]) -> str:
    return "- " + " | ".join((*parts, f"ops {', '.join(ops)}"))


def _kind(field: Field) -> str:
    if field.boolean_like:
        return _TYPES["boolean"]
    kind = "whole number" if field.integer and field.type == "number" else _TYPES[field.type]
    if field.type == "datetime":
        kind += _TENSES[field.tense]
    if field.format:
        kind += f" ({_FORMATS[field.format]})"
    if field.pii:
        return kind
    if field.unit:
        kind += f" in {one_line(field.unit, 24)}"
    if field.window_days:
        kind += f", of the last {field.window_days} days"
    return kind


def _described(description: str, key: str) -> list[str]:
    line = one_line(description)
    return [line] if line and line.casefold() != key.casefold() else []


def _said(label: str, words: Sequence[str], key: str) -> list[str]:
    lines = [one_line(each, _LONGEST_WORD) for each in words[:_MOST_WORDS]]
    kept = [each for each in dict.fromkeys(lines) if each and each.casefold() != key.casefold()]
    return [f"{label} {_listed(kept)}"] if kept else []


def _values(field: Field) -> list[str]:
    """The listed values with their other words; a flag's own two are said by its type."""
    if field.type == "boolean" or field.boolean_like:
        return []
    listed = disclosed(field)
    told: list[str] = []
    for each in listed[:MOST_VALUES]:
        value = _listed([one_line(_text(each.value), _LONGEST_WORD)])
        words = [line for word in each.synonyms[:3] if (line := one_line(word, _LONGEST_WORD))]
        told.append(f"{value} (also {_listed(words)})" if words else value)
    if not told:
        return []
    more = len(listed) - len(told)
    return [f"values {', '.join(told)}{f' and {more} more' if more else ''}"]


def _text(value: Scalar) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _bands(bands: Sequence[Band]) -> list[str]:
    told = [
        f"{_listed([one_line(each, _LONGEST_WORD) for each in band.phrases[:6]])} = "
        f"{_SIGNS.get(band.operator, band.operator.value)} {one_line(_text(band.value), _LONGEST_WORD)}"
        for band in bands[:_MOST_BANDS]
    ]
    return [f"bands {'; '.join(told)}"] if told else []


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in texts)
