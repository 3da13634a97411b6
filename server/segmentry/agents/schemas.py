"""The JSON Schemas that answers are held to: flat, closed, every property required.

Only what the strictest vendors have taken since they offer schemas: no `$ref`, `oneOf` or `allOf`, at most
three levels, no bounds of lengths (our own code checks those), no empty text among the values of an enum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, get_args

from segmentry.agents.groups import Group
from segmentry.agents.pieces import DIRECTIONS, UNITS, EditKind, RuleOp
from segmentry.errors import JsonValue
from segmentry.llm.model import AnswerSchema

# How "" is said in an enum: some vendors refuse an empty text there.
NONE: Final = "none"

_TEXT: Final[JsonValue] = {"type": "string"}
_TEXTS: Final[JsonValue] = {"type": "array", "items": {"type": "string"}}
_FLAG: Final[JsonValue] = {"type": "boolean"}
_WHOLES: Final[JsonValue] = {"type": "array", "items": {"type": "integer"}}


def conditions(group: Group) -> AnswerSchema:
    """What a specialist answers: conditions on its own fields and events, and the words it cannot say."""
    condition = _object(
        evidence=_TEXT,
        field=_one_of(group.named),
        op=_one_of(group.ops),
        values=_TEXTS,
        unit=_one_of(each or NONE for each in UNITS),
        direction=_one_of(each or NONE for each in DIRECTIONS),
        negated=_FLAG,
        assumed=_FLAG,
    )
    return AnswerSchema(group.name, _object(conditions=_list(condition), unhandled=_TEXTS))


def logic() -> AnswerSchema:
    """How numbered phrases hang together."""
    return AnswerSchema("logic", _object(expr=_TEXT, order_uncertain=_FLAG))


def edit() -> AnswerSchema:
    """What an instruction does to numbered conditions."""
    operation = _object(evidence=_TEXT, do=_one_of(get_args(EditKind)), leaves=_WHOLES, words=_TEXT)
    return AnswerSchema("edit", _object(edits=_list(operation), unhandled=_TEXTS))


def ambiguity() -> AnswerSchema:
    """The wording of one question and of its options, in our order."""
    return AnswerSchema("ambiguity", _object(question=_TEXT, options=_TEXTS))


def name() -> AnswerSchema:
    """The name of one segment."""
    return AnswerSchema("name", _object(name=_TEXT))


def statistics(fields: Sequence[str]) -> AnswerSchema:
    """Segments proposed from statistics of these fields."""
    rule = _object(field=_one_of(fields), op=_one_of(get_args(RuleOp)), values=_TEXTS)
    segment = _object(name=_TEXT, description=_TEXT, rules=_list(rule), suggested_use=_TEXT)
    return AnswerSchema("statistics", _object(segments=_list(segment)))


def _object(**properties: JsonValue) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: JsonValue) -> JsonValue:
    return {"type": "array", "items": items}


def _one_of(values: Iterable[str]) -> JsonValue:
    return {"type": "string", "enum": list(values)}
