"""Everything a run says, as frozen values: the fields of the messages in the contract.

Counts are whole customers, `percentage` and `smallest_share` are 0-100, every other share is 0-1.
A number that is not defined is None and never NaN: what leaves here is valid JSON (see `codec`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmentry.analysis.continuity import Continuity
from segmentry.analysis.figures import Plots
from segmentry.analysis.parameters import Parameters, Role, Tier
from segmentry.errors import JsonValue
from segmentry.llm.model import NO_USAGE, Cause, Usage

FieldKind = Literal["numeric", "categorical"]
SubtaskChange = Literal["started", "retried", "succeeded", "failed"]
RuleOperator = Literal["eq", "gt", "lt", "gte", "lte", "in", "contains"]

# `smallest_share` where every k leaves a segment below the least share.
SelectionRule = Literal["silhouette", "excess", "smallest_share"]

SILHOUETTE_METRIC = "silhouette_euclidean"


@dataclass(frozen=True, slots=True)
class FieldNote:
    """Advice on one field: a `WarningReason`, its sentence, and whether the run uses the field. `role` is
    what the field is taken for, None in logs from before there was one."""

    field: str
    reason: str
    message: str
    used: bool
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class TierEstimate:
    """What one tier would give and cost. `cost_usd` None means that the price is not known. Between `low_s`
    and `high_s` is what 8 of 10 of the `measured_runs` would have taken; None where too few are known."""

    tier: Tier
    available: bool
    accuracy: str
    expected_s: float
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    unavailable_reason: str = ""
    model: str = ""
    prices_as_of: str = ""
    low_s: float | None = None
    high_s: float | None = None
    measured_runs: int = 0


@dataclass(frozen=True, slots=True)
class AnalysisEstimate:
    """What a run would do; emitted as the plan of the run that does it."""

    rows: int
    requires_confirmation: bool
    recommended_tier: Tier
    tiers: tuple[TierEstimate, ...]
    warning: str
    fields: tuple[FieldNote, ...]
    effective_parameters: Parameters
    suggested_features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """The stage that starts now, and the share (0-1) of the run that is done."""

    stage: str
    fraction: float


@dataclass(frozen=True, slots=True)
class ValueShare:
    """One value of a field with its share of the rows (0-100)."""

    value: str
    percentage: float
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values lie in each of the bins of equal width between `low` and `high`."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """Raw statistics of one field, and the `transform` it got before clustering ("" when unused).
    `minimum` to `mean` and `deviation` to `histogram` belong to numeric fields, `top_values` to categorical
    ones. `distinct` is exact up to a million rows."""

    field: str
    kind: FieldKind
    missing: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    distinct: int | None = None
    top_values: tuple[ValueShare, ...] = ()
    transform: str = ""
    role: Role | None = None
    deviation: float | None = None
    p01: float | None = None
    p25: float | None = None
    p50: float | None = None
    p75: float | None = None
    p99: float | None = None
    skew: float | None = None
    zero_percentage: float | None = None
    negative_percentage: float | None = None
    histogram: Histogram | None = None
    distinct_estimated: bool = False


@dataclass(frozen=True, slots=True)
class FieldPreparation:
    """What was done to one field before clustering. `filled` and `clipped` count rows; `low`, `high` and
    `fill` are in the field's unit (dates: days of age), `mean` and `scale` after the transform. None where
    it does not apply. `levels` are cut for people."""

    field: str
    role: Role
    transform: str
    filled: int
    columns: int
    clipped_low: int | None = None
    clipped_high: int | None = None
    low: float | None = None
    high: float | None = None
    fill: float | None = None
    mean: float | None = None
    scale: float | None = None
    levels: tuple[str, ...] = ()
    folded_levels: int = 0
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Preparation:
    """How rows became the `columns` columns that were clustered, field by field."""

    fields: tuple[FieldPreparation, ...]
    columns: int


@dataclass(frozen=True, slots=True)
class ClusterScore:
    """How good one k is. `low` and `high` are the 95 % interval of `value`, absent when it is exact;
    `squared` and `simplified` are silhouettes by other distances, of all rows, not comparable with `value`.
    `eligible` is None while provisional; `elapsed_s` is the time since the run began."""

    k: int
    metric: str = SILHOUETTE_METRIC
    value: float | None = None
    low: float | None = None
    high: float | None = None
    exact: bool = False
    sample_size: int = 0
    excess_over_null: float | None = None
    smallest_share: float | None = None
    stability: float | None = None
    inertia: float | None = None
    provisional: bool = False
    best_so_far: bool = False
    elapsed_s: float = 0.0
    squared: float | None = None
    simplified: float | None = None
    excess_se: float | None = None
    eligible: bool | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which k was chosen by which rule, what both rules say, and why, in sentences with the figures."""

    chosen_k: int
    picked_k: int
    rule: SelectionRule
    picked_reason: str
    excess_k: int | None = None
    excess_reason: str = ""
    no_clear_segments: bool = False


