"""What is known about the RPC being served: one record per call, reachable from anywhere below it."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import grpc

from segmentry.rpc.access import ANYONE, Principal

# One name for the context of every handler: gRPC's generics are invariant, and ours never read them.
ServerContext = grpc.aio.ServicerContext[Any, Any]

_SAFE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


@dataclass(slots=True)
class Call:
    """Facts of one RPC for its log line and its errors. `method` is `/package.Service/Method`."""

    method: str
    request_id: str
    started: float = field(default_factory=perf_counter)
    tenant: str = ""
    principal: Principal = ANYONE
    messages: int = 0
    # Facts that a servicer adds to the log line: ids, counts, tier. Never a customer's value.
    facts: dict[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])

    @property
    def elapsed_ms(self) -> float:
        return (perf_counter() - self.started) * 1000


_current: ContextVar[Call | None] = ContextVar("segmentry_call", default=None)


def begin(method: str, metadata: object) -> Call:
    """Start the record of an RPC; its id is the caller's `x-request-id` if that is fit to be logged."""
    call = Call(method=method, request_id=_chosen_id(metadata) or str(uuid.uuid4()))
    _current.set(call)
    return call


def current() -> Call | None:
    """The RPC being served, or None outside of one."""
    return _current.get()


def request_id() -> str:
    """The id of the RPC being served, empty outside of one."""
    call = _current.get()
    return call.request_id if call else ""


def principal() -> Principal:
    """Who makes the RPC being served; anyone outside of one."""
    call = _current.get()
    return call.principal if call else ANYONE


def note(**facts: str | float) -> None:
    """Add facts to the RPC's log line: ids, counts, tier. Never a value of a customer."""
    call = _current.get()
    if call is not None:
        call.facts.update(facts)


def _chosen_id(metadata: object) -> str:
    for key, value in metadata or ():  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]  # gRPC's metadata is a tuple of pairs, untyped
        if key == "x-request-id" and isinstance(value, str) and _SAFE.fullmatch(value):
            return value
    return ""
