"""The only mapping from our errors to `google.rpc.Status`.

Every status carries exactly one ErrorInfo (domain `segmentry.v1`), each other detail at most once, and
never the text of an exception that is not ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn, cast

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value
from google.rpc import error_details_pb2, status_pb2

from segmentry import errors
from segmentry.errors import Diagnostic, JsonValue, SegmentryError, Violation
from segmentry.rpc.call import ServerContext
from segmentry.rpc.convert import struct
from segmentry.v1 import error_reason_pb2

DOMAIN = "segmentry.v1"
MAX_VIOLATIONS = 20
MAX_SUGGESTIONS = 5
# Trailers are limited to 8 KiB by many proxies, and base64 and the other keys take their share.
MAX_BYTES = 6 * 1024
MAX_TEXT = 512

Metadata = tuple[tuple[str, str | bytes], ...]

# First match wins: a branch of `errors.py` is one code.
_CODES: tuple[tuple[type[SegmentryError], grpc.StatusCode], ...] = (
    (errors.InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.AlreadyExists, grpc.StatusCode.ALREADY_EXISTS),
    (errors.FailedPrecondition, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Aborted, grpc.StatusCode.ABORTED),
    (errors.OutOfRange, grpc.StatusCode.OUT_OF_RANGE),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.PermissionDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.Exhausted, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.CancelledByCaller, grpc.StatusCode.CANCELLED),
    (errors.NotBuilt, grpc.StatusCode.UNIMPLEMENTED),
)

# Waiting does not make a table smaller, a reader faster or a spent budget grow back by itself.
_NO_RETRY = (errors.DatasetTooLarge, errors.SlowConsumer, errors.BudgetExhausted)
_DEFAULT_RETRY_S = 1.0


def ours(error: BaseException) -> SegmentryError:
    """The error of our tree behind `error`: itself, the only one in its group, or Internal.

    A group with several different faults is a bug of ours (siblings are cancelled by the first), so the
    caller gets Internal rather than one picked by chance.
    """
    while isinstance(error, BaseExceptionGroup):
        inner = cast("tuple[BaseException, ...]", error.exceptions)  # the group's own type is unknown here
        if len(inner) != 1:
            break
        error = inner[0]
    return error if isinstance(error, SegmentryError) else errors.Internal("internal error")


def code_of(error: SegmentryError) -> grpc.StatusCode:
    """The gRPC code of the error's branch."""
    for branch, code in _CODES:
        if isinstance(error, branch):
            return code
    return grpc.StatusCode.INTERNAL


def reason_of(error: SegmentryError) -> str:
    """The reason that ErrorInfo carries: criteria name their first fault, all others their class."""
    if isinstance(error, errors.InvalidCriteria):
        return error.code
    return error.reason


def to_status(error: BaseException, request_id: str = "") -> status_pb2.Status:
    """The whole status, at most `MAX_BYTES` encoded: violations go first, then suggestions, then text."""
    known = ours(error)
    n_violations, n_suggestions, n_text = MAX_VIOLATIONS, MAX_SUGGESTIONS, MAX_TEXT
    while True:
        status = _build(known, request_id, n_violations, n_suggestions, n_text)
        if status.ByteSize() <= MAX_BYTES:
            return status
        if n_suggestions > 1:
            n_suggestions -= 2
        elif n_violations > 1:
            n_violations //= 2
        elif n_text > 16:
            n_text //= 2
        else:
            # Only metadata is left, and it can be as long as an id that a caller chose.
            return _build(known, request_id, 0, 0, 16, max_metadata=4, extra=False)


def to_metadata(status: status_pb2.Status, request_id: str = "") -> Metadata:
    """The trailing metadata that carries the status."""
    entries: Metadata = (("grpc-status-details-bin", status.SerializeToString()),)
    return (*entries, ("x-request-id", request_id)) if request_id else entries


