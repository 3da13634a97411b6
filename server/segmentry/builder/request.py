"""What a caller asks for, and what is refused before any work."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from segmentry.criteria import check, render, segments
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.check import Checked
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.errors import InvalidParameters, MissingField, ModelNotUsable, QueryTooLong

MAX_QUERY = 2000
# When the caller stops waiting, in seconds of `time.monotonic`; None: nobody said. Set where a call arrives.
ENDS_AT: ContextVar[float | None] = ContextVar("ends_at", default=None)


@dataclass(frozen=True, slots=True)
class Place:
    """The table a request is about, the clock it runs on, and the saved segments that criteria may name."""

    tenant: str
    schema_id: str
    catalog: Catalog
    clock: Clock
    saved: Saved = field(default_factory=Saved)

    def check(self, node: Node) -> Checked:
        """As `criteria.check.check`, at this place."""
        return check.check(node, self.catalog, self.clock, self.saved)

    def require(self, node: Node) -> Checked:
        """As `criteria.check.require`, at this place. Raises: InvalidCriteria."""
        return check.require(node, self.catalog, self.clock, self.saved)

    def english(self, node: Node) -> str:
        """The criteria as a sentence, with saved segments by their names."""
        return render.english(self.named(node), self.catalog, self.clock)

    def named(self, node: Node) -> Node:
        """The criteria with saved segments by their names, for people."""
        return segments.named(node, self.saved.names)


@dataclass(frozen=True, slots=True)
class Answer:
    """The reading that a caller picked for a question of an earlier Clarification."""

    question_id: str
    reading_id: str


@dataclass(frozen=True, slots=True)
class Options:
    """A caller's wishes. `max_model_calls` and `max_cost_usd` bound what the experts may spend."""

    require_llm: bool = False
    offline_only: bool = False
    skip_preview: bool = False
    dry_run: bool = False
    max_model_calls: int | None = None
    max_cost_usd: float | None = None
    answers: tuple[Answer, ...] = ()
    suggest_name: bool = False


def refuse_words(text: str, field: str) -> None:
    """Refuse words that nobody can read.

    Raises: MissingField when there are none; QueryTooLong above 2,000 code points.
    """
    if len(text) > MAX_QUERY:
        raise QueryTooLong(
            f"{field} has {len(text):,} characters, limit {MAX_QUERY:,}; say who is meant in a few words",
            field=field,
            actual=len(text),
            maximum=MAX_QUERY,
        )
    if not text.strip():
        wanted = "what to change" if field == "instruction" else "who is meant, in plain words"
        raise MissingField(f"{field} is needed: say {wanted}", field=field)


def refuse_options(options: Options, *, has_model: bool = False) -> None:
    """Refuse wishes that contradict each other or that this server cannot grant.

    Raises: InvalidParameters; ModelNotUsable where a model is required and none is configured.
    """
    if options.require_llm and options.offline_only:
        raise InvalidParameters(
            "require_llm and offline_only exclude each other; set one of them", field="options.offline_only"
        )
    cost = options.max_cost_usd
    if cost is not None and not 0 <= cost < float("inf"):
        raise InvalidParameters(
            "max_cost_usd is a price of 0 or more US dollars", field="options.max_cost_usd"
        )
    if options.require_llm and not has_model:
        raise ModelNotUsable(
            "a language model was required and none is configured (AI_OPENAI_KEY, or AI_BASE_URL for a "
            "server without keys); leave require_llm out to have the words read without one",
            cause="LLM_NOT_CONFIGURED",
            provider="none",
        )
