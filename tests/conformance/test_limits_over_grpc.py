"""Each limit of the language at its value and one past it, in both wire forms, through every envelope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from segmentry.criteria import render
from segmentry.criteria.nodes import Leaf, Node, Not, Operator, Or, Top
from segmentry.rpc.convert import criteria as wire
from segmentry.rpc.convert import struct
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, builder, refusal

Form = Literal["criteria", "expression"]
LEAF = Leaf("engagementScore", Operator.GTE, 1)


def _nots(depth: int) -> Node:
    node: Node = LEAF
    for _ in range(depth - 1):
        node = Not(node)
    return node


def _groups(depth: int) -> Node:
    """Groups of `$or`: an `$and` inside could be printed as several keys of one object, which is no level."""
    node: Node = LEAF
    for _ in range(depth - 1):
        node = Or((node, LEAF))
    return node


def _of(depth: int) -> Node:
    return Top("handicap", 50, of=_nots(depth - 1))


def _nodes(count: int) -> Node:
    return Or(tuple(Leaf("activityCount30d", Operator.LT, each) for each in range(1, count)))


def _values(count: int) -> Node:
    return Leaf("city", Operator.IN, tuple(f"c{each}" for each in range(count)))


def _text(n_bytes: int) -> Node:
    return Leaf("email", Operator.CONTAINS, "é" * (n_bytes // 2) + "x" * (n_bytes % 2))


LIMITS: Mapping[str, tuple[Callable[[int], Node], int, str]] = {
    "depth of $not": (_nots, 18, "CRITERIA_TOO_COMPLEX"),
    "depth of groups": (_groups, 18, "CRITERIA_TOO_COMPLEX"),
    "depth inside $top": (_of, 18, "CRITERIA_TOO_COMPLEX"),
    "nodes": (_nodes, 256, "CRITERIA_TOO_COMPLEX"),
    "values": (_values, 1000, "TOO_MANY_VALUES"),
    "bytes of a text": (_text, 1024, "CRITERIA_TOO_COMPLEX"),
}


def _forms(node: Node, form: Form) -> tuple[Struct | None, criteria_pb2.Criteria | None]:
    if form == "criteria":
        printed = render.to_json(node)
        assert isinstance(printed, dict)
        return struct.from_json(printed), None
    return None, wire.to_expression(node)


async def _preview(client: Client, node: Node, form: Form) -> object:
    criteria, expression = _forms(node, form)
    return await client.stub.PreviewCount(pb.PreviewCountRequest(criteria=criteria, expression=expression))


async def _compare(client: Client, node: Node, form: Form) -> object:
    criteria, expression = _forms(node, form)
    given = criteria_pb2.CriteriaInput(criteria=criteria, expression=expression)
    return await client.stub.CompareCriteria(pb.CompareCriteriaRequest(left=given, right=given))


async def _explain(client: Client, node: Node, form: Form) -> object:
    criteria, expression = _forms(node, form)
    return await client.stub.ExplainCount(pb.ExplainCountRequest(criteria=criteria, expression=expression))


async def _export(client: Client, node: Node, form: Form) -> object:
    criteria, expression = _forms(node, form)
    request = pb.ExportCriteriaRequest(criteria=criteria, expression=expression, target="postgresql")
    return await client.stub.ExportCriteria(request)


ENVELOPES: Mapping[str, Callable[[Client, Node, Form], Awaitable[object]]] = {
    "PreviewCount": _preview,
    "CompareCriteria": _compare,
    "ExplainCount": _explain,
    "ExportCriteria": _export,
}


@pytest.mark.parametrize("form", ["criteria", "expression"])
@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_a_limit_is_taken_and_one_past_it_is_refused(envelope: str, form: Form) -> None:
    send = ENVELOPES[envelope]
    wrong: list[str] = []
    async with builder() as client:
        for name, (make, most, reason) in LIMITS.items():
            try:
                await send(client, make(most), form)
            except grpc.aio.AioRpcError as error:
                wrong.append(f"{name} {most}: {error.code().name} {error.details()}")
            try:
                await send(client, make(most + 1), form)
            except grpc.aio.AioRpcError as error:
                if refusal(error).reason != reason:
                    wrong.append(f"{name} {most + 1}: {error.details()}")
            else:
                wrong.append(f"{name} {most + 1}: taken")
    assert not wrong, "\n".join(wrong)
