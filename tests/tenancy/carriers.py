"""Which fields of a request can carry something of another tenant's, found in the descriptors."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from segmentry.v1 import segment_analysis_pb2, segment_builder_pb2, segment_insights_pb2

Kind = Literal[
    "schema",
    "segment",
    "run",
    "recommendation",
    "rule",
    "build",
    "request",
    "page",
    "resume",
    "etag",
    "customer",
    "field",
    "words",
    "criteria",
    "expression",
]

# What a field of that name holds, in every request.
CARRIES: dict[str, Kind] = {
    "schema_id": "schema",
    "segment_id": "segment",
    "referenced_by": "segment",
    "run_id": "run",
    "recommendation_id": "recommendation",
    "rule_id": "rule",
    "rule_ids": "rule",
    "build_id": "build",
    "request_id": "request",
    "page_token": "page",
    "resume_token": "resume",
    "etag": "etag",
    "customer_id": "customer",
    "customer_ids": "customer",
    "included_customers": "customer",
    "excluded_customers": "customer",
    "included_features": "field",
    "profile_fields": "field",
    "key": "field",
    "query": "words",
    "instruction": "words",
    "criteria": "criteria",
    "current_criteria": "criteria",
    "expression": "expression",
    "current_expression": "expression",
}
# What names nothing that is kept: closed lists, instants, and texts that are stored and never looked up.
# `card_id`, `question_id` and `reading_id` are places in what `run_id` or the words name, `tenant_id` is said
# in every attack.
INNOCENT = frozenset(
    {
        # Of what the server says of the build that a segment came from.
        "agent",
        "algorithm",
        "as_of",
        "card_id",
        "channel",
        "comment",
        "create_time",
        "description",
        "forced_past",
        "interval",
        "k_rule",
        "name",
        "phrase",
        "prompt_version",
        "question_id",
        "reading_id",
        "stage",
        "target",
        "tenant_id",
        "time_zone",
        "update_mask",
        # Of a map of closed lists.
        "value",
        "update_time",
        "updated_by",
        "view",
        "window",
    }
)
# Messages that are one value here, not looked into.
_WHOLE = {"google.protobuf.Struct", "segmentry.v1.Criteria"}
_TEXT = 9


@dataclass(frozen=True)
class Rpc:
    """One RPC of the contract, from its descriptor."""

    service: str
    name: str
    request: type[Message]
    response: type[Message]
    streams: bool

    @property
    def path(self) -> str:
        return f"/segmentry.v1.{self.service}/{self.name}"

    @property
    def key(self) -> str:
        return f"{self.service}/{self.name}"


@dataclass(frozen=True)
class Carrier:
    """A field of a request, by its path of names from the request down."""

    path: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        return ".".join(self.path)


def rpcs() -> tuple[Rpc, ...]:
    """Every RPC of every service of the contract."""
    pool: Any = descriptor_pool.Default()
    found: list[Rpc] = []
    for module in (segment_builder_pb2, segment_analysis_pb2, segment_insights_pb2):
        for service in pool.FindFileByName(module.DESCRIPTOR.name).services_by_name.values():
            found += [
                Rpc(
                    service.name,
                    method.name,
                    GetMessageClass(method.input_type),
                    GetMessageClass(method.output_type),
                    method.server_streaming,
                )
                for method in service.methods
            ]
    return tuple(found)


def carriers(rpc: Rpc) -> tuple[Carrier, ...]:
    """The fields of the RPC's request that can name something that is kept."""
    found: list[Carrier] = []
    for path in _leaves(rpc.request.DESCRIPTOR, ()):
        kind = CARRIES.get(path[-1])
        if kind is not None:
            found.append(Carrier(path, kind))
    return tuple(found)


def unclassified(rpc: Rpc) -> set[str]:
    """Fields of the request that nobody has said to carry something or nothing."""
    return {path[-1] for path in _leaves(rpc.request.DESCRIPTOR, ())} - set(CARRIES) - INNOCENT


def _leaves(descriptor: Any, above: tuple[str, ...]) -> Generator[tuple[str, ...]]:
    for field in descriptor.fields:
        path = (*above, field.name)
        inner = field.message_type
        if inner is not None and inner.full_name not in _WHOLE and not inner.full_name.startswith("google."):
            yield from _leaves(inner, path)
        elif inner is not None or field.type == _TEXT:
            yield path


def planted(request: Message, carrier: Carrier, value: Any) -> Message:
    """The request with that value in that field; the other form of criteria beside it is taken out."""
    changed: Any = type(request)()
    changed.CopyFrom(request)
    inner = changed
    for name in carrier.path[:-1]:
        field = inner.DESCRIPTOR.fields_by_name[name]
        if field.message_type.GetOptions().map_entry:
            holds_text = field.message_type.fields_by_name["value"].type == _TEXT
            getattr(inner, name)[value] = "run" if holds_text else 1
            return changed
        inner = getattr(inner, name)
        if field.is_repeated:
            inner = inner.add()
    last = carrier.path[-1]
    if carrier.kind in {"criteria", "expression"}:
        for other in (last.replace("criteria", "expression"), last.replace("expression", "criteria")):
            inner.ClearField(other)
        getattr(inner, last).CopyFrom(value)
    elif inner.DESCRIPTOR.fields_by_name[last].is_repeated:
        del getattr(inner, last)[:]
        getattr(inner, last).append(value)
    else:
        setattr(inner, last, value)
    return changed
