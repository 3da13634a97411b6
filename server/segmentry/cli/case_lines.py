"""What was used after a build, as an evaluation case that a person may approve."""

from __future__ import annotations

import json
import re
from typing import Final, cast

from segmentry_client import to_dict

from segmentry.criteria import parse, walk
from segmentry.criteria.nodes import Event, Everyone, Leaf, Node, Not, Operator, Or, Top
from segmentry.errors import JsonValue
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1 import segment_insights_pb2

_USED: Final = {
    pb.OUTCOME_CHANGE_UNTOUCHED,
    pb.OUTCOME_CHANGE_THRESHOLD_CHANGED,
    pb.OUTCOME_CHANGE_CONDITION_ADDED,
    pb.OUTCOME_CHANGE_CONDITION_REMOVED,
    pb.OUTCOME_CHANGE_REWRITTEN,
}
# An address, or as many digits as a telephone number, a card or an account has.
_PERSONAL: Final = re.compile(r"\S@\S|(?:\d[ .\-/()]?){7,}")
_BOUNDS: Final = {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def case(found: segment_insights_pb2.RecordedOutcome) -> dict[str, JsonValue] | None:
    """The keys of a case and of its file, with `approved` false; None where it may not or cannot be one."""
    text = found.query
    if found.change not in _USED or found.personal or not text or _PERSONAL.search(text):
        return None
    if not found.HasField("final"):
        return None
    told = to_dict(found)
    final = told["final"]
    node = parse.from_value(final)
    line: dict[str, JsonValue] = {
        "approved": False,
        "catalog": found.schema_id,
        "now": cast("str", told["asOf"]),
        "id": f"{found.schema_id}-{found.build_id[-8:]}",
        "category": "refine" if found.HasField("current") else category(node),
        "query": text,
        "expect": [json.dumps(final, ensure_ascii=False, separators=(",", ":"))],
        "change": pb.OutcomeChange.Name(found.change).removeprefix("OUTCOME_CHANGE_").lower(),
    }
    if found.HasField("current"):
        line["current"] = json.dumps(told["current"], ensure_ascii=False, separators=(",", ":"))
    return line


def category(node: Node) -> str:
    """The category that criteria most likely belong to; a person may choose another.

    >>> from segmentry.criteria.parse import loads
    >>> category(loads('{"tier": "GOLD"}')), category(loads('{"age": {"$gte": 40, "$lt": 60}}'))
    ('list', 'range')
    """
    if isinstance(node, Everyone):
        return "everyone"
    nodes, leaves = list(walk.nodes(node)), walk.leaves(node)
    values = [json.dumps(each.value, default=str) for each in leaves if isinstance(each, Leaf)]
    bounds = [each.field for each in leaves if isinstance(each, Leaf) and each.operator in _BOUNDS]
    operators = {each.operator for each in leaves if isinstance(each, Leaf)}
    told = {
        "percentile": any(isinstance(each, Top) for each in leaves),
        "event": any(isinstance(each, Event) for each in leaves),
        "relative_date": any("{{" in each for each in values),
        "absolute_date": any(_DATE.search(each) for each in values),
        "logic": any(isinstance(each, Or) for each in nodes),
        "exists": Operator.EXISTS in operators,
        "negation": bool(operators & {Operator.NEQ, Operator.NIN})
        or any(isinstance(each, Not) for each in nodes),
        "range": len(bounds) > len(set(bounds)),
        "cmp": bool(bounds),
        "boolean": any(isinstance(each, Leaf) and isinstance(each.value, bool) for each in leaves),
        "string": bool(operators & {Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH}),
    }
    return next((name for name, holds in told.items() if holds), "list")
