"""What a build or a refinement comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria.dates import Clock
from segmentry.criteria.diff import LeafChange
from segmentry.criteria.nodes import Node
from segmentry.customers.store import Count
from segmentry.llm.model import NO_USAGE, UNSAID, ModelVersion, Usage
from segmentry.reader.draft import Source, Span

Tier = Literal["deterministic", "llm", "combined"]

# Below this the caller gets a question instead of an answer (the source's own threshold).
SURE_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class LeafProvenance:
    """Where one leaf came from. `leaf_id` counts from `l1` in print order; `count` is of the leaf alone.

    `agreed`: the reader and an expert read the words alike. `repaired`: what an expert said of them had to
    be put right before it passed the check.
    """

    leaf_id: str
    path: str
    source: Source
    spans: tuple[Span, ...]
    confidence: float
    note: str = ""
    band: str = ""
    agent: str = "reader"
    count: int | None = None
    prompt_version: str = ""
    agreed: bool = False
    repaired: bool = False

    @property
    def tier(self) -> Tier:
        """Who gave it: a version of a prompt says that a model did."""
        if self.agreed:
            return "combined"
        return "llm" if self.prompt_version else "deterministic"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the whole query. The id depends on the criteria alone."""

    reading_id: str
    label: str
    node: Node
    explanation: str
    count: int | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    question_id: str
    text: str
    span: Span | None
    reading_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """A definition that passed the check. `resolved` is bound to the request's clock.

    `name` is empty where nobody wished one; without `name_from_model` it was made of the criteria.
    """

    node: Node
    resolved: Node
    explanation: str
    fields: tuple[str, ...]
    confidence: float
    ambiguities: tuple[str, ...]
    provenance: tuple[LeafProvenance, ...]
    readings: tuple[Reading, ...]
    canonical_json: str
    fingerprint: str
    unexplained: tuple[Span, ...]
    name: str = ""
    name_from_model: bool = False


@dataclass(frozen=True, slots=True)
class Clarification:
    """A question back. `partial` is what was understood so far, if anything was."""

    reason: str
    message: str
    suggestions: tuple[str, ...]
    questions: tuple[Question, ...]
    readings: tuple[Reading, ...]
    confidence: float
    partial: Node | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning to the caller, at a path of the criteria or about the whole."""

    reason: str
    message: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A simpler way was taken than the one planned. Tiers by their names in the contract.

    `subtask_id` is empty where the whole build is meant, or `others`: all subtasks that a cause kept from
    their work. `said` is why one of them failed, in words, and `wait_s` how long its vendor is left alone.
    """

    from_tier: str
    to_tier: str
    reason: str
    message: str
    subtask_id: str = ""
    others: tuple[str, ...] = ()
    said: str = ""
    wait_s: float = 0.0

    @property
    def subtasks(self) -> tuple[str, ...]:
        """Every subtask that it is about."""
        return self.others or ((self.subtask_id,) if self.subtask_id else ())


@dataclass(frozen=True, slots=True)
class ExpertUsage:
    """What one expert cost; `elapsed_s` is from the subtask's start to its end.

    `version` is of the model that answered it last.
    """

    agent: str
    prompt_version: str
    usage: Usage
    elapsed_s: float
    version: ModelVersion = UNSAID


# Told once what the experts of a request cost, also of one that failed or whose caller went away.
Bill = Callable[[tuple[ExpertUsage, ...]], None]


def unread(experts: tuple[ExpertUsage, ...]) -> None:
    """The bill of a caller who looks at the reply alone."""
    del experts


@dataclass(frozen=True, slots=True)
class Outcome:
    """The reply. Exactly one of `result` and `clarification` is set, neither after a dry run.

    `experts` are in the order in which they were asked; `latency_s` is the time of all together.
    `variant` names the arms of the trials that the request was in.
    `changes` and `previous` are set by a refinement that has a result.
    """

    build_id: str
    clock: Clock
    result: SegmentResult | None = None
    clarification: Clarification | None = None
    preview: Count | None = None
    tier: Tier = "deterministic"
    usage: Usage = NO_USAGE
    model: str = ""
    experts: tuple[ExpertUsage, ...] = ()
    latency_s: float | None = None
    variant: str = ""
    fallbacks: tuple[Fallback, ...] = ()
    warnings: tuple[Notice, ...] = ()
    snapshot_id: str = ""
    changes: tuple[LeafChange, ...] | None = None
    previous: Count | None = None


def answered_alone(outcome: Outcome) -> bool:
    """Whether a reply needed no model.

    Not so where one was wanted and could not be asked, nor where an earlier answer of one counts. A name
    is no part of the answer: criteria that it was given to may still be the reader's alone.
    """
    wanted = any(each.from_tier == "LLM" and each.subtasks != ("name",) for each in outcome.fallbacks)
    called = any(each.agent != "name" for each in outcome.experts)
    return not (called or wanted or outcome.tier != "deterministic")


def words_read(outcome: Outcome) -> tuple[int, int]:
    """How many words of a result its conditions account for, and how many have content; 0 without one."""
    if outcome.result is None:
        return 0, 0
    read = {span for each in outcome.result.provenance for span in each.spans}
    accounted = sum(len(span.text.split()) for span in read)
    left = sum(len(span.text.split()) for span in set(outcome.result.unexplained))
    return accounted, accounted + left


def trees(outcome: Outcome) -> tuple[Node, ...]:
    """Every tree that a reply shows, the readings' too."""
    if outcome.result is not None:
        return (outcome.result.node, *(reading.node for reading in outcome.result.readings))
    if outcome.clarification is not None:
        return tuple(reading.node for reading in outcome.clarification.readings)
    return ()
