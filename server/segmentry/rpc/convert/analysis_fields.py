"""What is known of fields, as messages of the contract: roles, profiles, preparation, notes."""

from __future__ import annotations

from collections.abc import Iterator

from segmentry.analysis import events
from segmentry.analysis.parameters import MAX_FEATURES, FieldRole, Role
from segmentry.errors import InvalidParameters, Violation
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_analysis_pb2 as pb

_ROLES: dict[Role, pb.FieldRole.ValueType] = {
    "QUANTITY": pb.FIELD_ROLE_QUANTITY,
    "FLAG": pb.FIELD_ROLE_FLAG,
    "CODE": pb.FIELD_ROLE_CODE,
    "CATEGORY": pb.FIELD_ROLE_CATEGORY,
    "DATE": pb.FIELD_ROLE_DATE,
    "TEXT": pb.FIELD_ROLE_TEXT,
    "IDENTIFIER": pb.FIELD_ROLE_IDENTIFIER,
}
_ROLE_OF: dict[int, Role] = {int(number): role for role, number in _ROLES.items()}


def roles_from(message: pb.AnalysisParameters) -> Iterator[FieldRole]:
    """The roles in order of their fields: a map of the contract has none. Raises: InvalidParameters."""
    for name, number in sorted(message.field_roles.items())[: MAX_FEATURES + 1]:
        role = _ROLE_OF.get(int(number))
        if role is None:
            path = f"parameters.field_roles[{name[:80]}]"
            text = f"{path} {int(number)} is none of {', '.join(_ROLES)}"
            raise InvalidParameters(text, violations=[Violation(path, "INVALID_VALUE", text)], field=path)
        yield FieldRole(name, role)


def role(value: Role | None) -> pb.FieldRole.ValueType:
    return pb.FIELD_ROLE_UNSPECIFIED if value is None else _ROLES[value]


def profile(value: events.FieldProfile) -> pb.FieldProfile:
    histogram = value.histogram
    return pb.FieldProfile(
        field=value.field,
        kind=value.kind,
        missing=value.missing,
        minimum=value.minimum,
        maximum=value.maximum,
        mean=value.mean,
        distinct=value.distinct,
        top_values=[share(each) for each in value.top_values],
        transform=value.transform,
        role=role(value.role),
        standard_deviation=value.deviation,
        p01=value.p01,
        p25=value.p25,
        p50=value.p50,
        p75=value.p75,
        p99=value.p99,
        skew=value.skew,
        zero_percentage=value.zero_percentage,
        negative_percentage=value.negative_percentage,
        histogram=None
        if histogram is None
        else pb.Histogram(low=histogram.low, high=histogram.high, counts=histogram.counts),
        distinct_estimated=value.distinct_estimated,
    )


def preparation(value: events.Preparation) -> pb.Preparation:
    return pb.Preparation(
        columns=value.columns,
        fields=[
            pb.FieldPreparation(
                field=each.field,
                role=role(each.role),
                transform=each.transform,
                filled=each.filled,
                clipped_low=each.clipped_low,
                clipped_high=each.clipped_high,
                low=each.low,
                high=each.high,
                fill=each.fill,
                mean=each.mean,
                scale=each.scale,
                levels=each.levels,
                folded_levels=each.folded_levels,
                columns=each.columns,
                warnings=[warning(notice) for notice in each.notices],
            )
            for each in value.fields
        ],
    )


def note(value: events.FieldNote) -> pb.FieldNote:
    return pb.FieldNote(
        field=value.field,
        reason=value.reason,
        message=value.message,
        used=value.used,
        role=role(value.role),
    )


def warning(value: events.Notice) -> events_pb2.Warning:
    return events_pb2.Warning(reason=value.reason, message=value.message, path=value.path)


def share(value: events.ValueShare) -> pb.ValueShare:
    return pb.ValueShare(value=value.value, percentage=value.percentage, count=value.count)
