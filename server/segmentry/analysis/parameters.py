"""What a caller may choose about an analysis, and the check that refuses what cannot work."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from segmentry.criteria import suggest
from segmentry.criteria.catalog import Catalog
from segmentry.errors import Diagnostic, InvalidParameters, Violation

Tier = Literal["AUTO", "LLM", "ML_WORKER", "HEURISTIC"]
Algorithm = Literal["kmeans", "dbscan"]
Role = Literal["QUANTITY", "FLAG", "CODE", "CATEGORY", "DATE", "TEXT", "IDENTIFIER"]
KRule = Literal["silhouette", "excess"]

TIERS: tuple[Tier, ...] = get_args(Tier)
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
K_RULES: tuple[KRule, ...] = get_args(KRule)

# The bounds of the source's "Advanced Parameters" table.
MIN_CLUSTERS_BOUNDS = (2, 20)
MAX_CLUSTERS_BOUNDS = (2, 50)
SEED_BOUNDS = (0, 2**32 - 1)
MIN_SAMPLES_BOUNDS = (1, 10_000)
MIN_SEGMENT_SHARE_BOUNDS = (0.0, 0.2)
MAX_FEATURES = 64
# Each suggestion compares a name with all fields, and this check runs where nothing may take long.
SUGGESTED_FAULTS = 20
MOST_COMPARISONS = 4_000
SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class FieldRole:
    """What the caller takes one field for."""

    field: str
    role: Role


@dataclass(frozen=True, slots=True)
class Parameters:
    """The choices of one run, with the defaults of the source.

    `included_features` None means every suitable numeric field; an empty tuple is a fault of the caller.
    `within` restricts the analysis to the customers that match it: criteria as JSON text, empty for all.
    `eps` and `min_samples` belong to dbscan; None lets the data decide. `min_segment_share` (0-1) is the
    smallest share of the table that a segment must hold for its k to be chosen; `k_rule` says by what.
    `store_labels` keeps keyed hashes of the customers for the next run, which then tells who moved.
    `field_roles` are what single fields are taken for, whatever their values look like.
    `require_tier`: rather the failure of the tier than another one's answer.
    `profile_fields` describe segments beside the features. `model_names` lets a configured model name them.
    """

    min_clusters: int = 2
    max_clusters: int = 8
    algorithm: str = "kmeans"
    included_features: tuple[str, ...] | None = None
    preferred_tier: Tier = "AUTO"
    seed: int = 0
    within: str = ""
    eps: float | None = None
    min_samples: int | None = None
    min_segment_share: float = 0.03
    k_rule: str = "silhouette"
    field_roles: tuple[FieldRole, ...] = ()
    store_labels: bool = True
    require_tier: bool = False
    profile_fields: tuple[str, ...] = ()
    model_names: bool = True

    @property
    def roles(self) -> dict[str, Role]:
        """The roles that the caller gave, by field."""
        return {each.field: each.role for each in self.field_roles}


def validate(parameters: Parameters, catalog: Catalog, prefix: str = "parameters") -> Parameters:
    """The same parameters with repeated features removed, or all faults together.

    `prefix` starts the path of every fault, as in `parameters.max_clusters`.

    Raises: InvalidParameters when a value is outside its bounds, min_clusters exceeds max_clusters, a
    feature is unknown (with the nearest names as suggestions) or the list of features is empty.
    """
    faults: list[Diagnostic] = []

    def fault(name: str, code: str, message: str, suggestions: Sequence[str] = ()) -> None:
        path = f"{prefix}.{name}"
        faults.append(Diagnostic(code, path, f"{path} {message}", tuple(suggestions)))

    def between(name: str, value: float, bounds: tuple[float, float]) -> None:
        low, high = bounds
        if not (math.isfinite(value) and low <= value <= high):
            fault(name, "INVALID_VALUE", f"must be from {low} to {high}, got {value}")

    between("min_clusters", parameters.min_clusters, MIN_CLUSTERS_BOUNDS)
    between("max_clusters", parameters.max_clusters, MAX_CLUSTERS_BOUNDS)
    between("seed", parameters.seed, SEED_BOUNDS)
    between("min_segment_share", parameters.min_segment_share, MIN_SEGMENT_SHARE_BOUNDS)
    if parameters.min_samples is not None:
        between("min_samples", parameters.min_samples, MIN_SAMPLES_BOUNDS)
    if parameters.eps is not None and not (math.isfinite(parameters.eps) and parameters.eps > 0):
        fault("eps", "INVALID_VALUE", f"must be a finite number above 0, got {parameters.eps}")
    if not faults and parameters.min_clusters > parameters.max_clusters:
        fault(
            "min_clusters",
            "INVALID_VALUE",
            f"({parameters.min_clusters}) must not exceed {prefix}.max_clusters ({parameters.max_clusters})",
        )
    if parameters.algorithm not in ALGORITHMS:
        fault(
            "algorithm",
            "INVALID_VALUE",
            f"must be one of {', '.join(ALGORITHMS)}, got {parameters.algorithm[:SHOWN_CHARACTERS]!r}",
            ALGORITHMS,
        )
    if parameters.k_rule not in K_RULES:
        said = f"must be one of {', '.join(K_RULES)}, got {parameters.k_rule[:SHOWN_CHARACTERS]!r}"
        fault("k_rule", "INVALID_VALUE", said, K_RULES)
    if parameters.preferred_tier not in TIERS:
        fault("preferred_tier", "INVALID_VALUE", f"must be one of {', '.join(TIERS)}", TIERS)
    features = parameters.included_features
    if features is not None and not features:
        fault("included_features", "INVALID_VALUE", "must name at least one field, or be left out")
    elif features is not None and len(features) > MAX_FEATURES:
        # Counted before any is looked at: a request has room for 250,000 of them.
        fault("included_features", "INVALID_VALUE", f"must name at most {MAX_FEATURES} fields")
    elif features is not None:
        features = tuple(dict.fromkeys(features))
        for fault_of in _unknown(features, catalog):
            fault(*fault_of)
    for fault_of in _unsuited(parameters.field_roles, catalog):
        fault(*fault_of)
    if faults:
        raise InvalidParameters(
            faults[0].message,
            diagnostics=faults,
            violations=[Violation(each.path, InvalidParameters.reason, each.message) for each in faults],
            field=faults[0].path,
        )
    return dataclasses.replace(parameters, included_features=features)


# What a field can be taken for, by its declared type.
ROLES_OF_TYPE: dict[str, tuple[Role, ...]] = {
    "number": ("QUANTITY", "FLAG", "CODE", "IDENTIFIER"),
    "datetime": ("DATE", "IDENTIFIER"),
    "boolean": ("FLAG", "CATEGORY", "IDENTIFIER"),
    "enum": ("CATEGORY", "FLAG", "TEXT", "IDENTIFIER"),
    "string": ("CATEGORY", "FLAG", "TEXT", "IDENTIFIER"),
    "array": (),
}


def _unsuited(roles: Sequence[FieldRole], catalog: Catalog) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """The faults of roles: of no field, or not of its type."""
    if len(roles) > MAX_FEATURES:
        yield "field_roles", "INVALID_VALUE", f"must name at most {MAX_FEATURES} fields", ()
        return
    for each in roles:
        path = f"field_roles[{each.field[:SHOWN_CHARACTERS]}]"
        field = catalog.get(each.field)
        if field is None or field.hidden:
            yield path, "INVALID_FIELD", "is of an unknown field", ()
        elif each.role not in ROLES_OF_TYPE[field.stored.type]:
            allowed = ROLES_OF_TYPE[field.stored.type]
            hint = f"must be one of {', '.join(allowed)}" if allowed else "has no role: it holds lists"
            yield path, "INVALID_VALUE", f"{hint}, got {each.role}", allowed


def k_rule_of(parameters: Parameters) -> KRule:
    """The rule of checked parameters."""
    return "excess" if parameters.k_rule == "excess" else "silhouette"


def _unknown(features: Sequence[str], catalog: Catalog) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """The faults of names that are no field of the catalog; the first ones with near names to compare by."""
    comparable = {field.name for field in catalog.visible if not field.pii and field.role != "id"}
    spellings = sum(1 + len(field.synonyms) for field in catalog.visible)
    suggested = min(SUGGESTED_FAULTS, MOST_COMPARISONS // max(1, spellings))
    for position, name in enumerate(features):
        if catalog.get(name) is not None:
            continue
        close: list[str] = []
        if suggested:
            suggested -= 1
            near = suggest.fields(name[:SHOWN_CHARACTERS], catalog)
            close = [each for each in near if each in comparable]
        hint = f"; did you mean {close[0]!r}?" if close else ""
        message = f"names an unknown field {name[:SHOWN_CHARACTERS]!r}{hint}"
        yield f"included_features[{position}]", "INVALID_FIELD", message, close
