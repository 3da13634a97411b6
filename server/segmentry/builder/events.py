"""What a build says while it is under way. The reply itself is no event: the caller of the build holds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from segmentry.builder.outcome import Fallback, LeafProvenance
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers.store import Count
from segmentry.errors import SegmentryError
from segmentry.llm.model import Usage


@dataclass(frozen=True, slots=True)
class Started:
    """The build was accepted. Always the first event."""

    build_id: str
    clock: Clock
    planned_agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubtaskStarted:
    """`prompt_version` is empty for subtasks without a model, in all events of a subtask."""

    subtask_id: str
    agent: str
    detail: str
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class SubtaskRetried:
    """An attempt failed and number `attempt` follows after `delay_s`. `repair`: told what was wrong."""

    subtask_id: str
    agent: str
    elapsed_s: float
    attempt: int
    prompt_version: str
    error: SegmentryError
    delay_s: float
    repair: bool


@dataclass(frozen=True, slots=True)
class SubtaskSucceeded:
    """`leaves` is how many leaves it gave, checked or counted; `usage` is None without a model."""

    subtask_id: str
    agent: str
    elapsed_s: float
    leaves: int
    attempt: int = 1
    prompt_version: str = ""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class SubtaskFailed:
    """`degraded` is True when the build goes on without it."""

    subtask_id: str
    agent: str
    elapsed_s: float
    error: SegmentryError
    degraded: bool
    attempt: int = 1
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class Partial:
    """The criteria so far, a `draft` until they passed the check. `coverage`: share of words read, 0-1."""

    node: Node
    provenance: tuple[LeafProvenance, ...]
    coverage: float
    draft: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A count that became known; an empty `leaf_id` means the whole criteria."""

    leaf_id: str
    count: Count


Subtask = SubtaskStarted | SubtaskRetried | SubtaskSucceeded | SubtaskFailed
Event = Started | Subtask | Partial | Preview | Fallback
Emit = Callable[[Event], Awaitable[None]]


def unrepeated(emit: Emit) -> Emit:
    """Says criteria that were just shown not once more; `quiet` stays what it is."""
    if emit is quiet:
        return emit
    last: Partial | None = None

    async def say(event: Event) -> None:
        nonlocal last
        if isinstance(event, Partial):
            if event == last:
                return
            last = event
        await emit(event)

    return say


async def quiet(event: Event) -> None:
    """The listener of a caller who only wants the reply."""
    del event
