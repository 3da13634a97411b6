"""`google.protobuf.Struct` and JSON values. A Struct makes numbers doubles and loses the order of keys."""

from __future__ import annotations

import math

from google.protobuf.struct_pb2 import NullValue, Struct, Value

from segmentry.criteria import paths
from segmentry.errors import Diagnostic, InvalidCriteria, JsonValue, ParseError


def to_json(struct: Struct) -> dict[str, JsonValue]:
    """The JSON object of a Struct; numbers stay doubles.

    Raises: InvalidCriteria (INVALID_VALUE, problem `nan`) for NaN and infinities, which JSON cannot say;
    ParseError for a value of no kind.
    """
    return _object(struct, "")


def from_json(value: dict[str, JsonValue]) -> Struct:
    """The Struct of a JSON object. Integers beyond 2^53 lose their last digits here."""
    struct = Struct()
    for key, each in value.items():
        _fill(struct.fields[key], each)
    return struct


def levels(value: JsonValue) -> int:
    """How many messages nest in the message of a JSON value: in a Struct if it is an object, else in a Value.

    A member of an object is an entry and its value, and what holds others is a Struct or ListValue besides.
    """
    match value:
        case dict():
            return 1 + max((2 + _inside(each) for each in value.values()), default=0)
        case list():
            return 1 + max((1 + _inside(each) for each in value), default=0)
        case _:
            return 1


def _inside(value: JsonValue) -> int:
    return levels(value) if isinstance(value, dict | list) else 0


def value_from_json(value: JsonValue) -> Value:
    """One JSON value as a message."""
    message = Value()
    _fill(message, value)
    return message


def _object(struct: Struct, path: str) -> dict[str, JsonValue]:
    return {key: _value(each, paths.member(path, key)) for key, each in struct.fields.items()}


def _value(value: Value, path: str) -> JsonValue:
    match value.WhichOneof("kind"):
        case "null_value":
            return None
        case "bool_value":
            return value.bool_value
        case "string_value":
            return value.string_value
        case "number_value":
            return _finite(value.number_value, path)
        case "struct_value":
            return _object(value.struct_value, path)
        case "list_value":
            return [
                _value(each, paths.item(path, index)) for index, each in enumerate(value.list_value.values)
            ]
        case None:
            raise ParseError(f"a value at {path or 'the root'} has no kind", path=path)


def _finite(number: float, path: str) -> float:
    if math.isfinite(number):
        return number
    shown = "NaN" if math.isnan(number) else "an infinity"
    error = InvalidCriteria(
        [Diagnostic("INVALID_VALUE", path, f"{shown} is no number to compare with", check=4)]
    )
    error.metadata["problem"] = "nan"
    raise error


def _fill(message: Value, value: JsonValue) -> None:
    match value:
        case None:
            message.null_value = NullValue.NULL_VALUE
        case bool():
            message.bool_value = value
        case str():
            message.string_value = value
        case int() | float():
            message.number_value = value
        case list():
            message.list_value.SetInParent()
            for each in value:
                _fill(message.list_value.values.add(), each)
        case dict():
            message.struct_value.SetInParent()
            for key, each in value.items():
                _fill(message.struct_value.fields[key], each)
