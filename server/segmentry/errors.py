"""Every error a caller can meet, as one tree, ordered by what the caller should do.

    SegmentryError
    |-- InvalidRequest      change the request
    |-- NotFound            name something that exists
    |-- AlreadyExists       use another request id
    |-- FailedPrecondition  bring the resource into the right state first
    |-- Aborted             read again, then repeat
    |-- OutOfRange          start again from the beginning
    |-- Unauthenticated, PermissionDenied
    |-- Exhausted           wait, or ask for less
    |-- Unavailable         retry
    |-- DeadlineExceeded    allow more time
    `-- Internal            report it; only a request id leaves the server

A class owns its reason (a value of `ErrorReason` in the contract). Which gRPC status a branch
becomes is decided in one place, `rpc/status.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

JsonScalar = str | int | float | bool | None
JsonValue = JsonScalar | list["JsonValue"] | dict[str, "JsonValue"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding of a check: what is wrong, where, and what would work.

    `path` is written like `$and[0].lifetimeValue.$gte`; empty means the root. `check` is the number
    of the check that found it (0 = parse and limits, 1 field, 2 operator, 3 enum, 4 value, 5 date). `details`
    are the variables of the message under their lowerCamel keys, such as `operator` and `allowed`.
    """

    code: str
    path: str
    message: str
    suggestions: tuple[JsonValue, ...] = ()
    severity: Severity = "error"
    check: int = 0
    field: str = ""
    value: JsonValue = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault of a request outside the criteria: the field's path, the reason and the message."""

    field: str
    reason: str
    message: str


class SegmentryError(Exception):
    """The root. `metadata` holds every variable of the message under a lowerCamel key."""

    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        diagnostics: Sequence[Diagnostic] = (),
        violations: Sequence[Violation] = (),
        retry_after_s: float | None = None,
        **metadata: str | float,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.diagnostics = tuple(diagnostics)
        self.violations = tuple(violations)
        self.retry_after_s = retry_after_s
        self.metadata = {key: str(value) for key, value in metadata.items()}


# --- change the request ---------------------------------------------------------------------------


class InvalidRequest(SegmentryError):
    reason = "INVALID_PARAMETERS"


