"""What a failed call tells the caller: one exception, decoded from the status and its details."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import grpc
import grpc.aio
from google.protobuf import any_pb2, json_format, struct_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from segmentry.v1 import error_reason_pb2

from segmentry_client.proto_json import free_form

_DETAILS_KEY = "grpc-status-details-bin"

# A status without details never reached the service's own code: these are the names we give to them.
_TRANSPORT_REASONS = {
    grpc.StatusCode.UNAVAILABLE: "SERVER_UNREACHABLE",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DEADLINE_PASSED",
    grpc.StatusCode.CANCELLED: "CANCELLED_BY_CALLER",
    grpc.StatusCode.UNIMPLEMENTED: "UNKNOWN_METHOD",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "REQUEST_TOO_LARGE",
    grpc.StatusCode.UNAUTHENTICATED: "CREDENTIALS_MISSING",
}


@dataclass(frozen=True, slots=True)
class CallViolation:
    """One fault of the request: `path` into the criteria or the request, what is wrong, what would work."""

    path: str
    reason: str
    message: str
    field: str = ""
    value: str = ""
    suggestions: tuple[str, ...] = ()


class SegmentryCallError(Exception):
    """A call that ended with a status other than OK.

    `reason` is a value of `ErrorReason` without its prefix, or one of the client's own names for faults of
    the transport: SERVER_UNREACHABLE, DEADLINE_PASSED, CANCELLED_BY_CALLER, UNKNOWN_METHOD,
    REQUEST_TOO_LARGE; or INVALID_TEXT for a text that was never sent since UTF-8 cannot carry it.
    `retry_after_s` is set when the server says that a retry helps.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        metadata: dict[str, str] | None = None,
        violations: Iterable[CallViolation] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = metadata or {}
        self.violations = tuple(violations)
        self.retry_after_s = retry_after_s

    @property
    def path(self) -> str:
        """Where the first fault is; empty when the request as a whole is meant."""
        return self.violations[0].path if self.violations else self.metadata.get("path", "")

    @property
    def suggestions(self) -> tuple[str, ...]:
        """What would work in place of the first fault, nearest first."""
        return self.violations[0].suggestions if self.violations else ()

    @classmethod
    def from_rpc(cls, error: grpc.aio.AioRpcError) -> SegmentryCallError:
        """Decode what grpc raised. Details that cannot be decoded are left out, never raised."""
        details = _status_details(error)
        if details is None:
            reason = _TRANSPORT_REASONS.get(error.code(), error.code().name)
            return cls(error.code(), reason, error.details() or error.code().name)
        return cls.from_status(details, error.code())

    @classmethod
    def from_status(
        cls, status: status_pb2.Status, code: grpc.StatusCode | None = None
    ) -> SegmentryCallError:
        """Decode a `google.rpc.Status`, such as the `error` of a failed run."""
        info = error_details_pb2.ErrorInfo()
        retry = error_details_pb2.RetryInfo()
        request = error_details_pb2.BadRequest()
        criteria = error_reason_pb2.CriteriaViolations()
        found: set[str] = set()
        for detail in status.details:
            for target in (info, retry, request, criteria):
                if _unpacks(detail, target):
                    found.add(target.DESCRIPTOR.name)
        code = code or _code_of(status.code)
        return cls(
            code,
            info.reason or code.name,
            status.message,
            metadata=dict(info.metadata),
            violations=_violations(criteria, request),
            retry_after_s=retry.retry_delay.ToTimedelta().total_seconds() if "RetryInfo" in found else None,
        )


def _violations(
    criteria: error_reason_pb2.CriteriaViolations, request: error_details_pb2.BadRequest
) -> list[CallViolation]:
    """The typed violations when they are there (they hold the suggestions), else the plain ones."""
    if criteria.violations:
        return [
            CallViolation(
                path=violation.path,
                reason=violation.reason,
                message=violation.message,
                field=violation.field,
                value=_text(violation.value),
                suggestions=tuple(_text(suggestion) for suggestion in violation.suggestions),
            )
            for violation in criteria.violations
        ]
    return [
        CallViolation(path=fault.field, reason=fault.reason, message=fault.description, field=fault.field)
        for fault in request.field_violations
    ]


def _text(value: struct_pb2.Value) -> str:
    """A value as somebody would type it: text as it is, everything else as JSON."""
    kind = value.WhichOneof("kind")
    if kind is None:
        return ""
    if kind == "string_value":
        return value.string_value
    return json.dumps(free_form(json_format.MessageToDict(value)), ensure_ascii=False)


def _unpacks(detail: any_pb2.Any, target: Message) -> bool:
    try:
        return detail.Unpack(target)
    except DecodeError:
        return False


def _status_details(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:  # a proxy cut the trailer
                return None
    return None


def _code_of(number: int) -> grpc.StatusCode:
    return next((code for code in grpc.StatusCode if code.value[0] == number), grpc.StatusCode.UNKNOWN)
