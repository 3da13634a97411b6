"""The configuration of analyses: messages of the contract to and from a tenant's defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Value

from segmentry.analysis.defaults import CONFIGURABLE, EVERY_FEATURE, LIMITS, Defaults, composed
from segmentry.analysis.parameters import Origin, Parameters
from segmentry.errors import InvalidParameters, MissingField, Violation
from segmentry.insights.settings import SavedSettings
from segmentry.rpc.convert import analysis_parameters as analysis
from segmentry.rpc.convert.times import timestamp
from segmentry.v1 import segment_insights_pb2 as pb

EVERYTHING = "*"
SHOWN_FAULTS = 20


def changes(message: pb.AnalysisConfig, mask: FieldMask) -> Defaults:
    """What the mask names, as values of a tenant; what it names and is absent or empty is None.

    Raises: MissingField for an empty mask; InvalidParameters for a name that is none, or a tier.
    """
    named = named_in(mask)
    given = analysis.defaults_from(message)
    features = tuple(dict.fromkeys(given.included_features or ()))
    given = dataclasses.replace(
        given, included_features=None if features == EVERY_FEATURE else features or None
    )
    return dataclasses.replace(given, **{name: None for name in CONFIGURABLE if name not in named})


def named_in(mask: FieldMask) -> tuple[str, ...]:
    """The fields that are to be changed, in the order of the message.

    Raises: MissingField for an empty mask; InvalidParameters for a name that is none.
    """
    allowed = ", ".join(CONFIGURABLE)
    if not mask.paths:
        raise MissingField(
            f"update_mask is needed: what to change of {allowed}, or * for all of them", field="update_mask"
        )
    if list(mask.paths) == [EVERYTHING]:
        return CONFIGURABLE
    paths = set(mask.paths)
    unknown = sorted(paths - set(CONFIGURABLE))[:SHOWN_FAULTS]
    if unknown:
        faults = [
            Violation(
                "update_mask",
                InvalidParameters.reason,
                f"update_mask names {each[:64]!r}; it may name {allowed}, or * alone",
            )
            for each in unknown
        ]
        raise InvalidParameters(faults[0].message, violations=faults, field="update_mask")
    return tuple(name for name in CONFIGURABLE if name in paths)


def config(saved: SavedSettings, tenant: Defaults, environment: Defaults) -> pb.AnalysisConfig:
    """The configuration with every default filled in."""
    found = composed(Parameters(), (), tenant, environment)
    message = pb.AnalysisConfig(
        etag=saved.etag,
        updated_by=saved.updated_by,
        **{name: _wire(name, found) for name in CONFIGURABLE},
    )
    if saved.update_time is not None:
        message.update_time.CopyFrom(timestamp(saved.update_time))
    return message


def settings(
    tenant: Defaults, environment: Defaults, algorithms: Sequence[str]
) -> Sequence[pb.AnalysisSetting]:
    """Where each value comes from and what may be set; of the algorithms those that are switched on."""
    found = composed(Parameters(), (), tenant, environment)
    fallback = composed(Parameters(), (), Defaults(), environment)
    made = [_setting(each.field, each.origin, fallback) for each in found.chosen]
    for each in made:
        if each.field == "algorithm":
            each.options[:] = algorithms
    return made


def _setting(name: str, origin: Origin, fallback: Parameters) -> pb.AnalysisSetting:
    limits = LIMITS[name]
    scale = 100 if name == "min_segment_share" else 1
    message = pb.AnalysisSetting(
        field=name,
        origin=origin,
        default_value=_value(name, fallback),
        options=[each.lower() for each in limits.options],
        most_values=limits.most_values,
    )
    if limits.bounds is not None:
        message.minimum, message.maximum = scale * limits.bounds[0], scale * limits.bounds[1]
    return message


def _wire(name: str, found: Parameters) -> Any:
    """One value as its field of the message takes it."""
    value = getattr(found, name)
    match name:
        case "preferred_tier":
            return analysis.tier(value)
        case "min_segment_share":
            return analysis.percent(value)
        case "included_features":
            return value or ()
        case _:
            return value


def _value(name: str, found: Parameters) -> Value:
    value = getattr(found, name)
    message = Value()
    if name == "min_segment_share":
        message.number_value = analysis.percent(value)
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value.lower()
    else:
        message.list_value.extend(value or ())
    return message
