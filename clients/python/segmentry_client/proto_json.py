"""Replies as JSON, as the documents of the contract print them.

Plain proto JSON leaves out empty lists and zeros and prints every number of a `Struct` as a float. Here
fields without presence are always printed (`"ambiguities": []`), a whole number inside criteria is printed
whole (`70`, not `70.0`), and the keys of criteria are sorted, so that equal replies are equal text.
"""

from __future__ import annotations

import json
from typing import cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

_FREE_FORM = {"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"}
_EXACT = 2**53


def to_dict(message: Message) -> dict[str, JsonValue]:
    """A message as JSON with the keys in lowerCamelCase, ready for `json.dumps`."""
    plain: dict[str, JsonValue] = json_format.MessageToDict(
        message, always_print_fields_with_no_presence=True
    )
    # The stubs name two descriptor classes, of which the interpreter has one.
    descriptor = cast("Descriptor", message.DESCRIPTOR)
    if descriptor.full_name in _FREE_FORM:
        return {key: free_form(plain[key]) for key in sorted(plain)}
    _tidy(plain, descriptor)
    return plain


def to_json(message: Message, *, indent: int | None = None) -> str:
    """A message as one JSON text; without `indent` it is one line."""
    return json.dumps(to_dict(message), ensure_ascii=False, indent=indent)


def free_form(value: JsonValue) -> JsonValue:
    """The content of a `Struct`: whole numbers whole, keys sorted."""
    match value:
        case dict():
            return {key: free_form(value[key]) for key in sorted(value)}
        case list():
            return [free_form(item) for item in value]
        case float() if value.is_integer() and abs(value) <= _EXACT:
            return int(value)
        case _:
            return value


def _tidy(plain: dict[str, JsonValue], descriptor: Descriptor) -> None:
    for field in descriptor.fields:
        if field.json_name not in plain:
            continue
        # Taken out and put back: the keys end up in the order of the contract.
        value = plain.pop(field.json_name)
        plain[field.json_name] = value
        kind = field.message_type
        if kind is None:
            continue
        if kind.full_name in _FREE_FORM:
            plain[field.json_name] = free_form(value)
        elif not kind.GetOptions().map_entry:
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    _tidy(item, kind)
