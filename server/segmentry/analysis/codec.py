"""Events and parameters as JSON and back: what the run log stores and the worker's pipe carries.

Written from the declared types, so a new field of an event needs no line here. An absent key takes the
field's default, so a log written before a field existed still reads.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from segmentry.analysis import events
from segmentry.analysis.continuity import Continuity
from segmentry.analysis.parameters import Parameters
from segmentry.errors import JsonValue

KINDS: Mapping[str, type[events.Event]] = {
    "plan": events.AnalysisEstimate,
    "progress": events.Progress,
    "profile": events.FieldProfile,
    "preparation": events.Preparation,
    "score": events.ClusterScore,
    "selection": events.Selection,
    "subtask": events.Subtask,
    "card": events.SegmentCard,
    "continuity": Continuity,
    "fallback": events.Fallback,
    "warning": events.Notice,
    "result": events.AnalysisResult,
}
_KIND_OF = {event: kind for kind, event in KINDS.items()}

T = TypeVar("T")


def encode(event: events.Event) -> dict[str, JsonValue]:
    """The event as a JSON object; the key `event` names its kind."""
    return {"event": _KIND_OF[type(event)], **_object(event)}


def decode(message: Mapping[str, JsonValue]) -> events.Event:
    """The event of an encoded message. Raises: ValueError when it is none."""
    kind = message.get("event")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"not an analysis event: kind {kind!r}")
    return _build(KINDS[kind], message)


def encode_parameters(parameters: Parameters) -> dict[str, JsonValue]:
    """The parameters as a JSON object."""
    return _object(parameters)


def decode_parameters(message: Mapping[str, JsonValue]) -> Parameters:
    """The parameters of an encoded object. Raises: ValueError when it is none."""
    return _build(Parameters, message)


def encode_value(value: object) -> dict[str, JsonValue]:
    """Any dataclass of numbers, texts, tuples and dataclasses as a JSON object."""
    return _object(value)


def decode_value(shape: type[T], message: Mapping[str, JsonValue]) -> T:
    """What `encode_value` wrote. Raises: ValueError when it is none."""
    return _build(shape, message)


def _object(value: object) -> dict[str, JsonValue]:
    assert dataclasses.is_dataclass(value)
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _plain(value: object) -> JsonValue:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number that is not finite must be absent from an event")
        return value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    return _object(value)


@cache
def _hints(shape: type[object]) -> Mapping[str, object]:
    return get_type_hints(shape)


def _build(shape: type[T], message: Mapping[str, JsonValue]) -> T:
    hints = _hints(shape)
    known = {name: _typed(hint, message[name], name) for name, hint in hints.items() if name in message}
    try:
        return shape(**known)
    except TypeError as err:
        raise ValueError(f"{shape.__name__} lacks a field: {err}") from err


def _typed(hint: object, value: JsonValue, name: str) -> object:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [each for each in get_args(hint) if each is not types.NoneType]
        # The only union of several types in an event is JSON itself.
        return value if value is None or len(inner) > 1 else _typed(inner[0], value, name)
    if origin is Literal:
        if value in get_args(hint):
            return value
    elif origin is tuple:
        if isinstance(value, list):
            return tuple(_typed(get_args(hint)[0], item, name) for item in value)
    elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if isinstance(value, dict):
            return _build(hint, value)
    elif hint is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(hint, type) and isinstance(value, hint):
        return value
    raise ValueError(f"{name} has no value of its type: {value!r}")
