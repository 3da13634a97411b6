"""What holds for a run that says nothing itself: the tenant's saved choices, the server's, the product's.

the run's own > the tenant's saved > the server's environment > the defaults of `Parameters`
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segmentry.analysis import parameters as bounds
from segmentry.analysis.codec import decode_value, encode_value
from segmentry.analysis.parameters import Chosen, Origin, Parameters, Tier
from segmentry.criteria.catalog import Catalog
from segmentry.errors import Diagnostic, JsonValue

# Stands alone in a run's list of features for every field that is fit, whatever the configuration says.
EVERY_FEATURE = ("*",)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Choices for all runs; None leaves a parameter to whoever comes next. Shares are 0-1."""

    min_clusters: int | None = None
    max_clusters: int | None = None
    algorithm: str | None = None
    included_features: tuple[str, ...] | None = None
    preferred_tier: Tier | None = None
    confirm_rows: int | None = None
    seed: int | None = None
    min_segment_share: float | None = None
    k_rule: str | None = None
    store_labels: bool | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """What is set, as a JSON object."""
        return {name: value for name, value in encode_value(self).items() if value is not None}

    @classmethod
    def of_json(cls, values: Mapping[str, JsonValue]) -> Defaults:
        """What `to_json` wrote. Raises: ValueError when it is none."""
        return decode_value(cls, values)


CONFIGURABLE = tuple(each.name for each in dataclasses.fields(Defaults))
NO_DEFAULTS = Defaults()


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be set: bounds of a number, the options of a closed list, the length of a list."""

    bounds: tuple[float, float] | None = None
    options: tuple[str, ...] = ()
    most_values: int | None = None


LIMITS: Mapping[str, Limits] = {
    "min_clusters": Limits(bounds.MIN_CLUSTERS_BOUNDS),
    "max_clusters": Limits(bounds.MAX_CLUSTERS_BOUNDS),
    "algorithm": Limits(options=bounds.ALGORITHMS),
    "included_features": Limits(most_values=bounds.MAX_FEATURES),
    "preferred_tier": Limits(options=bounds.TIERS),
    "confirm_rows": Limits(bounds.CONFIRM_ROWS_BOUNDS),
    "seed": Limits(bounds.SEED_BOUNDS),
    "min_segment_share": Limits(bounds.MIN_SEGMENT_SHARE_BOUNDS),
    "k_rule": Limits(options=bounds.K_RULES),
    "store_labels": Limits(),
}


def composed(
    own: Parameters, named: Collection[str], tenant: Defaults, environment: Defaults = NO_DEFAULTS
) -> Parameters:
    """The parameters of a run that names some of them itself, with who chose each.

    >>> found = composed(Parameters(max_clusters=4), {"max_clusters"}, Defaults(max_clusters=6, seed=7))
    >>> found.max_clusters, found.seed, found.min_clusters
    (4, 7, 2)
    >>> [each.origin for each in found.chosen if each.field in ("max_clusters", "seed", "k_rule")]
    ['run', 'tenant', 'default']
    """
    values: dict[str, Any] = {}
    chosen: list[Chosen] = []
    for name in CONFIGURABLE:
        origin, value = _choice(name, own, named, (("tenant", tenant), ("environment", environment)))
        values[name] = value
        chosen.append(Chosen(name, origin))
    if values["included_features"] == EVERY_FEATURE:
        values["included_features"] = None
    return dataclasses.replace(own, chosen=tuple(chosen), **values)


def _choice(
    name: str, own: Parameters, named: Collection[str], layers: Sequence[tuple[Origin, Defaults]]
) -> tuple[Origin, object]:
    if name in named:
        return "run", getattr(own, name)
    for origin, layer in layers:
        value = getattr(layer, name)
        if value is not None:
            return origin, value
    return "default", getattr(_PRODUCT, name)


_PRODUCT = Parameters()


def fitted(parameters: Parameters, catalog: Catalog) -> Parameters:
    """The parameters for one table: of features that were saved for all tables, those that it has.

    With none of them every suitable field is used. What is missing is kept in `absent_features`.
    """
    saved = any(each.field == "included_features" and each.origin != "run" for each in parameters.chosen)
    features = parameters.included_features
    if not saved or features is None:
        return parameters
    here = tuple(each for each in features if catalog.get(each) is not None)
    absent = tuple(each for each in features if catalog.get(each) is None)
    return dataclasses.replace(parameters, included_features=here or None, absent_features=absent)


def check(
    saved: Defaults, environment: Defaults, catalogs: Sequence[Catalog], prefix: str = "config"
) -> None:
    """Refuse choices that no run could be made with; `catalogs` are those of the tenant's tables.

    Raises: InvalidParameters with every fault: a value outside its bounds, min_clusters above max_clusters,
    a feature that no table has.
    """
    effective = composed(_PRODUCT, (), saved, environment)
    faults = bounds.bound_faults(effective, prefix)
    refused = [*faults, *_feature_faults(saved.included_features or (), catalogs, prefix)]
    bounds.refuse(refused)


def _feature_faults(features: Sequence[str], catalogs: Sequence[Catalog], prefix: str) -> list[Diagnostic]:
    if len(features) > bounds.MAX_FEATURES:
        text = f"must name at most {bounds.MAX_FEATURES} fields"
        return [bounds.diagnostic(prefix, ("included_features", "INVALID_VALUE", text, ()))]
    # The default table, the first, suggests.
    first, *others = catalogs
    return [
        bounds.diagnostic(prefix, each) for each in bounds.unknown_features(features, first, others=others)
    ]
