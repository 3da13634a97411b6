"""The shapes of answers for pydantic, closed and strict: imported only when an answer is read."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from segmentry.agents.pieces import Direction, EditKind, RuleOp, Unit

_LONGEST_EVIDENCE: Final = 200


def _no_word(value: object) -> object:
    """What stands for nothing in an enum: `none`, or null where a vendor knows no better."""
    return "" if value is None or value == "none" else value


def _as_text(value: object) -> object:
    """A number where a text is wanted says the same."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value) if isinstance(value, int) else repr(value)


_Evidence = Annotated[str, Field(min_length=1, max_length=_LONGEST_EVIDENCE)]
_Value = Annotated[str, BeforeValidator(_as_text), Field(max_length=_LONGEST_EVIDENCE)]
_Unit = Annotated[Unit, BeforeValidator(_no_word)]
_Direction = Annotated[Direction, BeforeValidator(_no_word)]


class _Closed(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Conditions(_Closed):
    conditions: list[object]
    unhandled: list[object]


class _Condition(_Closed):
    evidence: _Evidence
    field: Annotated[str, Field(min_length=1, max_length=_LONGEST_EVIDENCE)]
    op: Annotated[str, Field(max_length=32)]
    values: Annotated[list[_Value], Field(max_length=20)]
    unit: _Unit
    direction: _Direction
    negated: bool
    assumed: bool


class _Logic(_Closed):
    expr: Annotated[str, Field(min_length=1, max_length=_LONGEST_EVIDENCE)]
    order_uncertain: bool


class _Edits(_Closed):
    edits: list[object]
    unhandled: list[object]


class _Edit(_Closed):
    evidence: _Evidence
    do: EditKind
    leaves: Annotated[list[int], Field(max_length=50)]
    words: Annotated[str, Field(max_length=_LONGEST_EVIDENCE)]


class _Wording(_Closed):
    question: Annotated[str, Field(min_length=1, max_length=200)]
    options: Annotated[list[Annotated[str, Field(min_length=1, max_length=160)]], Field(max_length=8)]


class _Name(_Closed):
    name: Annotated[str, Field(min_length=1, max_length=_LONGEST_EVIDENCE)]


class _Rule(_Closed):
    field: Annotated[str, Field(min_length=1, max_length=_LONGEST_EVIDENCE)]
    op: RuleOp
    values: Annotated[list[_Value], Field(min_length=1, max_length=20)]


class _Segment(_Closed):
    name: Annotated[str, Field(min_length=1, max_length=_LONGEST_EVIDENCE)]
    description: Annotated[str, Field(max_length=400)]
    rules: Annotated[list[_Rule], Field(min_length=1, max_length=6)]
    suggested_use: Annotated[str, Field(max_length=400)]


class _Proposal(_Closed):
    segments: list[object]


class Shapes:
    """All shapes under one name, so that they are imported together and late."""

    Conditions = _Conditions
    Condition = _Condition
    Logic = _Logic
    Edits = _Edits
    Edit = _Edit
    Wording = _Wording
    Name = _Name
    Segment = _Segment
    Proposal = _Proposal
