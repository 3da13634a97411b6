"""The size of criteria that came as messages, counted before anything is converted.

A message of 4 MB can hold two million conditions, and turning them into JSON would hold the event loop for
seconds only to refuse them. Lists are counted by their length first, so a count never goes far past a limit.
"""

from __future__ import annotations

from google.protobuf.struct_pb2 import Struct, Value

from segmentry.criteria import limits, paths
from segmentry.errors import TooManyValues
from segmentry.v1 import criteria_pb2 as pb

_LISTS = (pb.OPERATOR_IN, pb.OPERATOR_NIN)


class _Count:
    """The least that criteria need as JSON text without spaces, and their nodes."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.n_nodes = 0

    def text(self, n_bytes: int) -> None:
        self.n_bytes += n_bytes
        if self.n_bytes > limits.MAX_BYTES:
            message = f"criteria have {self.n_bytes:,} bytes as JSON or more, limit {limits.MAX_BYTES:,}"
            raise limits.too_complex("bytes", self.n_bytes, limits.MAX_BYTES, message)

    def nodes(self, n_nodes: int) -> None:
        self.n_nodes += n_nodes
        limits.refuse_nodes(self.n_nodes)


def refuse_struct(criteria: Struct) -> None:
    """Refuse criteria whose JSON cannot be within the limit. Raises: CriteriaTooComplex."""
    count = _Count()
    open_objects, open_values = [criteria], list[Value]()
    while open_objects or open_values:
        if open_objects:
            fields = open_objects.pop().fields
            # `"":0,` is the least that an entry can be; a value's first byte was counted with its place.
            count.text(max(1, 5 * len(fields)))
            for key, value in fields.items():
                count.text(len(key))
                open_values.append(value)
            continue
        value = open_values.pop()
        match value.WhichOneof("kind"):
            case "string_value":
                count.text(len(value.string_value))
            case "struct_value":
                open_objects.append(value.struct_value)
            case "list_value":
                values = value.list_value.values
                count.text(max(1, 2 * len(values)))
                open_values.extend(values)
            case "null_value" | "bool_value":
                count.text(3)
            case _:
                pass


def refuse_expression(expression: pb.Criteria) -> None:
    """Refuse a typed tree beyond the limits of nodes, values and bytes.

    Raises: CriteriaTooComplex, TooManyValues.
    """
    count = _Count()
    open_nodes = [(expression, "")]
    while open_nodes:
        tree, path = open_nodes.pop()
        kind = tree.WhichOneof("node")
        # An empty item is no node of a legal tree, but one to look at: groups count theirs first.
        count.nodes(kind is not None)
        match kind:
            case "all_of" | "any_of":
                key, group = ("$and", tree.all_of) if kind == "all_of" else ("$or", tree.any_of)
                limits.refuse_nodes(count.n_nodes + len(group.items))
                here = paths.member(path, key)
                open_nodes += ((item, paths.item(here, index)) for index, item in enumerate(group.items))
            case "negation":
                open_nodes.append((tree.negation, paths.member(path, "$not")))
            case "predicate":
                _operands(tree.predicate, path, count)
            case "event" if tree.event.HasField("where"):
                open_nodes.append((tree.event.where, paths.member(paths.member(path, "$event"), "where")))
            case "top" if tree.top.HasField("of"):
                open_nodes.append((tree.top.of, paths.member(paths.member(path, "$top"), "of")))
            case _:
                pass


def _operands(predicate: pb.Predicate, path: str, count: _Count) -> None:
    n_values = len(predicate.operands)
    if n_values > limits.MAX_VALUES and predicate.operator in _LISTS:
        message = f"{predicate.field[:60]} has {n_values:,} values, limit {limits.MAX_VALUES:,}"
        key = "$in" if predicate.operator == pb.OPERATOR_IN else "$nin"
        here = paths.member(paths.member(path, predicate.field), key)
        raise TooManyValues(message, path=here, actual=n_values, maximum=limits.MAX_VALUES)
    count.text(2 * n_values)
    for operand in predicate.operands:
        match operand.WhichOneof("kind"):
            case "text":
                count.text(len(operand.text) + 1)
            case "integer":
                count.text(len(str(operand.integer)) - 1)
            case _:
                pass
