"""Settings of analyses: how many run at once, what waits for them, what one may take."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.config_kinds import Choice, Flag, Integer, Number
from segmentry.config_reading import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Part of `config.Settings`."""

    max_runs: int = setting(
        0,
        "SEGMENTRY_MAX_RUNS",
        "analysis.max_runs",
        Integer(0, 1000),
        "Analyses that run at once on this server, each in a process of its own. 0: one per core.",
    )
    max_runs_per_tenant: int = setting(
        2,
        "SEGMENTRY_MAX_RUNS_PER_TENANT",
        "analysis.max_runs_per_tenant",
        Integer(1, 1000),
        "Of these, the most of one tenant; its further ones wait, and those of others pass them.",
    )
    max_queued_runs: int = setting(
        100,
        "SEGMENTRY_MAX_QUEUED_RUNS",
        "analysis.max_queued_runs",
        Integer(0, 10_000),
        "Analyses that wait for their turn; one more is refused with OVERLOADED and when to try again.",
    )
    spare_workers: int = setting(
        -1,
        "SEGMENTRY_SPARE_WORKERS",
        "analysis.spare_workers",
        Integer(-1, 1000),
        "Processes that wait for an analysis with their imports done. -1: as many as run at once.",
    )
    worker_memory_mb: int = setting(
        4096,
        "SEGMENTRY_WORKER_MEMORY_MB",
        "analysis.worker_memory_mb",
        Integer(512, 65_536),
        "Address space that one analysis may take, in MiB, its table included; beyond it the simplest tier "
        "answers, with reason DATASET_TOO_LARGE.",
    )
    run_deadline_s: float = setting(
        600.0,
        "SEGMENTRY_RUN_DEADLINE_S",
        "analysis.deadline_s",
        Number(10, 3600),
        "An analysis that runs longer fails with DEADLINE_PASSED; waiting does not count.",
    )
    analysis_min_clusters: int = setting(
        2,
        "SEGMENTRY_ANALYSIS_MIN_CLUSTERS",
        "analysis.min_clusters",
        Integer(2, 20),
        "Fewest segments to try, for tenants that have not set it (UpdateAnalysisConfig).",
    )
    analysis_max_clusters: int = setting(
        8,
        "SEGMENTRY_ANALYSIS_MAX_CLUSTERS",
        "analysis.max_clusters",
        Integer(2, 50),
        "Most segments to try, for tenants that have not set it.",
    )
    analysis_algorithm: str = setting(
        "kmeans",
        "SEGMENTRY_ANALYSIS_ALGORITHM",
        "analysis.algorithm",
        Choice(("kmeans", "dbscan")),
        "How segments are found, for tenants that have not set it.",
    )
    analysis_dbscan: bool = setting(
        True,
        "SEGMENTRY_ANALYSIS_DBSCAN",
        "analysis.dbscan",
        Flag(),
        "Whether anybody may find segments by density. DBSCAN takes time and memory with the square of the "
        "customers; false: who asks for it is refused, and readiness says so.",
    )
    analysis_tier: str = setting(
        "auto",
        "SEGMENTRY_ANALYSIS_TIER",
        "analysis.tier",
        Choice(("auto", "llm", "ml_worker", "heuristic")),
        "Who finds them, for tenants that have not set it.",
    )
    analysis_confirm_rows: int = setting(
        5_000,
        "SEGMENTRY_ANALYSIS_CONFIRM_ROWS",
        "analysis.confirm_rows",
        Integer(1, 10_000_000),
        "Rows from which the model tier must be confirmed, for tenants that have not set it.",
    )
