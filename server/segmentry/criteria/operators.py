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
    those are about the whole customer. `english` takes the printed operand, `negated` says the complement.
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

    @property
    def key(self) -> str:
        """As criteria write it, such as `$gte`."""
        return f"${self.operator.value}"

    def possible(self, field_type: FieldType) -> bool:
        """Whether a catalog may list it for a type."""
        return field_type in self.types or field_type in self.listed


_ORDERED: frozenset[FieldType] = frozenset({"number", "datetime"})
_LISTABLE: frozenset[FieldType] = frozenset({"string", "enum", "number", "array"})
_TEXT: frozenset[FieldType] = frozenset({"string"})
_TEXT_OR_ARRAY: frozenset[FieldType] = frozenset({"string", "array"})


def _ordered(operator: Operator, test: Callable[[Any, Any], bool], english: str) -> OperatorRow:
    negated = english.replace("is ", "is not ", 1)
    return OperatorRow(operator, _ORDERED, "order", english, negated, test, listed=_TEXT)


def _one_of(value: Any, operand: Any) -> bool:
    return value in operand


def _contains(value: Any, operand: Any) -> bool:
    return operand in value


def _starts_with(value: Any, operand: Any) -> bool:
    return value.startswith(operand)


def _ends_with(value: Any, operand: Any) -> bool:
    return value.endswith(operand)


ROWS: tuple[OperatorRow, ...] = (
    OperatorRow(Operator.EQ, ALL_TYPES, "scalar", "is {0}", "is not {0}", python.eq, complement=Operator.NEQ),
    OperatorRow(Operator.NEQ, ALL_TYPES, "scalar", "is not {0}", "is {0}", complement=Operator.EQ),
    _ordered(Operator.LT, python.lt, "is less than {0}"),
    _ordered(Operator.LTE, python.le, "is at most {0}"),
    _ordered(Operator.GT, python.gt, "is more than {0}"),
    _ordered(Operator.GTE, python.ge, "is at least {0}"),
    OperatorRow(Operator.IN, _LISTABLE, "list", "is {0}", "is neither {0}", _one_of, complement=Operator.NIN),
    OperatorRow(Operator.NIN, _LISTABLE, "list", "is neither {0}", "is {0}", complement=Operator.IN),
    OperatorRow(Operator.CONTAINS, _TEXT_OR_ARRAY, "text", "contains {0}", "does not contain {0}", _contains),
    OperatorRow(
        Operator.STARTS_WITH, _TEXT, "text", "starts with {0}", "does not start with {0}", _starts_with
    ),
    OperatorRow(Operator.ENDS_WITH, _TEXT, "text", "ends with {0}", "does not end with {0}", _ends_with),
    OperatorRow(Operator.EXISTS, ALL_TYPES, "flag", "is set", "is not set"),
)
BY_OPERATOR: Mapping[Operator, OperatorRow] = {row.operator: row for row in ROWS}
# `$ne` is how MongoDB writes `$neq`; it is read and never printed.
BY_KEY: Mapping[str, Operator] = {**{row.key: row.operator for row in ROWS}, "$ne": Operator.NEQ}
COMBINATORS = ("$and", "$or", "$not", "$event", "$segment", "$top")


def allowed(field: Field) -> tuple[Operator, ...]:
    """The operators a field takes, in the order they are listed to people, `exists` last.

    >>> [each.value for each in allowed(Field("emailOptIn", "boolean"))]
    ['eq', 'neq', 'exists']
    """
    listed = field.operators or tuple(row.operator for row in ROWS if field.type in row.types)
    return (*(each for each in listed if each is not Operator.EXISTS), Operator.EXISTS)


def key(operator: Operator) -> str:
    """An operator as criteria write it.

    >>> key(Operator.STARTS_WITH)
    '$startsWith'
    """
    return f"${operator.value}"