@dataclass(frozen=True, slots=True)
class Density:
    """What DBSCAN took for dense. `eps` is in scaled units, `curve` the distances of customers to their
    `min_samples`-th neighbour, at 20 ranks from the least to the greatest. `fitted` rows were clustered;
    the others joined the nearest dense group within `eps`."""

    eps: float
    eps_found: bool
    min_samples: int
    min_samples_found: bool
    curve: tuple[float, ...]
    noise_percentage: float
    fitted: int


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One condition that a campaign tool can read; all rules of a card hold together."""

    field: str
    operator: RuleOperator
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What distinguishes the members: `importance` 0-1 is how well this field alone tells them apart.

    `comparison` is the same in a few words (`spend 1,250 vs 480`), and `level` the stored value that stands
    in it: both are for who names the segment, and no caller sees them.
    """

    feature: str
    value: str
    importance: float
    segment_average: float | None = None
    population_average: float | None = None
    top_values: tuple[ValueShare, ...] = ()
    unit: str = ""
    comparison: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class RuleFidelity:
    """How well the filter rules describe the cluster (0-1), measured by counting on `measured_on`.

    `held_out_precision` and `held_out_recall` are of the `held_out` customers that the rules were not learnt
    from; None where there are none.
    """

    precision: float | None
    recall: float | None
    matched_count: int
    measured_on: str
    held_out_precision: float | None = None
    held_out_recall: float | None = None
    held_out: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentCard:
    """One discovered segment. `criteria` is the JSON text of the rules' twin; `size` is the cluster.

    `revision` is 2 once a model was asked for the name. `criteria_best` finds the segment better than
    `criteria`, with a fidelity of its own; empty where nothing does.
    """

    card_id: str
    name: str
    description: str
    size: int
    percentage: float
    filter_rules: tuple[FilterRule, ...]
    characteristics: tuple[Characteristic, ...]
    suggested_use: str
    criteria: str
    fidelity: RuleFidelity
    tier: Tier
    name_from_model: bool = False
    previous_card_id: str = ""
    headline: str = ""
    provisional: bool = False
    notices: tuple[Notice, ...] = ()
    revision: int = 1
    criteria_best: str = ""
    fidelity_best: RuleFidelity | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """A lower tier answers, or a template names what a model would have, and why. `subtask_ids`: the
    questions that it is about, none for the whole run."""

    from_tier: Tier
    to_tier: Tier | Literal["TEMPLATE"]
    reason: str
    message: str
    subtask_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subtask:
    """A step of a question to a model. `cause` and `message` belong to attempts that failed, `delay_s` and
    `repair` to another attempt, `usage` and `given` (names or segments) to the end."""

    subtask_id: str
    agent: str
    change: SubtaskChange
    detail: str = ""
    elapsed_s: float = 0.0
    attempt: int = 1
    prompt_version: str = ""
    provider: str = ""
    cause: Cause | None = None
    message: str = ""
    delay_s: float = 0.0
    repair: bool = False
    usage: Usage | None = None
    given: int = 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Customers who are in two segments at once."""

    card_id: str
    other_card_id: str
    count: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning about the run: a `WarningReason`, its sentence, and the parameter or field it is about."""

    reason: str
    message: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """The end of a run that succeeded. Sizes of `segments` plus `unassigned` are `rows`, but for `overlaps`,
    which only segments that a model proposed have. `usage` of `model` took `model_s` seconds.

    `chosen_by` says it in words, such as "highest silhouette"; `alternative_k` is the k that beats a table
    without structure most clearly, when that is another one.
    """

    tier: Tier
    segments: tuple[SegmentCard, ...]
    rows: int
    unassigned: int
    parameters: Parameters
    chosen_k: int | None = None
    chosen_by: str = ""
    alternative_k: int | None = None
    scores: tuple[ClusterScore, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    fields: tuple[FieldNote, ...] = ()
    notices: tuple[Notice, ...] = ()
    no_clear_segments: bool = False
    message: str = ""
    snapshot_id: str = ""
    selection: Selection | None = None
    preparation: Preparation | None = None
    continuity: Continuity | None = None
    plots: Plots | None = None
    overlaps: tuple[Overlap, ...] = ()
    covered_percentage: float | None = None
    usage: Usage = NO_USAGE
    model: str = ""
    model_s: float | None = None
    density: Density | None = None


Event = (
    AnalysisEstimate
    | Progress
    | FieldProfile
    | Preparation
    | ClusterScore
    | Selection
    | SegmentCard
    | Continuity
    | Subtask
    | Fallback
    | Notice
    | AnalysisResult
)
