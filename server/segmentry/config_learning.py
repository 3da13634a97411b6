"""Settings of what the service learns from: kept builds, drift, stored queries."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.config_kinds import Integer, Number
from segmentry.config_reading import setting
from segmentry.config_runs import RunSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSettings(RunSettings):
    """Part of `config.Settings`."""

    keep_builds_days: int = setting(
        30,
        "SEGMENTRY_KEEP_BUILDS_DAYS",
        "learning.keep_builds_days",
        Integer(0, 365),
        "How long a build is kept with its words, criteria and prompt versions, so that RecordOutcome can "
        "say what became of it. 0: none is kept, and RecordOutcome knows none.",
    )
    drift_points: float = setting(
        5.0,
        "SEGMENTRY_DRIFT_POINTS",
        "learning.drift_points",
        Number(0.1, 100),
        "GetAgentHealth raises an alarm where a share is worse than in the window before by at least so many "
        "points.",
    )
    canary_every_days: int = setting(
        7,
        "SEGMENTRY_CANARY_EVERY_DAYS",
        "learning.canary_every_days",
        Integer(0, 365),
        "Every how many days the model is asked the stored queries again; also after it has answered as "
        "another version. 0: never by itself. Nothing is asked without a model.",
    )
    canary_cost_per_day_usd: float = setting(
        1.0,
        "SEGMENTRY_CANARY_COST_PER_DAY_USD",
        "learning.canary_cost_per_day_usd",
        Number(0, 10_000),
        "What the stored queries may cost a day (UTC) on all servers of a store, in US dollars, where the "
        "price of the model is known. 0: no bound. No tenant pays for them.",
    )
    canary_tokens_per_day: int = setting(
        3_000_000,
        "SEGMENTRY_CANARY_TOKENS_PER_DAY",
        "learning.canary_tokens_per_day",
        Integer(0, 1_000_000_000),
        "How many tokens the stored queries may use a day (UTC) on all servers of a store. 0: no bound.",
    )
