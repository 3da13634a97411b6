"""Who answers: by what the caller prefers, by rows, and by what is configured."""

from __future__ import annotations

from typing import Final

from segmentry.analysis.parameters import Parameters, Tier

# From here on AUTO looks at every row.
MANY_ROWS: Final = 5_000


def worker_rows(parameters: Parameters) -> int:
    """From how many rows on AUTO looks at every row: 5,000, or earlier where a model must be confirmed."""
    return min(MANY_ROWS, parameters.confirm_rows)


def recommended(parameters: Parameters, rows: int, *, model: bool) -> Tier:
    """What AUTO means: a model on few rows where one is configured, else the ML worker."""
    return "LLM" if model and rows < worker_rows(parameters) else "ML_WORKER"


def first(parameters: Parameters, rows: int, *, model: bool) -> Tier:
    """Who tries first. Without a model the worker does what the model was asked for, and says so."""
    match parameters.preferred_tier:
        case "AUTO":
            return recommended(parameters, rows, model=model)
        case "LLM":
            return "LLM" if model else "ML_WORKER"
        case tier:
            return tier


def pinned(parameters: Parameters) -> bool:
    """Whether the caller would rather have the failure than another tier's answer."""
    return parameters.require_tier or parameters.preferred_tier == "ML_WORKER"
