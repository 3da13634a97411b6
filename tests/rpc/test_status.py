"""The one mapping from our errors to statuses."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from segmentry import errors
from segmentry.analysis.parameters import Parameters, validate
from segmentry.criteria.catalog import Catalog, Field
from segmentry.errors import Diagnostic, SegmentryError, Violation
from segmentry.rpc import status
from segmentry.v1 import error_reason_pb2
from segmentry.v1.segment_analysis_pb2 import AnalysisEstimate

CODES = {
    errors.InvalidRequest: "INVALID_ARGUMENT",
    errors.NotFound: "NOT_FOUND",
    errors.AlreadyExists: "ALREADY_EXISTS",
    errors.FailedPrecondition: "FAILED_PRECONDITION",
    errors.Aborted: "ABORTED",
    errors.OutOfRange: "OUT_OF_RANGE",
    errors.Unauthenticated: "UNAUTHENTICATED",
    errors.PermissionDenied: "PERMISSION_DENIED",
    errors.Exhausted: "RESOURCE_EXHAUSTED",
    errors.Unavailable: "UNAVAILABLE",
    errors.DeadlineExceeded: "DEADLINE_EXCEEDED",
    errors.CancelledByCaller: "CANCELLED",
    errors.NotBuilt: "UNIMPLEMENTED",
    errors.Internal: "INTERNAL",
}


def every_class(root: type[SegmentryError] = SegmentryError) -> list[type[SegmentryError]]:
    """The tree of `errors.py`; other modules may extend a class, under its reason and code."""
    children = [each for each in root.__subclasses__() if each.__module__ == errors.__name__]
    return [each for child in children for each in (child, *every_class(child))]


def made(kind: type[SegmentryError]) -> SegmentryError:
    if issubclass(kind, errors.InvalidCriteria):
        return kind([Diagnostic("INVALID_FIELD", "a", "Unknown field: a", field="a")])
    if issubclass(kind, errors.NotFound):
        return kind("no such thing", resourceType="segment", resourceId="s1")
    return kind("what and where", someKey="value")


def detail(error: BaseException, message: Any) -> Any:
    """The detail of the message's type, or None; there is never a second one."""
    found = 0
    for packed in status.to_status(error, "rid").details:
        found += packed.Unpack(message)
    assert found <= 1
    return message if found else None


@pytest.mark.parametrize("kind", every_class(), ids=lambda kind: kind.__name__)
def test_every_error_has_the_code_of_its_branch_and_one_reason_of_the_contract(
    kind: type[SegmentryError],
) -> None:
    error = made(kind)
    expected = next(code for branch, code in CODES.items() if isinstance(error, branch))
    made_status = status.to_status(error, "rid")
    assert made_status.code == grpc.StatusCode[expected].value[0]
    info = detail(error, error_details_pb2.ErrorInfo())
    assert info.domain == "segmentry.v1"
    assert info.metadata["requestId"] == "rid"
    assert f"ERROR_REASON_{info.reason}" in error_reason_pb2.ErrorReason.keys()  # noqa: SIM118  # an enum wrapper


def test_criteria_faults_say_path_value_and_what_would_work() -> None:
    error = errors.InvalidCriteria(
        [
            Diagnostic(
                "INVALID_FIELD",
                "$and[0].engagmentScore",
                "Unknown field: engagmentScore",
                ("engagementScore",),
                check=1,
                field="engagmentScore",
            ),
            Diagnostic("INVALID_VALUE", "status", "no value", ("ACTIVE",), value="ACTVE", field="status"),
            Diagnostic("OUT_OF_RANGE", "handicap", "only a warning", severity="warning"),
        ]
    )
    info = detail(error, error_details_pb2.ErrorInfo())
    assert (info.reason, info.metadata["field"]) == ("INVALID_FIELD", "engagmentScore")
    violations = detail(error, error_reason_pb2.CriteriaViolations()).violations
    assert [(each.path, each.reason, each.value.string_value) for each in violations] == [
        ("$and[0].engagmentScore", "INVALID_FIELD", ""),
        ("status", "INVALID_VALUE", "ACTVE"),
    ]
    assert violations[0].suggestions[0].string_value == "engagementScore"
    fields = detail(error, error_details_pb2.BadRequest()).field_violations
    assert [each.field for each in fields] == ["criteria.$and[0].engagmentScore", "criteria.status"]


def test_a_fault_of_one_field_is_a_bad_request() -> None:
    (fault,) = detail(
        errors.MissingField("query is needed", field="query"), error_details_pb2.BadRequest()
    ).field_violations
    assert (fault.field, fault.reason, fault.description) == ("query", "MISSING_FIELD", "query is needed")


