"""Why a call gave nothing, in our words: of a status, of an error in a reply, of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from segmentry.llm.model import Cause

# The time of one call. Who is told to wait for longer than that is not waited for, as with a quota.
PATIENCE_S: Final = 4.0
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
_FILTER_CODES = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause and a sentence with nothing of the vendor's in it.

    `worked` is False where the vendor turned the call down before it began, which costs nothing.
    `request_only` says that another request may well be taken.
    """

    cause: Cause
    message: str
    retry_after_s: float | None = None
    worked: bool = True
    request_only: bool = False


TOO_LARGE = Failure("LLM_BAD_OUTPUT", "the reply is larger than any answer")
NOT_JSON = Failure("LLM_BAD_OUTPUT", "the reply is not JSON")
UNREACHED = Failure("LLM_UNAVAILABLE", "the vendor could not be reached", worked=False)
BROKEN_OFF = Failure("LLM_UNAVAILABLE", "the connection to the vendor broke off")


def of_status(status: int, code: str, headers: Mapping[str, str]) -> Failure:
    """The failure behind an HTTP status other than 200 and the code of its error body."""
    if code in _QUOTA_CODES or status == 402:
        return Failure("LLM_QUOTA_EXHAUSTED", "the vendor's quota is used up", worked=False)
    if code in _FILTER_CODES:
        return Failure("LLM_REFUSED", "the vendor's content filter refused the request", worked=False)
    wait = retry_after_s(headers)
    match status:
        case 429 if wait is not None and wait > PATIENCE_S:
            said = "the vendor limits the rate of calls for longer than a caller waits"
            return Failure("LLM_QUOTA_EXHAUSTED", said, wait, worked=False)
        case 429:
            return Failure("LLM_RATE_LIMITED", "the vendor limits the rate of calls", wait, worked=False)
        case 401 | 403:
            return _unset("the vendor refused the key or its rights (AI_OPENAI_KEY)")
        case 404 | 405:
            return _unset("the vendor knows no such model or address (AI_MODEL, AI_BASE_URL)")
        case _ if 300 <= status < 400:
            return _unset("the address sends calls elsewhere, which is not followed (AI_BASE_URL)")
        case 413:
            return _unset("the request is too long for this vendor", request_only=True)
        case _ if code == "context_length_exceeded":
            return _unset("the request is too long for this model (AI_MODEL)", request_only=True)
        case 400 | 422:
            return _unset("the vendor refused the form of the request for this model", request_only=True)
        case _:
            return Failure("LLM_UNAVAILABLE", f"the vendor failed with status {status}", wait, worked=False)


def of_code(code: str) -> Failure:
    """The failure behind an error in a reply that began well; `code` may be a status."""
    if len(code) == 3 and code.isdecimal() and code >= "300":
        return of_status(int(code), "", {})
    if code in _QUOTA_CODES:
        return Failure("LLM_QUOTA_EXHAUSTED", "the vendor's quota is used up")
    if code in _FILTER_CODES:
        return Failure("LLM_REFUSED", "the vendor's content filter refused the request")
    if "rate_limit" in code:
        return Failure("LLM_RATE_LIMITED", "the vendor limits the rate of calls")
    return Failure("LLM_UNAVAILABLE", "the vendor failed in the middle of an answer")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The wait that a vendor asks for, in seconds; None where none is said.

    A date counts from the reply's own Date, so that no clock of ours has to be right.

    >>> retry_after_s({"retry-after": "20"}), retry_after_s({"retry-after-ms": "250", "retry-after": "1"})
    (20.0, 0.25)
    """
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(name, "")) * factor
        except ValueError:
            continue
        if 0 <= wait < float("inf"):
            return wait
    try:
        until, sent = (parsedate_to_datetime(headers.get(name, "")) for name in ("retry-after", "date"))
        return max((until - sent).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _unset(message: str, *, request_only: bool = False) -> Failure:
    return Failure("LLM_NOT_CONFIGURED", message, worked=False, request_only=request_only)