def _build(
    error: SegmentryError,
    request_id: str,
    n_violations: int,
    n_suggestions: int,
    n_text: int,
    *,
    max_metadata: int = 24,
    extra: bool = True,
) -> status_pb2.Status:
    code: int = code_of(error).value[0]
    internal = isinstance(error, errors.Internal) or code == grpc.StatusCode.INTERNAL.value[0]
    message = "internal error" if internal else _cut(error.message, n_text)
    status = status_pb2.Status(code=code, message=message)
    metadata = {} if internal else _metadata(error, n_text, max_metadata)
    if request_id:
        metadata["requestId"] = request_id
    _pack(
        status,
        error_details_pb2.ErrorInfo(
            reason="INTERNAL" if internal else reason_of(error), domain=DOMAIN, metadata=metadata
        ),
    )
    if internal:
        return status
    if isinstance(error, errors.InvalidRequest):
        _request_faults(status, error, n_violations, n_suggestions, n_text)
    if isinstance(error, errors.NotFound):
        _pack(
            status,
            error_details_pb2.ResourceInfo(
                resource_type=_cut(error.metadata.get("resourceType", ""), n_text),
                resource_name=_cut(error.metadata.get("resourceId", ""), n_text),
                description=message,
            ),
        )
    detail: object = getattr(error, "wire_detail", None)
    if extra and isinstance(detail, Message):
        # What a servicer adds for its caller, such as the estimate that has to be confirmed.
        _pack(status, detail)
    retry_s = _retry_after(error)
    if retry_s is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(round(retry_s * 1e9))
        _pack(status, error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def _request_faults(
    status: status_pb2.Status, error: SegmentryError, n_violations: int, n_suggestions: int, n_text: int
) -> None:
    violations = list(error.violations)[:n_violations]
    # An error that names fields of the request is none of criteria: its diagnostics say the same again.
    of_criteria = () if violations else error.diagnostics
    diagnostics = [found for found in of_criteria if found.severity == "error"][:n_violations]
    if not violations and not diagnostics and "field" in error.metadata:
        violations = [Violation(error.metadata["field"], reason_of(error), error.message)]
    _pack_bad_request(status, diagnostics, violations, n_text)
    _pack_criteria(status, diagnostics, n_suggestions, n_text)


def _pack_bad_request(
    status: status_pb2.Status, diagnostics: Sequence[Diagnostic], violations: Sequence[Violation], n_text: int
) -> None:
    faults = [
        error_details_pb2.BadRequest.FieldViolation(
            field=_cut(fault.field, n_text), reason=fault.reason, description=_cut(fault.message, n_text)
        )
        for fault in violations
    ] + [
        error_details_pb2.BadRequest.FieldViolation(
            field=_cut(f"criteria.{found.path}" if found.path else "criteria", n_text),
            reason=found.code,
            description=_cut(found.message, n_text),
        )
        for found in diagnostics
    ]
    if faults:
        _pack(status, error_details_pb2.BadRequest(field_violations=faults[:MAX_VIOLATIONS]))


def _pack_criteria(
    status: status_pb2.Status, diagnostics: Sequence[Diagnostic], n_suggestions: int, n_text: int
) -> None:
    """Our own detail: which value at which path, and what would work."""
    if not diagnostics:
        return
    packed = [
        error_reason_pb2.CriteriaViolation(
            path=_cut(found.path, n_text),
            reason=found.code,
            field=_cut(found.field, n_text),
            value=_value(found.value, n_text),
            message=_cut(found.message, n_text),
            suggestions=[_value(each, n_text) for each in found.suggestions[:n_suggestions]],
        )
        for found in diagnostics
    ]
    _pack(status, error_reason_pb2.CriteriaViolations(violations=packed))


def _value(value: JsonValue, n_text: int) -> Value:
    if isinstance(value, str):
        return struct.value_from_json(_cut(value, n_text))
    if isinstance(value, (dict, list)):
        # Criteria as a suggestion: whole or not at all, for a cut one would not be criteria.
        return struct.value_from_json(value if len(json.dumps(value)) <= n_text else None)
    return struct.value_from_json(value)


def _retry_after(error: SegmentryError) -> float | None:
    if error.retry_after_s is not None:
        return error.retry_after_s
    if isinstance(error, (errors.Exhausted, errors.Unavailable)) and not isinstance(error, _NO_RETRY):
        return _DEFAULT_RETRY_S
    return None


def _metadata(error: SegmentryError, n_text: int, max_metadata: int) -> dict[str, str]:
    entries = list(error.metadata.items())[:max_metadata]
    return {_cut(key, 64): _cut(value, n_text) for key, value in entries}


def _cut(text: str, limit: int) -> str:
    # Protobuf refuses lone surrogates, and a fault's text may quote one.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _pack(status: status_pb2.Status, detail: Message) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)


async def abort(context: ServerContext, error: BaseException, request_id: str = "") -> NoReturn:
    """End the call with the error's status. Raises: grpc.aio.AbortError, always."""
    status = to_status(error, request_id)
    code = code_of(ours(error))
    await context.abort(code, status.message, to_metadata(status, request_id))
    raise AssertionError("abort returns never")
