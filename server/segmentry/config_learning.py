"""Settings of what the service learns from: kept builds."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.config_kinds import Integer
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
