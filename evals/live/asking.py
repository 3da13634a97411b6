"""One case before the experts, as a build asks them, without counting anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from segmentry.agents.asking import Asker
from segmentry.builder.consulting import Consultation, message_of, price_of
from segmentry.builder.events import quiet
from segmentry.builder.interviews import Interviews
from segmentry.builder.panel import Panel
from segmentry.builder.plan import Plan, plan
from segmentry.builder.request import Options, Place
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.model import NO_USAGE, ChatModel, Usage
from segmentry.reader import read
from segmentry.reader.draft import Draft

from evals.case_files import Case

# Fixed, so that the same question has the same key in every run.
_SECRET = b"segmentry evals"
_TENANT = "evals"
# Retries, repairs and copies of one request (`agents.allowance`).
_EXTRA = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a case: `tier` says who gave it."""

    draft: Draft
    tier: str
    usage: Usage
    seconds: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case that was read and planned. `most_usd` bounds its price; None where the price is not known."""

    case: Case
    draft: Draft
    plan: Plan
    place: Place
    most_usd: float | None
    most_calls: int


def panel(model: ChatModel) -> Panel:
    """Experts with this model, who mark requests alike in every run."""
    return Panel(Asker(GuardedModel(model)), secret=_SECRET)


def prepared(case: Case, panel: Panel) -> Prepared:
    """Read a case and see who would be asked. Refinements are read by `evals` alone."""
    place = Place(_TENANT, case.table, case.catalog, case.clock)
    draft = read.read(case.query, case.catalog, case.clock)
    planned = plan(case.query, draft, place, panel, Options())
    n_first = len(planned.experts)
    if not n_first:
        return Prepared(case, draft, planned, place, 0.0, 0)
    n_most = n_first + len(planned.asked_later) + _EXTRA
    message = message_of(case.query, planned, place, panel)
    costs = [price_of([each], message, panel).cost_usd for each in (*planned.experts, *planned.asked_later)]
    known = [each for each in costs if each is not None]
    # Both waves, and what comes on top at the dearest; a retry after a cut answer may use twice the tokens.
    most = sum(known) + _EXTRA * 2 * max(known) if len(known) == len(costs) else None
    return Prepared(case, draft, planned, place, most, n_most)


def with_calls(cases: Sequence[Case], panel: Panel, limit: int | None) -> list[Case]:
    """The first cases, as many as hold `limit` for which somebody would be asked; the others cost nothing."""
    if limit is None:
        return list(cases)
    chosen: list[Case] = []
    n_open = 0
    for case in cases:
        if n_open == limit:
            break
        chosen.append(case)
        n_open += prepared(case, panel).most_calls > 0
    return chosen


async def answer(each: Prepared, panel: Panel) -> Answer:
    """The draft with the experts' part in it. Never raises for what a model does."""
    if not each.most_calls:
        return Answer(each.draft, "deterministic", NO_USAGE, 0.0)
    started = perf_counter()
    async with Interviews(each.place, panel, Options(), quiet) as interviews:
        consulted = await Consultation(
            each.case.query, each.draft, each.plan, each.place, panel, interviews, quiet
        ).run()
    return Answer(consulted.draft, consulted.tier, consulted.usage, perf_counter() - started)
