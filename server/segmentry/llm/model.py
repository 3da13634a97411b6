"""What is asked of a language model and what it answers, whoever the vendor is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Literal, Protocol

from segmentry.errors import JsonValue

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The JSON Schema of an answer, built once per expert and catalog: vendors cache it with the prompt."""

    name: str
    body: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One question. `max_tokens` bounds the answer; `agent` and `prompt_version` say whose question it is.

    `most_tokens` bounds the answer to a retry of it, which may be longer; None: nothing does.
    """

    agent: str
    prompt_version: str
    messages: tuple[Message, ...]
    schema: AnswerSchema
    max_tokens: int
    most_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls cost. `cost_usd` is None where a price is unknown: never 0.

    `estimated` says that at least one call ended before the vendor said what it used. `hedged` and `repaired`
    are the calls among `calls` that were copies of slow ones, and those that showed what was wrong.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    calls: int = 0
    cost_usd: float | None = 0.0
    estimated: bool = False
    hedged: int = 0
    repaired: int = 0

    def __add__(self, other: Usage) -> Usage:
        unknown = self.cost_usd is None or other.cost_usd is None
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.calls + other.calls,
            None if unknown else (self.cost_usd or 0.0) + (other.cost_usd or 0.0),
            self.estimated or other.estimated,
            self.hedged + other.hedged,
            self.repaired + other.repaired,
        )


NO_USAGE: Final = Usage()
# Calls of one model under way at the same time: 8 experts of 32 builds.
AT_ONCE: Final = 256

Cause = Literal[
    "LLM_NOT_CONFIGURED",
    "LLM_UNAVAILABLE",
    "LLM_RATE_LIMITED",
    "LLM_QUOTA_EXHAUSTED",
    "LLM_TIMEOUT",
    "LLM_REFUSED",
    "LLM_TRUNCATED",
    "LLM_BAD_OUTPUT",
    # Not the vendor's doing: the call was never made.
    "BUDGET_EXHAUSTED",
]


class CallFailed(Exception):
    """A call that gave nothing to use.

    `message` is our own sentence: nothing of the vendor's reply, the prompt or the key stands in it.
    `retry_after_s` is the wait that the vendor asked for. `loop` says that a truncated answer ended in
    repeated blanks or digits, which more tokens do not cure. `request_only` says that the vendor refused this
    request for what it is, so that others may be taken.
    """

    def __init__(
        self,
        cause: Cause,
        message: str,
        *,
        usage: Usage | None = None,
        retry_after_s: float | None = None,
        loop: bool = False,
        request_only: bool = False,
    ) -> None:
        super().__init__(message)
        self.cause: Cause = cause
        self.message = message
        self.usage = usage or NO_USAGE
        self.retry_after_s = retry_after_s
        self.loop = loop
        self.request_only = request_only


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """What the vendor says has answered: the model's own name for its version, and its system's fingerprint.

    Either is empty where the vendor does not say it.
    """

    name: str = ""
    fingerprint: str = ""


UNSAID: Final = ModelVersion()


@dataclass(frozen=True, slots=True)
class ModelReply:
    """An answer that is strict JSON of the wanted kind of shape; the fields are for the expert to check.

    `content` is the same as text, for the one repair message and for transcripts. `first_byte_s` and
    `elapsed_s` count from the call's start. `version` is of the model that answered.
    """

    value: JsonValue
    content: str
    usage: Usage
    model: str
    first_byte_s: float
    elapsed_s: float
    version: ModelVersion = UNSAID


@dataclass(slots=True)
class Progress:
    """What is known of a call under way; `first_byte_at` is in `perf_counter` seconds.

    `accepted`: the vendor did not turn it down, so that it is paid for. `on_accepted` is called then, once.
    """

    first_byte_at: float | None = None
    accepted: bool = False
    on_accepted: Callable[[], None] | None = None

    @property
    def first_byte(self) -> bool:
        """Whether the vendor began to answer, so that no copy is sent."""
        return self.first_byte_at is not None

    def accept(self) -> None:
        """Note that the vendor took the call, before any of the answer."""
        if not self.accepted:
            self.accepted = True
            if self.on_accepted is not None:
                self.on_accepted()

    def begin(self) -> None:
        """Note that a part of the answer came; only the first counts."""
        self.accept()
        if self.first_byte_at is None:
            self.first_byte_at = perf_counter()


class ChatModel(Protocol):
    """A model of some vendor. Implementations: `openai.OpenAIModel`, `replay.ReplayModel`."""

    @property
    def provider(self) -> str:
        """The vendor's name or host for logs and errors, never with credentials."""
        ...

    @property
    def model(self) -> str:
        """The model's name as configured."""
        ...

    async def complete(
        self, call: ModelCall, *, within_s: float, progress: Progress | None = None
    ) -> ModelReply:
        """Ask once. No retries inside; cancelling closes the connection.

        Raises: CallFailed with the cause; LLM_TIMEOUT once `within_s` seconds of wall clock are over, though
        bytes may flow.
        """
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...
