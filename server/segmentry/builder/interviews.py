"""The experts of one request, asked one by one or side by side: what is said of them and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic, perf_counter
from typing import Final, Self, TypeVar

from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Answered, Retried
from segmentry.agents.pieces import Fault
from segmentry.agents.registry import Expert
from segmentry.builder.events import (
    Emit,
    SubtaskFailed,
    SubtaskRetried,
    SubtaskStarted,
    SubtaskSucceeded,
)
from segmentry.builder.fallbacks import of_failure
from segmentry.builder.outcome import Bill, ExpertUsage, Fallback, unread
from segmentry.builder.panel import Panel
from segmentry.builder.paying import Payment
from segmentry.builder.request import ENDS_AT, Options, Place
from segmentry.errors import DeadlineTooShort, JsonValue, SegmentryError
from segmentry.llm.model import NO_USAGE, CallFailed, ModelCall, Usage
from segmentry.llm.required import as_error

T = TypeVar("T")

# Kept of the caller's time for the check, the count and the way back.
_TO_FINISH_S: Final = 0.3
# With less than this nobody is asked: hardly any answer comes as soon.
_LEAST_S: Final = 0.2

Read = Callable[[JsonValue], tuple[T | None, tuple[Fault, ...]]]


class Interviews:
    """Shared by all experts of one request: their allowance, and what became of each, in order of asking.

    `async with`, so that what was reserved of the tenant's budget is settled, and `bill` is told what was
    asked, however the request ends.
    """

    def __init__(self, place: Place, panel: Panel, options: Options, emit: Emit, bill: Bill = unread) -> None:
        now, ends_at = monotonic(), ENDS_AT.get()
        latest = now + panel.request_s
        if ends_at is not None:
            latest = min(latest, ends_at - _TO_FINISH_S)
        self.allowance = Allowance(latest, most_calls=options.max_model_calls, tenant=place.tenant)
        self._payment = Payment(place.tenant, panel, options)
        if panel.budget is not None or options.max_cost_usd is not None:
            self.allowance.purse, self.allowance.price = self._payment.purse, self._payment.most
        self.fallbacks: list[Fallback] = []
        self.errors: list[SegmentryError] = []
        self._experts: dict[str, ExpertUsage] = {}
        self._began_at: float | None = None
        self._ended_at = 0.0
        self._place = place
        self._panel = panel
        self._options = options
        self._emit = emit
        self._bill = bill

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        # First, because a caller who went away does not wait for the settlement either.
        self._bill(self._called)
        await self._payment.settle()

    async def afford(self, experts: Sequence[Expert], message: str) -> bool:
        """Reserve the tenant's money for those experts; for all that are asked later it is enlarged.

        False where the budget is used up, or nobody can say whether it is: then nobody is asked, and
        `fallbacks` and `errors` say why.
        """
        left_s = self.allowance.left_s
        if left_s < _LEAST_S:
            needed_ms = round((_LEAST_S + _TO_FINISH_S) * 1000)
            self._nobody(
                DeadlineTooShort(
                    f"the call ends too soon for the experts: allow it {needed_ms} ms or more",
                    minimumMs=needed_ms,
                )
            )
            return False
        return await self._reserved([each.call(message, self._panel.max_tokens) for each in experts])

    async def _reserved(self, calls: Sequence[ModelCall]) -> bool:
        try:
            await self._payment.reserve(calls)
        except SegmentryError as error:
            self._nobody(error)
            return False
        return True

    def _nobody(self, error: SegmentryError) -> None:
        """Say once why no expert is asked."""
        if error not in self.errors:
            self.errors.append(error)
            said = f"no language model was asked: {error.message}"
            self.fallbacks.append(Fallback("LLM", "DETERMINISTIC", error.reason, said))

    @property
    def usage(self) -> Usage:
        """What all of them cost together."""
        return sum((each.usage for each in self._experts.values()), NO_USAGE)

    @property
    def experts(self) -> tuple[ExpertUsage, ...]:
        """What each cost of whom a call was made, in the order of asking."""
        return tuple(each for each in self._experts.values() if each.usage.calls)

    @property
    def _called(self) -> tuple[ExpertUsage, ...]:
        """As `experts`, with what was under way when the request ended."""
        used = self.allowance.used
        each = (replace(one, usage=used.get(one.agent, one.usage)) for one in self._experts.values())
        return tuple(one for one in each if one.usage.calls)

    @property
    def latency_s(self) -> float | None:
        """Seconds from the first question to the last answer; None before."""
        return None if self._began_at is None else max(self._ended_at - self._began_at, 0.0)

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._panel.asker.model.model

    async def ask(
        self,
        expert: Expert,
        message: str,
        read: Read[T],
        pieces: Callable[[T], int],
        detail: str,
        *,
        courtesy: bool = False,
        mended: Callable[[T], T] | None = None,
    ) -> T | None:
        """What one expert gives after the check, None where nothing of it can be used. Never raises for that.

        `read` makes pieces of the JSON value and lists the faults of those it dropped; `pieces` counts what
        is left; `mended` marks the pieces of an answer after a repair. `courtesy`: the criteria are the same
        without it, so that its failure is never an error.
        """
        call = expert.call(message, self._panel.max_tokens)
        if not await self._reserved([call]):
            return None
        await self._payment.make_room(call)
        agent, version = expert.name, expert.version
        started, attempt = perf_counter(), 1
        self._began_at = started if self._began_at is None else self._began_at
        # Here and not at the end, so that they stand in the order of asking.
        self._experts.setdefault(agent, ExpertUsage(agent, version, NO_USAGE, 0.0))
        await self._emit(SubtaskStarted(agent, agent, detail, version))

        async def say(again: Retried) -> None:
            nonlocal attempt
            attempt += 1
            elapsed = perf_counter() - started
            error = self._error(CallFailed(again.cause, again.message), agent, attempt - 1)
            await self._emit(
                SubtaskRetried(agent, agent, elapsed, attempt, version, error, again.delay_s, again.repair)
            )

        answered = await self._panel.asker.ask(call, lambda value: read(_json(value)), self.allowance, say)
        elapsed = perf_counter() - started
        value = answered.value
        if value is not None and answered.repaired and mended is not None:
            value = mended(value)
        n_pieces = 0 if value is None else pieces(value)
        self._ended_at = started + elapsed
        before = self._experts[agent]
        self._experts[agent] = ExpertUsage(
            agent, version, before.usage + answered.usage, before.elapsed_s + elapsed, answered.version
        )
        failure = _failure(answered, n_pieces)
        tally = self._panel.asker.counters.of(agent, version, self._place.tenant)
        if failure is not None:
            tally.unanswered += answered.failure is None
            await self._failed(failure, expert, elapsed, attempt, courtesy=courtesy)
            return None
        if not n_pieces and expert.row.gives_pieces:
            tally.empty += 1
        await self._emit(SubtaskSucceeded(agent, agent, elapsed, n_pieces, attempt, version, answered.usage))
        return value

    async def _failed(
        self, failure: CallFailed, expert: Expert, elapsed: float, attempt: int, *, courtesy: bool
    ) -> None:
        agent = expert.name
        error = self._error(failure, agent, attempt)
        if not courtesy:
            self.errors.append(error)
        self.fallbacks.append(of_failure(failure, expert, self._panel.asker))
        degraded = courtesy or not self._options.require_llm
        await self._emit(
            SubtaskFailed(
                agent,
                agent,
                elapsed,
                error,
                degraded=degraded,
                attempt=attempt,
                prompt_version=expert.version,
            )
        )

    def _error(self, failure: CallFailed, agent: str, attempts: int) -> SegmentryError:
        return as_error(failure, self._panel.asker.model.provider, agent, attempts)


def _failure(answered: Answered[T], n_pieces: int) -> CallFailed | None:
    """Why nothing of an answer is usable: no answer, or one of which every piece had to be dropped."""
    if answered.failure is not None:
        return answered.failure
    if answered.value is None or (answered.faults and not n_pieces):
        return CallFailed(
            "LLM_BAD_OUTPUT", "no piece of the model's answer passed the check", usage=answered.usage
        )
    return None


def _json(value: object) -> JsonValue:
    return value  # pyright: ignore[reportReturnType]  # the seam gives strict JSON
