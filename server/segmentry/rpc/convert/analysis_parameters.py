"""The parameters of an analysis: messages of the contract to and from what the service takes."""

from __future__ import annotations

import dataclasses
import json

from segmentry.analysis.defaults import CONFIGURABLE, Defaults, composed
from segmentry.analysis.parameters import MAX_FEATURES, Parameters, Tier
from segmentry.criteria import parse, render
from segmentry.errors import InvalidParameters, Violation
from segmentry.rpc.convert import analysis_fields as fields
from segmentry.rpc.convert import criteria
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_insights_pb2

_TIERS: dict[Tier, pb.AnalysisTier.ValueType] = {
    "AUTO": pb.ANALYSIS_TIER_AUTO,
    "LLM": pb.ANALYSIS_TIER_LLM,
    "ML_WORKER": pb.ANALYSIS_TIER_ML_WORKER,
    "HEURISTIC": pb.ANALYSIS_TIER_HEURISTIC,
}
_TIER_OF: dict[int, Tier] = {0: "AUTO", **{int(number): tier for tier, number in _TIERS.items()}}
_PRODUCT = Parameters()


def parameters_from(message: pb.AnalysisParameters) -> Parameters:
    """The parameters with the product's defaults filled in; the service checks their bounds.

    Raises: InvalidParameters for a tier that is none; ParseError and others for `within`.
    """
    within = ""
    if message.HasField("within"):
        within = json.dumps(render.to_json(criteria.read(message.within)), ensure_ascii=False)
    chosen = composed(_PRODUCT, (), defaults_from(message, "parameters"))
    return dataclasses.replace(
        chosen,
        within=within,
        eps=message.eps if message.HasField("eps") else None,
        min_samples=message.min_samples if message.HasField("min_samples") else None,
        field_roles=tuple(fields.roles_from(message)),
        require_tier=message.require_tier,
        profile_fields=tuple(message.profile_fields[: MAX_FEATURES + 1]),
        model_names=message.model_names if message.HasField("model_names") else _PRODUCT.model_names,
        chosen=(),
    )


def named_in(message: pb.AnalysisParameters) -> frozenset[str]:
    """The parameters that a run chooses itself, of those that a configuration may set."""
    given = defaults_from(message, "parameters")
    return frozenset(name for name in CONFIGURABLE if getattr(given, name) is not None)


def defaults_from(
    message: pb.AnalysisParameters | segment_insights_pb2.AnalysisConfig, prefix: str = "config"
) -> Defaults:
    """What a message sets of what a configuration may; None for what is absent or empty.

    Raises: InvalidParameters for a tier that is none.
    """
    number = int(message.preferred_tier)
    preferred = _TIER_OF.get(number)
    if preferred is None:
        path = f"{prefix}.preferred_tier"
        text = f"{path} {number} is none of {', '.join(_TIERS)}"
        raise InvalidParameters(text, violations=[Violation(path, "INVALID_VALUE", text)], field=path)
    confirm_rows = None
    if isinstance(message, segment_insights_pb2.AnalysisConfig) and message.HasField("confirm_rows"):
        confirm_rows = message.confirm_rows
    return Defaults(
        min_clusters=message.min_clusters if message.HasField("min_clusters") else None,
        max_clusters=message.max_clusters if message.HasField("max_clusters") else None,
        algorithm=message.algorithm or None,
        # One more than are allowed: enough to be refused, without reading a message that is full of them.
        included_features=tuple(message.included_features[: MAX_FEATURES + 1]) or None,
        preferred_tier=preferred if number else None,
        confirm_rows=confirm_rows,
        seed=message.seed if message.HasField("seed") else None,
        min_segment_share=message.min_segment_share / 100 if message.HasField("min_segment_share") else None,
        k_rule=message.k_rule or None,
        store_labels=message.store_labels if message.HasField("store_labels") else None,
    )


def tier(value: Tier) -> pb.AnalysisTier.ValueType:
    return _TIERS[value]


def percent(share: float) -> float:
    """A share as the wire has it: 7 % is no binary fraction."""
    return round(100 * share, 9)


def parameters(value: Parameters) -> pb.AnalysisParameters:
    message = pb.AnalysisParameters(
        min_clusters=value.min_clusters,
        max_clusters=value.max_clusters,
        algorithm=value.algorithm,
        included_features=value.included_features or (),
        preferred_tier=_TIERS[value.preferred_tier],
        seed=value.seed,
        eps=value.eps,
        min_samples=value.min_samples,
        store_labels=value.store_labels,
        min_segment_share=percent(value.min_segment_share),
        k_rule=value.k_rule,
        require_tier=value.require_tier,
        profile_fields=value.profile_fields,
        model_names=value.model_names,
        origins={each.field: each.origin for each in value.chosen if each.field != "confirm_rows"},
    )
    for each in value.field_roles:
        message.field_roles[each.field] = fields.role(each.role)
    if value.within:
        node = parse.loads(value.within)
        message.within.criteria.CopyFrom(criteria.to_struct(node))
        message.within.expression.CopyFrom(criteria.to_expression(node))
    return message
