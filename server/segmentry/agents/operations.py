"""Which operations an expert may use on a field: what the catalog allows, in the words of `pieces.Op`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segmentry.agents.pieces import OPS, Op
from segmentry.criteria import operators
from segmentry.criteria.catalog import Field, FieldType
from segmentry.criteria.nodes import Operator

EVENT_OPS: Final[tuple[Op, ...]] = ("did_at_least", "did_at_most")

_DATES: Final[tuple[Op, ...]] = ("before", "after", "during", "within", "beyond")
_NUMBERS: Final[tuple[Op, ...]] = ("above", "at_least", "below", "at_most", "between")
_BY_TYPE: Final[Mapping[FieldType, tuple[Op, ...]]] = {
    "string": ("is", "contains", "starts_with", "ends_with"),
    "enum": ("is",),
    "boolean": ("is",),
    "array": ("is",),
    "number": ("is", *_NUMBERS, "top", "bottom"),
    "datetime": _DATES,
}
# An operation is allowed once the field takes one of these operators; without a row, always.
_NEEDS: Final[Mapping[Op, frozenset[Operator]]] = {
    "is": frozenset({Operator.EQ, Operator.IN}),
    "contains": frozenset({Operator.CONTAINS}),
    "starts_with": frozenset({Operator.STARTS_WITH}),
    "ends_with": frozenset({Operator.ENDS_WITH}),
    **dict.fromkeys(("above", "at_least"), frozenset({Operator.GT, Operator.GTE})),
    **dict.fromkeys(("below", "at_most"), frozenset({Operator.LT, Operator.LTE})),
    **dict.fromkeys(("between", "during"), frozenset({Operator.GTE, Operator.LTE, Operator.GT, Operator.LT})),
    "before": frozenset({Operator.LT, Operator.LTE}),
    "after": frozenset({Operator.GT, Operator.GTE}),
    **dict.fromkeys(("within", "beyond"), frozenset({Operator.LT, Operator.LTE, Operator.GT, Operator.GTE})),
}


def allowed(field: Field) -> tuple[Op, ...]:
    """The operations on a field, in the order of `pieces.OPS`; `known` always, `band` where it has bands.

    >>> allowed(Field("emailOptIn", "boolean")), allowed(Field("handicap", "number"))[:3]
    (('is', 'known'), ('is', 'above', 'at_least'))
    """
    takes = frozenset(operators.allowed(field))
    found: set[Op] = {op for op in _BY_TYPE[field.type] if op not in _NEEDS or _NEEDS[op] & takes}
    found.add("known")
    if field.bands and field.llm == "values" and not field.pii:
        found.add("band")
    return tuple(op for op in OPS if op in found)
