"""How each expert has been doing in this process: by tenant, by version of its prompt, by ten minutes.

Nothing of a request is in it but whose it was. `insights.expert_counts` keeps them in the state store.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from segmentry.agents import latencies
from segmentry.llm.model import NO_USAGE, Cause, Usage

PERIOD_S: Final = 600
# A subtask that began in a period may end, and count, after it; no request takes as long.
_SETTLED: Final = timedelta(seconds=PERIOD_S + 120)
# Where the state store is away, the oldest counts are given up in the end.
MOST_KEPT: Final = 5_000


@dataclass(slots=True)
class Tally:
    """Counts of one expert at one version of its prompt.

    `asked` counts subtasks that made a call, `calls` what they sent, copies, retries and repairs included.
    `failed` are calls by cause, `unanswered` subtasks of which nothing was usable. `repaired` counts repairs
    that were asked for, `mended` those after which nothing was left to refuse. `refused` are subtasks of
    which the check refused a piece for good, `rejected` those pieces by code, `empty` answers without a
    piece. `compared` counts conditions that the reader and the expert both had to read, `agreed` those that
    they read alike.
    `seconds` are lengths of calls (a call and its copy are one) by `latencies.class_of`.
    """

    asked: int = 0
    calls: int = 0
    unanswered: int = 0
    empty: int = 0
    repaired: int = 0
    mended: int = 0
    retried: int = 0
    hedged: int = 0
    cached: int = 0
    refused: int = 0
    compared: int = 0
    agreed: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[Cause] = field(default_factory=Counter[Cause])
    usage: Usage = NO_USAGE
    unpriced: int = 0
    seconds: Counter[int] = field(default_factory=Counter[int])

    def took(self, seconds: float) -> None:
        """Note the length of a call, whether it gave an answer or not."""
        self.seconds[latencies.class_of(seconds)] += 1

    def spent(self, usage: Usage) -> None:
        """Note what a subtask used; where the price is unknown its calls count as unpriced."""
        self.calls += usage.calls
        if usage.cost_usd is None:
            self.unpriced += usage.calls
            usage = Usage(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
        self.usage += usage

    def counts(self) -> dict[str, float]:
        """Every count that is not 0, by a name that does not change; counts of one name add up."""
        found: dict[str, float] = {
            "asked": self.asked,
            "calls": self.calls,
            "unanswered": self.unanswered,
            "empty": self.empty,
            "repaired": self.repaired,
            "mended": self.mended,
            "retried": self.retried,
            "hedged": self.hedged,
            "cached": self.cached,
            "refused": self.refused,
            "compared": self.compared,
            "agreed": self.agreed,
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "cached_tokens": self.usage.cached_tokens,
            "cost_usd": self.usage.cost_usd or 0.0,
            "unpriced": self.unpriced,
            **{f"rejected:{code}": n for code, n in self.rejected.items()},
            **{f"failed:{cause}": n for cause, n in self.failed.items()},
            **{f"seconds:{number}": n for number, n in self.seconds.items()},
        }
        return {name: n for name, n in found.items() if n}


@dataclass(slots=True)
class Answers:
    """Builds and refinements of a tenant: `alone` needed no model, which is not said of those that had
    to do without one.

    `compared` were also read by experts for themselves, `agreed` came to the same customers. `clarified`
    came to a question, and of the others each is among the `tiers`. Of those with a result: `words` have
    content, conditions account for `accounted`. `seconds` are lengths from the request to the answer by
    `latencies.class_of`; `failed` are requests that ended in an error instead, by its reason.
    """

    builds: int = 0
    alone: int = 0
    compared: int = 0
    agreed: int = 0
    clarified: int = 0
    words: int = 0
    accounted: int = 0
    tiers: Counter[str] = field(default_factory=Counter[str])
    seconds: Counter[int] = field(default_factory=Counter[int])
    failed: Counter[str] = field(default_factory=Counter[str])

    def took(self, seconds: float) -> None:
        """Note how long an answer took."""
        self.seconds[latencies.class_of(seconds)] += 1

    def counts(self) -> dict[str, float]:
        """As `Tally.counts`."""
        found = {
            "builds": self.builds,
            "alone": self.alone,
            "compared": self.compared,
            "agreed": self.agreed,
            "clarified": self.clarified,
            "words": self.words,
            "accounted": self.accounted,
            **{f"tier:{tier}": n for tier, n in self.tiers.items()},
            **{f"seconds:{number}": n for number, n in self.seconds.items()},
            **{f"failed:{reason}": n for reason, n in self.failed.items()},
        }
        return {name: float(n) for name, n in found.items() if n}


@dataclass(frozen=True, slots=True)
class Slot:
    """Whose counts, since when. Answers have no agent."""

    tenant: str
    period: datetime
    agent: str = ""
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The counts of a slot as JSON text, to be kept instead of what was kept of it before."""

    slot: Slot
    text: str


def _now() -> datetime:
    return datetime.now(UTC)


class Counters:
    """A tally per tenant, ten minutes, expert and prompt version. Only the event loop's thread writes."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._slots: dict[Slot, Tally | Answers] = {}
        self._written: dict[Slot, str] = {}

    def of(self, agent: str, prompt_version: str, tenant: str = "") -> Tally:
        """The tally of an expert, made at its first use. It counts also after its ten minutes are over."""
        slot = Slot(tenant, period_of(self._now()), agent, prompt_version)
        tally = self._slots.get(slot)
        if not isinstance(tally, Tally):
            tally = self._slots[slot] = Tally()
            self._bound()
        return tally

    def answers(self, tenant: str) -> Answers:
        """What builds of a tenant came to."""
        slot = Slot(tenant, period_of(self._now()))
        answers = self._slots.get(slot)
        if not isinstance(answers, Answers):
            answers = self._slots[slot] = Answers()
            self._bound()
        return answers

    def totals(self) -> dict[tuple[str, str], dict[str, float]]:
        """The counts of every expert by (agent, prompt version), over all tenants and times that are kept."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for slot, tally in self._slots.items():
            total = found.setdefault((slot.agent, slot.prompt_version), Counter())
            for name, n in tally.counts().items():
                total[name] += n  # pyright: ignore[reportArgumentType]  # a Counter adds floats as well
        return {key: dict(total) for key, total in found.items() if key[0]}

    def unwritten(self) -> list[Unwritten]:
        """What changed since it was written last, as a whole: a repeated write changes nothing."""
        found: list[Unwritten] = []
        for slot, tally in self._slots.items():
            counts = tally.counts()
            text = json.dumps(counts, sort_keys=True)
            if counts and self._written.get(slot) != text:
                found.append(Unwritten(slot, text))
        return found

    def written(self, kept: Iterable[Unwritten]) -> None:
        """Note what is kept; counts that can no longer change are forgotten here."""
        for each in kept:
            self._written[each.slot] = each.text
        settled = self._now() - _SETTLED
        for slot in [slot for slot in self._slots if slot.period < settled]:
            if json.dumps(self._slots[slot].counts(), sort_keys=True) in {"{}", self._written.get(slot)}:
                self._forget(slot)

    def _bound(self) -> None:
        while len(self._slots) > MOST_KEPT:
            self._forget(next(iter(self._slots)))

    def _forget(self, slot: Slot) -> None:
        del self._slots[slot]
        self._written.pop(slot, None)


def period_of(moment: datetime) -> datetime:
    """The start of the ten minutes that a moment lies in.

    >>> period_of(datetime(2025, 12, 16, 9, 47, 12, tzinfo=UTC)).isoformat()
    '2025-12-16T09:40:00+00:00'
    """
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % PERIOD_S, UTC)
