"""The operators, one row each: which types take them, what they test, how they are said.

The parser, the checker, the reference matcher, the English printer and ListFields read this table; a new
operator is one row here and one value of `nodes.Operator`.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from segmentry.criteria.catalog import Field, FieldType
from segmentry.criteria.nodes import Operator

Operand = Literal["scalar", "order", "list", "text", "flag"]
ALL_TYPES: frozenset[FieldType] = frozenset({"string", "enum", "number", "boolean", "datetime", "array"})


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One operator.

    `types` have it by default, `listed` only if the catalog lists it. `operand` is the kind of value:
    scalar (null allowed), order (comparable, not null), list, text (not empty), flag. `test(value, operand)`
    is asked for a set value (arrays: for each element); for `neq`, `nin` and `exists` it is None, because
    those are about the whole customer. `english` takes the printed operand, `negated` says the complement
    among set values; `on_dates` and `on_arrays` are both where those types say it differently.
    """

    operator: Operator
    types: frozenset[FieldType]
    operand: Operand
    english: str
    negated: str
    # Values were cast to one type by the checker, which no static type of the pair can say.
    test: Callable[[Any, Any], bool] | None = None
    listed: frozenset[FieldType] = frozenset()
    complement: Operator | None = None
    on_dates: tuple[str, str] | None = None
    on_arrays: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        """As criteria write it, such as `$gte`."""
        return f"${self.operator.value}"

    def possible(self, field_type: FieldType) -> bool:
        """Whether a catalog may list it for a type."""
        return field_type in self.types or field_type in self.listed

    def phrases(self, field_type: FieldType | None) -> tuple[str, str]:
        """The phrase and its negation on a type."""
        if field_type == "datetime" and self.on_dates:
            return self.on_dates
        if field_type == "array" and self.on_arrays:
            return self.on_arrays
        return self.english, self.negated


_ORDERED: frozenset[FieldType] = frozenset({"number", "datetime"})
_LISTABLE: frozenset[FieldType] = frozenset({"string", "enum", "number", "array"})
_TEXT: frozenset[FieldType] = frozenset({"string"})
_TEXT_OR_ARRAY: frozenset[FieldType] = frozenset({"string", "array"})
_INCLUDES = ("includes {0}", "does not include {0}")
_INCLUDES_NOT = (_INCLUDES[1], _INCLUDES[0])
_EXACTLY = ("is exactly {0}", "is not exactly {0}")
_NOT_EXACTLY = (_EXACTLY[1], _EXACTLY[0])


def _ordered(
    operator: Operator, test: Callable[[Any, Any], bool], english: str, on_dates: str
) -> OperatorRow:
    return OperatorRow(
        operator,
        _ORDERED,
        "order",
        f"is {english}",
        f"is not {english}",
        test,
        listed=_TEXT,
        on_dates=(f"is {on_dates}", f"is not {on_dates}"),
    )


def _one_of(value: Any, operand: Any) -> bool:
    return value in operand


def _contains(value: Any, operand: Any) -> bool:
    return operand in value


def _starts_with(value: Any, operand: Any) -> bool:
    return value.startswith(operand)


def _ends_with(value: Any, operand: Any) -> bool:
    return value.endswith(operand)


ROWS: tuple[OperatorRow, ...] = (
    OperatorRow(
        Operator.EQ,
        ALL_TYPES,
        "scalar",
        "is {0}",
        "is not {0}",
        python.eq,
        complement=Operator.NEQ,
        on_dates=_EXACTLY,
        on_arrays=_INCLUDES,
    ),
    OperatorRow(
        Operator.NEQ,
        ALL_TYPES,
        "scalar",
        "is not {0}",
        "is {0}",
        complement=Operator.EQ,
        on_dates=_NOT_EXACTLY,
        on_arrays=_INCLUDES_NOT,
    ),
    _ordered(Operator.LT, python.lt, "less than {0}", "before {0}"),
    _ordered(Operator.LTE, python.le, "at most {0}", "at or before {0}"),
    _ordered(Operator.GT, python.gt, "more than {0}", "after {0}"),
    _ordered(Operator.GTE, python.ge, "at least {0}", "on or after {0}"),
    OperatorRow(
        Operator.IN,
        _LISTABLE,
        "list",
        "is {0}",
        "is none of {0}",
        _one_of,
        complement=Operator.NIN,
        on_arrays=("includes {0}", "includes none of {0}"),
    ),
    OperatorRow(
        Operator.NIN,
        _LISTABLE,
        "list",
        "is none of {0}",
        "is {0}",
        complement=Operator.IN,
        on_arrays=("includes none of {0}", "includes {0}"),
    ),
    OperatorRow(
        Operator.CONTAINS,
        _TEXT_OR_ARRAY,
        "text",
        "contains {0}",
        "does not contain {0}",
        _contains,
        on_arrays=_INCLUDES,
    ),
    OperatorRow(
        Operator.STARTS_WITH, _TEXT, "text", "starts with {0}", "does not start with {0}", _starts_with
    ),
    OperatorRow(Operator.ENDS_WITH, _TEXT, "text", "ends with {0}", "does not end with {0}", _ends_with),
    OperatorRow(Operator.EXISTS, ALL_TYPES, "flag", "is set", "is unset"),
)
# `exists` is the last row, and every type takes it
_BY_TYPE: Mapping[FieldType, tuple[Operator, ...]] = {
    kind: tuple(row.operator for row in ROWS if kind in row.types) for kind in ALL_TYPES
}
BY_OPERATOR: Mapping[Operator, OperatorRow] = {row.operator: row for row in ROWS}
# `$ne` is how MongoDB writes `$neq`; it is read and never printed.
BY_KEY: Mapping[str, Operator] = {**{row.key: row.operator for row in ROWS}, "$ne": Operator.NEQ}
COMBINATORS = ("$and", "$or", "$not", "$event", "$segment", "$top")


def allowed(field: Field) -> tuple[Operator, ...]:
    """The operators a field takes, in the order they are listed to people, `exists` last.

    >>> [each.value for each in allowed(Field("emailOptIn", "boolean"))]
    ['eq', 'neq', 'exists']
    """
    if not field.operators:
        return _BY_TYPE[field.type]
    return (*(each for each in field.operators if each is not Operator.EXISTS), Operator.EXISTS)


def key(operator: Operator) -> str:
    """An operator as criteria write it.

    >>> key(Operator.STARTS_WITH)
    '$startsWith'
    """
    return f"${operator.value}"
