"""The breaker: when it opens, what it lets through, and what it is not told by."""

from __future__ import annotations

import pytest
from segmentry.llm.breaker import Admission, Breaker
from segmentry.llm.model import NO_USAGE, CallFailed, Cause


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(now=clock)


def fail(breaker: Breaker, cause: Cause = "LLM_UNAVAILABLE", **more: object) -> None:
    breaker.failed(breaker.admit(), CallFailed(cause, "it failed", **more))  # pyright: ignore[reportArgumentType] - passed on


def opened(breaker: Breaker) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        breaker.admit()
    return caught.value


@pytest.mark.parametrize("cause", ["LLM_UNAVAILABLE", "LLM_TIMEOUT", "LLM_RATE_LIMITED"])
def test_five_failures_in_a_row_open_it_with_their_cause(breaker: Breaker, cause: Cause) -> None:
    for _ in range(4):
        fail(breaker, cause)
    assert breaker.state == "closed"
    fail(breaker, cause)
    assert (breaker.state, breaker.cause) == ("open", cause)
    refused = opened(breaker)
    assert (refused.cause, refused.retry_after_s, refused.usage) == (cause, 60.0, NO_USAGE)


def test_a_success_between_failures_starts_the_row_again(breaker: Breaker) -> None:
    for _ in range(3):
        for _ in range(4):
            fail(breaker)
        breaker.succeeded(breaker.admit())
    assert breaker.state == "closed"


@pytest.mark.parametrize("cause", ["LLM_REFUSED", "LLM_TRUNCATED", "LLM_BAD_OUTPUT"])
def test_a_model_that_answers_badly_is_no_vendor_that_is_down(breaker: Breaker, cause: Cause) -> None:
    for _ in range(4):
        fail(breaker)
    fail(breaker, cause)
    for _ in range(4):
        fail(breaker)
    assert breaker.state == "closed"


@pytest.mark.parametrize(
    ("cause", "retry_after_s"),
    [("LLM_QUOTA_EXHAUSTED", None), ("LLM_NOT_CONFIGURED", None), ("LLM_RATE_LIMITED", 4.5)],
)
def test_one_call_opens_it_where_the_next_must_fail_too(
    breaker: Breaker, cause: Cause, retry_after_s: float | None
) -> None:
    fail(breaker, cause, retry_after_s=retry_after_s)
    assert opened(breaker).cause == cause


def test_a_wait_within_patience_does_not_open_it(breaker: Breaker) -> None:
    fail(breaker, "LLM_RATE_LIMITED", retry_after_s=4.0)
    assert breaker.state == "closed"


def test_a_request_that_is_refused_for_what_it_is_counts_only_in_a_row(breaker: Breaker) -> None:
    for _ in range(4):
        fail(breaker, "LLM_NOT_CONFIGURED", request_only=True)
    assert breaker.state == "closed"
    fail(breaker, "LLM_NOT_CONFIGURED", request_only=True)
    assert breaker.state == "open"


@pytest.mark.parametrize(("asked_s", "waited_s"), [(20.0, 60.0), (120.0, 120.0), (9999.0, 600.0)])
def test_the_cool_down_is_as_long_as_the_vendor_asks_for_within_bounds(
    breaker: Breaker, clock: Clock, asked_s: float, waited_s: float
) -> None:
    fail(breaker, "LLM_RATE_LIMITED", retry_after_s=asked_s)
    clock.at += waited_s - 0.1
    assert opened(breaker).retry_after_s == pytest.approx(0.1)
    clock.at += 0.1
    assert breaker.state == "half_open"
    assert breaker.admit() == "probe"


def test_after_the_cool_down_one_call_is_let_through_and_its_success_closes_it(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    clock.at += 60
    probe = breaker.admit()
    assert opened(breaker).cause == "LLM_QUOTA_EXHAUSTED"
    breaker.succeeded(probe)
    assert (breaker.state, breaker.cause) == ("closed", None)
    assert breaker.admit() == "ordinary"


def test_each_failed_probe_doubles_the_cool_down_up_to_ten_minutes(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    waits: list[float | None] = []
    for _ in range(6):
        waits.append(opened(breaker).retry_after_s)
        clock.at += waits[-1] or 0.0
        fail(breaker, "LLM_UNAVAILABLE")
    assert waits == [60, 120, 240, 480, 600, 600]
    clock.at += 600
    breaker.succeeded(breaker.admit())
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    assert opened(breaker).retry_after_s == 60


def test_a_probe_that_answers_badly_closes_it_too(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    clock.at += 60
    fail(breaker, "LLM_BAD_OUTPUT")
    assert breaker.state == "closed"


def test_a_probe_that_its_caller_gives_up_lets_another_through(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    clock.at += 60
    breaker.left(breaker.admit())
    assert breaker.admit() == "probe"


def test_calls_from_before_it_opened_change_nothing(breaker: Breaker, clock: Clock) -> None:
    early: list[Admission] = [breaker.admit() for _ in range(3)]
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    breaker.succeeded(early[0])
    assert breaker.state == "open"
    clock.at += 60
    breaker.admit()
    breaker.left(early[1])
    breaker.failed(early[2], CallFailed("LLM_TIMEOUT", "late"))
    assert breaker.state == "half_open"
    opened(breaker)


def test_a_vendor_that_asks_for_a_short_wait_is_there(breaker: Breaker) -> None:
    for _ in range(20):
        fail(breaker, "LLM_RATE_LIMITED", retry_after_s=1.0)
    assert breaker.state == "closed"
    fail(breaker, "LLM_RATE_LIMITED", retry_after_s=5.0)
    assert breaker.state == "open"


def test_a_probe_that_is_asked_to_wait_waits_as_long(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, "LLM_QUOTA_EXHAUSTED")
    clock.at += 60
    fail(breaker, "LLM_RATE_LIMITED", retry_after_s=2.0)
    assert opened(breaker).retry_after_s == 2.0
    clock.at += 2
    assert breaker.admit() == "probe"
