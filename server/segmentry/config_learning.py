"""Settings of what the service learns from: kept builds, drift."""

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
