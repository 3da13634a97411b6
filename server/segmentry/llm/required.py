"""What a caller is told when a model was required and failed."""

from __future__ import annotations

import math

from segmentry.errors import (
    BudgetExhausted,
    ModelNotUsable,
    ModelRateLimited,
    ModelUnavailable,
    SegmentryError,
    UnusableModelOutput,
)
from segmentry.llm.model import CallFailed, Cause

_CLASSES: dict[Cause, type[SegmentryError]] = {
    "LLM_RATE_LIMITED": ModelRateLimited,
    "LLM_UNAVAILABLE": ModelUnavailable,
    "LLM_TIMEOUT": ModelUnavailable,
    "LLM_QUOTA_EXHAUSTED": ModelNotUsable,
    "LLM_REFUSED": ModelNotUsable,
    "LLM_NOT_CONFIGURED": ModelNotUsable,
    "LLM_BAD_OUTPUT": UnusableModelOutput,
    "LLM_TRUNCATED": UnusableModelOutput,
    "BUDGET_EXHAUSTED": BudgetExhausted,
}


def as_error(failure: CallFailed, provider: str, subtask: str, attempts: int) -> SegmentryError:
    """The failure of a subtask as the contract has it: AI_ERROR, PARSE_ERROR or BUDGET_EXHAUSTED.

    The message is our own; nothing of the vendor's reply is in it.
    """
    wait_s = failure.retry_after_s
    again = f"; it may be asked again in {math.ceil(wait_s)} s" if wait_s else ""
    where = f" ({failure.cause} of {provider}{again})" if failure.cause.startswith("LLM_") else ""
    error = _CLASSES[failure.cause](
        f"{failure.message}{where}",
        cause=failure.cause,
        provider=provider,
        subtask=subtask,
        attempts=attempts,
    )
    if isinstance(error, ModelRateLimited | ModelUnavailable):
        error.retry_after_s = failure.retry_after_s or 1.0
    return error
