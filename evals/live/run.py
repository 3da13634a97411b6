"""Cases one after the other, a few at once, until the money or the cases are used up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from segmentry.builder.panel import Panel
from segmentry.llm.model import NO_USAGE, Usage

from evals.case_files import Case
from evals.judge import State, Verdict, judge
from evals.live import asking

AT_ONCE = 4


@dataclass(slots=True)
class Purse:
    """What a run may spend: dollars reserved before each case, and calls."""

    max_usd: float
    max_calls: int | None = None
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    calls: int = 0

    def reserve(self, each: asking.Prepared) -> bool:
        """Set aside what a case may cost at most; False where that could pass the cap."""
        most = each.most_usd or 0.0
        if self.spent_usd + self.reserved_usd + most > self.max_usd:
            return False
        if self.max_calls is not None and self.calls + each.most_calls > self.max_calls:
            return False
        self.reserved_usd += most
        self.calls += each.most_calls
        return True

    def settle(self, each: asking.Prepared, usage: Usage) -> None:
        """Put what was not used back."""
        self.reserved_usd -= each.most_usd or 0.0
        self.spent_usd += usage.cost_usd or 0.0
        self.calls += usage.calls - each.most_calls


@dataclass(frozen=True, slots=True)
class Judged:
    """One case of one repeat."""

    verdict: Verdict
    answer: asking.Answer

    @property
    def state(self) -> State:
        return self.verdict.state


@dataclass(slots=True)
class Repeat:
    """One pass over the cases. `stopped`: the money was used up before the end."""

    judged: dict[str, Judged] = field(default_factory=dict[str, Judged])
    stopped: bool = False

    @property
    def usage(self) -> Usage:
        return sum((each.answer.usage for each in self.judged.values()), NO_USAGE)


async def repeat(cases: Sequence[Case], panel: Panel, purse: Purse) -> Repeat:
    """Read every case with the experts, as long as the purse lasts."""
    done = Repeat()
    waiting: Iterator[Case] = iter(cases)

    async def work() -> None:
        for case in waiting:
            each = await asyncio.to_thread(asking.prepared, case, panel)
            if done.stopped or not purse.reserve(each):
                done.stopped = True
                return
            answer = await asking.answer(each, panel)
            purse.settle(each, answer.usage)
            verdict = judge(case, lambda _, draft=answer.draft: draft)
            done.judged[case.id] = Judged(verdict, answer)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return done