class InvalidCriteria(InvalidRequest):
    """Criteria with at least one error. The reason is that of the first diagnostic."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first = diagnostics[0]
        super().__init__(first.message, diagnostics=diagnostics, path=first.path)
        if first.field:
            self.metadata["field"] = first.field
        self.metadata.update(first.details)
        self.code = first.code


class ParseError(InvalidRequest):
    reason = "PARSE_ERROR"


class CriteriaTooComplex(InvalidRequest):
    reason = "CRITERIA_TOO_COMPLEX"


class TooManyValues(InvalidRequest):
    reason = "TOO_MANY_VALUES"


class InvalidField(InvalidRequest):
    reason = "INVALID_FIELD"


class InvalidOperator(InvalidRequest):
    reason = "INVALID_OPERATOR"


class InvalidValue(InvalidRequest):
    reason = "INVALID_VALUE"


class InvalidPlaceholder(InvalidRequest):
    reason = "INVALID_PLACEHOLDER"


class InvalidEvent(InvalidRequest):
    reason = "INVALID_EVENT"


class UnknownSegment(InvalidRequest):
    reason = "UNKNOWN_SEGMENT"


class SegmentCycle(InvalidRequest):
    reason = "SEGMENT_CYCLE"


class ConflictingCriteria(InvalidRequest):
    reason = "CONFLICTING_CRITERIA"


class MissingField(InvalidRequest):
    reason = "MISSING_FIELD"


class QueryTooLong(InvalidRequest):
    reason = "QUERY_TOO_LONG"


class InvalidParameters(InvalidRequest):
    reason = "INVALID_PARAMETERS"


class InvalidTimeZone(InvalidRequest):
    reason = "INVALID_TIME_ZONE"


class InvalidPageToken(InvalidRequest):
    reason = "INVALID_PAGE_TOKEN"


class InvalidResumeToken(InvalidRequest):
    reason = "INVALID_RESUME_TOKEN"


class ExportUnsupported(InvalidRequest):
    reason = "EXPORT_UNSUPPORTED"


class MalformedRequest(InvalidRequest):
    reason = "MALFORMED_REQUEST"


class UnreadableTable(InvalidRequest):
    """A customer file that is no table: ragged, without header, a line beyond every bound ..."""

    reason = "UNREADABLE_TABLE"


# --- name something that exists -------------------------------------------------------------------


class NotFound(SegmentryError):
    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, message: str, *, resourceType: str, resourceId: str, **metadata: str | float) -> None:
        super().__init__(message)
        self.metadata = {
            "resourceType": resourceType,
            "resourceId": resourceId,
            **{key: str(value) for key, value in metadata.items()},
        }


class AlreadyExists(SegmentryError):
    reason = "IDEMPOTENCY_CONFLICT"


# --- bring it into the right state first ----------------------------------------------------------


class FailedPrecondition(SegmentryError):
    reason = "INVALID_STATE"


class EmptyDataset(FailedPrecondition):
    reason = "EMPTY_DATASET"


class NoUsableFields(FailedPrecondition):
    reason = "NO_USABLE_FIELDS"


class NoClusters(FailedPrecondition):
    reason = "NO_CLUSTERS"


class TierFailed(FailedPrecondition):
    """A tier that was required found nothing in this table. `cause` is what a fallback would have said."""

    reason = "INVALID_STATE"


class ConfirmationRequired(FailedPrecondition):
    reason = "CONFIRMATION_REQUIRED"


class RunNotFinished(FailedPrecondition):
    reason = "RUN_NOT_FINISHED"


class InvalidState(FailedPrecondition):
    reason = "INVALID_STATE"


class SegmentInUse(FailedPrecondition):
    reason = "SEGMENT_IN_USE"


class SegmentTestsFailed(FailedPrecondition):
    reason = "SEGMENT_TESTS_FAILED"


class ModelNotUsable(FailedPrecondition):
    """The model was required, and no retry helps. `cause` = LLM_QUOTA_EXHAUSTED, LLM_REFUSED or
    LLM_NOT_CONFIGURED."""

    reason = "AI_ERROR"


# --- read again, then repeat ----------------------------------------------------------------------


class Aborted(SegmentryError):
    reason = "VERSION_MISMATCH"


class VersionMismatch(Aborted):
    reason = "VERSION_MISMATCH"


class UnusableModelOutput(Aborted):
    """The model was required and its output was unusable after the one repair."""

    reason = "PARSE_ERROR"


class OutOfRange(SegmentryError):
    reason = "RESUME_TOKEN_EXPIRED"


# --- who are you, and may you ---------------------------------------------------------------------


class Unauthenticated(SegmentryError):
    reason = "CREDENTIALS_MISSING"


class CredentialsInvalid(Unauthenticated):
    reason = "CREDENTIALS_INVALID"


class PermissionDenied(SegmentryError):
    reason = "ROLE_REQUIRED"


class TenantMismatch(PermissionDenied):
    reason = "TENANT_MISMATCH"


class SmallCountsWithheld(PermissionDenied):
    reason = "SMALL_COUNTS_WITHHELD"


# --- wait, or ask for less ------------------------------------------------------------------------


class Exhausted(SegmentryError):
    reason = "OVERLOADED"


class RateLimited(Exhausted):
    reason = "RATE_LIMITED"


class StoreBusy(Exhausted):
    reason = "STORE_BUSY"


class BudgetExhausted(Exhausted):
    reason = "BUDGET_EXHAUSTED"


class DatasetTooLarge(Exhausted):
    reason = "DATASET_TOO_LARGE"


class SlowConsumer(Exhausted):
    reason = "SLOW_CONSUMER"


class ModelRateLimited(Exhausted):
    reason = "AI_ERROR"


# --- retry ----------------------------------------------------------------------------------------


class Unavailable(SegmentryError):
    reason = "STORE_UNAVAILABLE"


class StorageFull(Unavailable):
    reason = "STORAGE_FULL"


class WorkerLost(Unavailable):
    reason = "WORKER_LOST"


class ServerDraining(Unavailable):
    reason = "SERVER_DRAINING"


class ModelUnavailable(Unavailable):
    reason = "AI_ERROR"


class DeadlineExceeded(SegmentryError):
    reason = "DEADLINE_PASSED"


class DeadlineTooShort(DeadlineExceeded):
    reason = "DEADLINE_TOO_SHORT"


class CancelledByCaller(SegmentryError):
    reason = "CANCELLED_BY_CALLER"


class Internal(SegmentryError):
    reason = "INTERNAL"


class NotBuilt(SegmentryError):
    """The contract names it and this server does not do it yet."""

    reason = "NOT_IMPLEMENTED"