def test_several_faults_of_a_request_are_all_named() -> None:
    error = errors.InvalidParameters(
        "two faults",
        violations=[Violation("min_clusters", "INVALID_PARAMETERS", "a"), Violation("eps", "X", "b")],
    )
    faults = detail(error, error_details_pb2.BadRequest()).field_violations
    assert [fault.field for fault in faults] == ["min_clusters", "eps"]


def test_parameters_that_cannot_work_are_listed_once_and_are_no_criteria() -> None:
    with pytest.raises(errors.InvalidParameters) as caught:
        validate(Parameters(min_clusters=9, max_clusters=3), Catalog("shop", (Field("spend", "number"),)))
    (fault,) = detail(caught.value, error_details_pb2.BadRequest()).field_violations
    assert (fault.field, fault.reason) == ("parameters.min_clusters", "INVALID_PARAMETERS")
    assert fault.description == "parameters.min_clusters (9) must not exceed parameters.max_clusters (3)"
    packed = error_reason_pb2.CriteriaViolations.DESCRIPTOR
    assert not any(each.Is(packed) for each in status.to_status(caught.value).details)


def test_what_is_not_found_is_named() -> None:
    info = detail(made(errors.NotFound), error_details_pb2.ResourceInfo())
    assert (info.resource_type, info.resource_name) == ("segment", "s1")


@pytest.mark.parametrize(
    ("error", "retry_s"),
    [
        (errors.Exhausted("full", retry_after_s=1.5), 1.5),
        (errors.Unavailable("gone"), 1.0),
        (errors.DatasetTooLarge("too many rows"), None),
        (errors.SlowConsumer("too slow"), None),
        (errors.MissingField("query", field="query"), None),
        (errors.DeadlineTooShort("20 ms"), None),
    ],
)
def test_a_retry_is_offered_only_where_it_helps(error: SegmentryError, retry_s: float | None) -> None:
    retry = detail(error, error_details_pb2.RetryInfo())
    assert (retry and retry.retry_delay.ToTimedelta().total_seconds()) == retry_s


def huge(n: int, size: int) -> errors.InvalidCriteria:
    return errors.InvalidCriteria(
        [
            Diagnostic(
                "INVALID_FIELD",
                f"$or[{index}]." + "f" * size,
                "é" * size,
                tuple("s" * size for _ in range(9)),
                field="f" * size,
                value="v" * size,
            )
            for index in range(n)
        ]
    )


@pytest.mark.parametrize(("n", "size"), [(20, 20), (100, 20), (100, 500), (1, 100_000), (100, 100_000)])
def test_a_status_never_passes_six_kibibytes_and_keeps_its_reason(n: int, size: int) -> None:
    made_status = status.to_status(huge(n, size), "rid")
    assert made_status.ByteSize() <= 6 * 1024
    assert detail(huge(n, size), error_details_pb2.ErrorInfo()).reason == "INVALID_FIELD"
    assert 1 <= len(detail(huge(n, size), error_reason_pb2.CriteriaViolations()).violations) <= 20


def test_long_metadata_is_cut_too() -> None:
    error = errors.NotFound("x", resourceType="segment", resourceId="i" * 100_000)
    many = errors.InvalidParameters("x")
    many.metadata |= {f"key{index}": "v" * 10_000 for index in range(100)}
    for each in (error, many):
        assert status.to_status(each, "rid").ByteSize() <= 6 * 1024


class ConfirmationWithEstimate(errors.ConfirmationRequired):
    wire_detail = AnalysisEstimate(rows=6000, warning="costs money")


def test_a_servicers_own_detail_travels_along() -> None:
    estimate = detail(ConfirmationWithEstimate("confirm it", rows=6000), AnalysisEstimate())
    assert estimate.rows == 6000


def test_at_most_twenty_violations_and_five_suggestions() -> None:
    violations = detail(huge(30, 5), error_reason_pb2.CriteriaViolations()).violations
    assert len(violations) == 20
    assert {len(each.suggestions) for each in violations} == {5}


def test_a_lone_surrogate_in_a_message_does_not_break_the_status() -> None:
    assert status.to_status(errors.ParseError("bad \ud800 text", path="\ud800")).message == "bad ? text"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("postgresql://u:hunter2@db"),
        errors.Internal("hunter2 was seen", dsn="hunter2"),
        ExceptionGroup("hunter2", [errors.QueryTooLong("a"), errors.QueryTooLong("b")]),
        SegmentryError("hunter2"),
    ],
)
def test_whatever_is_our_fault_says_nothing_but_its_id(error: BaseException) -> None:
    made_status = status.to_status(error, "rid")
    assert made_status.message == "internal error"
    assert "hunter2" not in str(made_status)


def test_a_group_within_a_group_around_one_error_is_that_error() -> None:
    inner = ExceptionGroup("inner", [errors.QueryTooLong("too long")])
    assert status.reason_of(status.ours(ExceptionGroup("outer", [inner]))) == "QUERY_TOO_LONG"
