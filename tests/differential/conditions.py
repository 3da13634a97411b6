"""Criteria over a catalog, as JSON values, in all the ways that the language lets people write them."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st
from segmentry.criteria import operators
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Operator
from segmentry.errors import JsonValue

from tests.differential.moments import TIMES
from tests.differential.words import ASKED_NUMBERS, BOUNDS, INTEGERS, NEEDLES, TEXTS

Drawn = st.SearchStrategy[JsonValue]
_NO_CONDITION: dict[str, JsonValue] = {}
EVERYONE: Drawn = st.just(_NO_CONDITION)
COUNTS = ["$eq", "$neq", "$ne", "$gt", "$gte", "$lt", "$lte"]


def criteria(catalog: Catalog) -> Drawn:
    """Criteria that pass every check, up to about ten leaves deep in groups."""
    plain = _leaf(catalog)
    tops = [field for field in catalog.fields if field.type in ("number", "datetime")]
    # Made once for a table: making one costs more than drawing from it.
    wheres = {each.name: _groups(_leaf(catalog.properties_of(each.name)), most=3) for each in catalog.events}
    choices = [plain, plain, plain, plain, _event(catalog, wheres)]
    if tops:
        choices.append(_top(tops, st.one_of(EVERYONE, _groups(plain, most=3))))
    return _mostly(_groups(st.one_of(choices)))


@st.composite
def _mostly(draw: st.DrawFn, groups: Drawn) -> JsonValue:
    """Seldom everyone: `one_of` would take that as often as all the rest."""
    return draw(EVERYONE if draw(st.integers(0, 31)) == 31 else groups)


def _groups(leaf: Drawn, most: int = 8) -> Drawn:
    return st.recursive(leaf, lambda inner: st.one_of([_one(inner), _several(inner)]), max_leaves=most)


@st.composite
def _one(draw: st.DrawFn, inner: Drawn) -> JsonValue:
    negated: JsonValue = {"$not": draw(inner)}
    return {"$not": negated} if draw(st.booleans()) else negated


@st.composite
def _several(draw: st.DrawFn, inner: Drawn) -> JsonValue:
    group: JsonValue = {draw(st.sampled_from(["$and", "$or"])): draw(st.lists(inner, min_size=1, max_size=3))}
    return {"$not": group} if draw(st.integers(0, 3)) == 0 else group


@st.composite
def _leaf(draw: st.DrawFn, catalog: Catalog) -> JsonValue:
    """One field: a bare value, null, or one or two operators."""
    field = draw(st.sampled_from(catalog.fields))
    if Operator.EQ in operators.allowed(field) and draw(st.integers(0, 5)) == 0:
        return {field.name: draw(st.one_of(st.none(), _operands(field, Operator.EQ)))}
    legal = st.sampled_from(operators.allowed(field))
    chosen = draw(st.lists(legal, min_size=1, max_size=1 if field.type == "array" else 2, unique=True))
    return {field.name: {_key(each, draw): draw(_value(field, each)) for each in chosen}}


def _key(operator: Operator, draw: st.DrawFn) -> str:
    return "$ne" if operator is Operator.NEQ and draw(st.booleans()) else operators.key(operator)


def _value(field: Field, operator: Operator) -> Drawn:
    match operators.BY_OPERATOR[operator].operand:
        case "flag":
            return st.booleans()
        case "list":
            return st.lists(
                st.one_of(_operands(field, operator), _operands(field, operator), st.none()), max_size=4
            ).map(lambda values: [*values])
        case "scalar":
            return st.one_of(*[_operands(field, operator)] * 4, st.none())
        case "text":
            return NEEDLES
        case "order":
            return _operands(field, operator)


def _operands(field: Field, operator: Operator) -> Drawn:
    match field.type:
        case "number":
            if not field.integer:
                return ASKED_NUMBERS
            return BOUNDS if operators.BY_OPERATOR[operator].operand == "order" else INTEGERS
        case "boolean":
            return st.booleans()
        case "datetime":
            return TIMES
        case "enum" if field.values:
            return st.sampled_from([each.value for each in field.values])
        case _:
            return NEEDLES if operator is Operator.CONTAINS else TEXTS.filter(_is_no_date)


def _is_no_date(text: JsonValue) -> bool:
    return not (isinstance(text, str) and text.startswith("{{") and text.endswith("}}"))


@st.composite
def _event(draw: st.DrawFn, catalog: Catalog, wheres: Mapping[str, Drawn]) -> JsonValue:
    name = draw(st.sampled_from([each.name for each in catalog.events]))
    properties = catalog.properties_of(name)
    printed: dict[str, JsonValue] = {"name": name}
    if properties.fields and draw(st.booleans()):
        printed["where"] = draw(wheres[name])
    whole = [each.name for each in properties.fields if each.type == "number" and each.integer]
    single = [each.name for each in properties.fields if each.type != "array"]
    measures = ["none", "count", "count", *["sum"] * bool(whole), *["distinct"] * bool(single)]
    measure, operator = draw(st.sampled_from(measures)), draw(st.sampled_from(COUNTS))
    if measure == "count":
        number = draw(st.integers(0, 4))
        printed["count"] = number if draw(st.integers(0, 3)) == 0 else {operator: number}
    elif measure == "distinct":
        printed["distinct"] = {"of": draw(st.sampled_from(single)), operator: draw(st.integers(0, 3))}
    elif measure == "sum":
        total = draw(st.one_of(INTEGERS, st.sampled_from([2**64 - 2, -(2**64), 2**62])))
        printed["sum"] = {"of": draw(st.sampled_from(whole)), operator: total}
    window = draw(st.integers(0, 3))
    if window == 1:
        printed["within"] = draw(TIMES)
    elif window == 2:
        printed["within"] = {"from": draw(TIMES)}
    elif window == 3:
        printed["within"] = {"from": draw(TIMES), "to": draw(TIMES)}
    return {"$event": printed}


@st.composite
def _top(draw: st.DrawFn, fields: list[Field], among: Drawn) -> JsonValue:
    percent: JsonValue = draw(st.sampled_from([0.1, 1, 10, 25, 33.3, 50, 66.6, 99, 99.9, 12.5]))
    printed: dict[str, JsonValue] = {"field": draw(st.sampled_from(fields)).name, "percent": percent}
    if draw(st.booleans()):
        printed["order"] = draw(st.sampled_from(["highest", "lowest"]))
    if draw(st.booleans()):
        printed["of"] = draw(among)
    return {"$top": printed}
