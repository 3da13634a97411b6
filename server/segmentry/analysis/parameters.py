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
Origin = Literal["run", "tenant", "environment", "default"]

TIERS: tuple[Tier, ...] = get_args(Tier)
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
K_RULES: tuple[KRule, ...] = get_args(KRule)

# The bounds of the source's "Advanced Parameters" table.
MIN_CLUSTERS_BOUNDS = (2, 20)
MAX_CLUSTERS_BOUNDS = (2, 50)
SEED_BOUNDS = (0, 2**32 - 1)
MIN_SAMPLES_BOUNDS = (1, 10_000)
MIN_SEGMENT_SHARE_BOUNDS = (0.0, 0.2)
CONFIRM_ROWS_BOUNDS = (1, 10_000_000)
MAX_FEATURES = 64
# Each suggestion compares a name with all fields, and this check runs where nothing may take long.
SUGGESTED_FAULTS = 20
MOST_COMPARISONS = 4_000
SHOWN_CHARACTERS = 80

# The name of a parameter, a code, what is wrong with it, and what would work.
Fault = tuple[str, str, str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class FieldRole:
    """What the caller takes one field for."""

    field: str
    role: Role


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who chose the value of one parameter."""

    field: str
    origin: Origin


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
    From `confirm_rows` rows on the
    model tier needs the caller's word. `chosen` says who chose what a configuration may set, where anybody
    kept count; `absent_features` are saved features that this table does not have.
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
    confirm_rows: int = 5_000
    chosen: tuple[Chosen, ...] = ()
    absent_features: tuple[str, ...] = ()

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
    faults = bound_faults(parameters, prefix)
    features = parameters.included_features
    found: list[Fault] = []
    if features is not None and not features:
        found.append(
            ("included_features", "INVALID_VALUE", "must name at least one field, or be left out", ())
        )
    elif features is not None and len(features) > MAX_FEATURES:
        # Counted before any is looked at: a request has room for 250,000 of them.
        found.append(("included_features", "INVALID_VALUE", f"must name at most {MAX_FEATURES} fields", ()))
    elif features is not None:
        features = tuple(dict.fromkeys(features))
        found += unknown_features(features, catalog)
    described = tuple(dict.fromkeys(parameters.profile_fields))
    if len(parameters.profile_fields) > MAX_FEATURES:
        found.append(("profile_fields", "INVALID_VALUE", f"must name at most {MAX_FEATURES} fields", ()))
    else:
        found += unknown_features(described, catalog, "profile_fields")
    found += _unsuited(parameters.field_roles, catalog)
    refuse([*faults, *(diagnostic(prefix, each) for each in found)])
    return dataclasses.replace(parameters, included_features=features, profile_fields=described)


def bound_faults(parameters: Parameters, prefix: str) -> list[Diagnostic]:
    """The faults of values that are outside their bounds, whatever the table."""
    faults: list[Diagnostic] = []

    def fault(name: str, message: str, suggestions: Sequence[str] = ()) -> None:
        faults.append(diagnostic(prefix, (name, "INVALID_VALUE", message, suggestions)))

    def between(name: str, value: float, bounds: tuple[float, float]) -> None:
        low, high = bounds
        if not (math.isfinite(value) and low <= value <= high):
            fault(name, f"must be from {low} to {high}, got {value}")

    between("min_clusters", parameters.min_clusters, MIN_CLUSTERS_BOUNDS)
    between("max_clusters", parameters.max_clusters, MAX_CLUSTERS_BOUNDS)
    between("seed", parameters.seed, SEED_BOUNDS)
    low, high = MIN_SEGMENT_SHARE_BOUNDS
    if not low <= parameters.min_segment_share <= high:
        # In percent, as callers write it.
        given = f"{100 * parameters.min_segment_share:g}"
        fault("min_segment_share", f"must be from {100 * low:g} to {100 * high:g} percent, got {given}")
    between("confirm_rows", parameters.confirm_rows, CONFIRM_ROWS_BOUNDS)
    if parameters.min_samples is not None:
        between("min_samples", parameters.min_samples, MIN_SAMPLES_BOUNDS)
    if parameters.eps is not None and not (math.isfinite(parameters.eps) and parameters.eps > 0):
        fault("eps", f"must be a finite number above 0, got {parameters.eps}")
    if not faults and parameters.min_clusters > parameters.max_clusters:
        fewest, most = (
            f"{value}{_whose(parameters, name)}"
            for name, value in (
                ("min_clusters", parameters.min_clusters),
                ("max_clusters", parameters.max_clusters),
            )
        )
        fault("min_clusters", f"({fewest}) must not exceed {prefix}.max_clusters ({most})")
    if parameters.algorithm not in ALGORITHMS:
        shown = parameters.algorithm[:SHOWN_CHARACTERS]
        fault("algorithm", f"must be one of {', '.join(ALGORITHMS)}, got {shown!r}", ALGORITHMS)
    if parameters.k_rule not in K_RULES:
        said = f"must be one of {', '.join(K_RULES)}, got {parameters.k_rule[:SHOWN_CHARACTERS]!r}"
        fault("k_rule", said, K_RULES)
    if parameters.preferred_tier not in TIERS:
        fault("preferred_tier", f"must be one of {', '.join(TIERS)}", TIERS)
    return faults


def switched_off(parameters: Parameters, allowed: Sequence[str], prefix: str) -> list[Diagnostic]:
    """The fault of an algorithm that this server's operator does not allow; one that is none has its own."""
    asked = parameters.algorithm
    if asked in allowed or asked not in ALGORITHMS:
        return []
    whose = _whose(parameters, "algorithm")
    said = f"{asked}{whose}," if whose else asked
    message = f"{said} is switched off by the operator of this server; use {' or '.join(allowed)}"
    return [diagnostic(prefix, ("algorithm", "INVALID_VALUE", message, allowed))]


def diagnostic(prefix: str, fault: Fault) -> Diagnostic:
    """A fault with its whole path."""
    name, code, message, suggestions = fault
    path = f"{prefix}.{name}"
    return Diagnostic(code, path, f"{path} {message}", tuple(suggestions))


def refuse(faults: Sequence[Diagnostic]) -> None:
    """Raises: InvalidParameters with all of them, unless there are none."""
    if faults:
        raise InvalidParameters(
            faults[0].message,
            diagnostics=faults,
            violations=[Violation(each.path, InvalidParameters.reason, each.message) for each in faults],
            field=faults[0].path,
        )


_WHOSE: dict[Origin, str] = {
    "run": "",
    "tenant": ", from the saved configuration",
    "environment": ", from the server's settings",
    "default": ", the default",
}


def _whose(parameters: Parameters, name: str) -> str:
    """Who chose a value, for people; empty for the caller."""
    return next((_WHOSE[each.origin] for each in parameters.chosen if each.field == name), "")


# What a field can be taken for, by its declared type.
ROLES_OF_TYPE: dict[str, tuple[Role, ...]] = {
    "number": ("QUANTITY", "FLAG", "CODE", "IDENTIFIER"),
    "datetime": ("DATE", "IDENTIFIER"),
    "boolean": ("FLAG", "CATEGORY", "IDENTIFIER"),
    "enum": ("CATEGORY", "FLAG", "TEXT", "IDENTIFIER"),
    "string": ("CATEGORY", "FLAG", "TEXT", "IDENTIFIER"),
    "array": (),
}


def _unsuited(roles: Sequence[FieldRole], catalog: Catalog) -> Iterator[Fault]:
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


def unknown_features(
    features: Sequence[str], catalog: Catalog, of: str = "included_features", others: Sequence[Catalog] = ()
) -> Iterator[Fault]:
    """The faults of names in the parameter `of` that no catalog has; the first suggest names of `catalog`."""
    comparable = {field.name for field in catalog.visible if not field.pii and field.role != "id"}
    spellings = sum(1 + len(field.synonyms) for field in catalog.visible)
    suggested = min(SUGGESTED_FAULTS, MOST_COMPARISONS // max(1, spellings))
    for position, name in enumerate(features):
        if any(each.get(name) is not None for each in (catalog, *others)):
            continue
        close: list[str] = []
        if suggested:
            suggested -= 1
            near = suggest.fields(name[:SHOWN_CHARACTERS], catalog)
            close = [each for each in near if each in comparable]
        hint = f"; did you mean {close[0]!r}?" if close else ""
        message = f"names an unknown field {name[:SHOWN_CHARACTERS]!r}{hint}"
        yield f"{of}[{position}]", "INVALID_FIELD", message, close
