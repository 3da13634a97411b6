"""One leaf as a filter of a Klaviyo condition, on a profile's property or on an event's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from segmentry.criteria.catalog import Field
from segmentry.criteria.export.remarks import Remarks, plain
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.criteria.operators import BY_OPERATOR
from segmentry.errors import ExportUnsupported, JsonValue

Filter = dict[str, JsonValue]

_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_NUMERIC = {
    Operator.EQ: "equals",
    Operator.GT: "greater-than",
    Operator.GTE: "greater-than-or-equal",
    Operator.LT: "less-than",
    Operator.LTE: "less-than-or-equal",
}
_TEXT = {
    Operator.EQ: "equals",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts-with",
    Operator.ENDS_WITH: "ends-with",
    Operator.IN: "in",
}


def of_leaf(
    leaf: Leaf, field: Field, remarks: Remarks, *, negated: bool = False, of_event: bool = False
) -> Filter:
    """The filter for a leaf; `negated` takes the set values that the leaf does not take.

    Raises: ExportUnsupported where there is no such filter.

    >>> of_leaf(Leaf("n", Operator.GTE, 5), Field("n", "number"), Remarks("klaviyo"))
    {'type': 'numeric', 'operator': 'greater-than-or-equal', 'value': 5}
    """
    operator, value = leaf.operator, leaf.value
    if operator is Operator.EXISTS:
        if field.type in ("string", "enum", "array"):
            remarks.inexact(f"whether an empty {field.name} is set is for Klaviyo to say")
        return {"type": "existence", "operator": "is-set" if value else "not-set"}
    match field.type:
        case "number" if not isinstance(value, tuple):
            assert isinstance(value, int | float)
            name = "not-equals" if negated else _NUMERIC[operator]
            return {"type": "numeric", "operator": name, "value": plain(value)}
        case "boolean":
            assert isinstance(value, bool)
            return {"type": "boolean", "operator": "equals", "value": value}
        case "string" | "enum" if operator in _TEXT:
            remarks.inexact(f"Klaviyo does not say whether it regards the case of {field.name}")
            _note_types(leaf, field, remarks)
            name = f"not-{_TEXT[operator]}" if negated else _TEXT[operator]
            written: JsonValue = [str(each) for each in value] if isinstance(value, tuple) else str(value)
            return {"type": "string", "operator": name, "value": written}
        case "datetime" if not of_event:
            assert isinstance(value, datetime)
            return _date(leaf, field, value, remarks)
        case "array":
            remarks.inexact(f"Klaviyo does not say whether it regards the case of {field.name}")
            if of_event:
                values: list[JsonValue] = [*value] if isinstance(value, tuple) else [str(value)]  # pyright: ignore[reportAssignmentType] - an array holds texts
                return {"type": "list", "operator": "contains-any", "value": values}
            return {
                "type": "list",
                "operator": "not-contains" if negated else "contains",
                "value": str(value),
            }
        case _:
            raise _refusal(leaf, field, remarks)


def _date(leaf: Leaf, field: Field, value: datetime, remarks: Remarks) -> Filter:
    remarks.inexact(f"Klaviyo does not say how fine it compares times: {field.name} may differ by a second")
    match leaf.operator:
        case Operator.GTE if value == _FIRST:
            return {"type": "existence", "operator": "is-set"}
        case Operator.LTE if value == _LAST:
            return {"type": "existence", "operator": "is-set"}
        case Operator.GT | Operator.GTE:
            name, value = "after", value if leaf.operator is Operator.GT else value - _MICROSECOND
        case _:
            name, value = "before", value if leaf.operator is Operator.LT else value + _MICROSECOND
    return {"type": "date", "operator": name, "date": value.isoformat()}


def _note_types(leaf: Leaf, field: Field, remarks: Remarks) -> None:
    given = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    if not all(isinstance(each, str) for each in given):
        remarks.inexact(f"{field.name} has values of several types: Klaviyo compares them as texts")


def _refusal(leaf: Leaf, field: Field, remarks: Remarks) -> ExportUnsupported:
    key = BY_OPERATOR[leaf.operator].key
    message = f"Klaviyo has no {key} for {field.name}, a field of type {field.type}"
    allowed = ", ".join(BY_OPERATOR[each].key for each in _TEXT) if field.type in ("string", "enum") else ""
    return remarks.refusal(leaf.path, message, allowed)
