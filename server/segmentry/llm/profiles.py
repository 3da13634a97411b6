"""What is known of models, one row each; no other code asks for a model's name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from segmentry.llm.model import Usage

# strict: the vendor holds the answer to the schema; json_object: to JSON; prompt: nothing but our words.
SchemaMode = Literal["strict", "json_object", "prompt"]
TokenParameter = Literal["max_completion_tokens", "max_tokens"]
Cache = Literal["automatic", "none"]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, as published on `as_of`; `cached` is for prompt tokens read again."""

    prompt: float
    cached: float
    completion: float
    as_of: str

    def of(self, usage: Usage) -> float:
        """What the tokens of one call cost, in US dollars."""
        fresh = max(usage.prompt_tokens - usage.cached_tokens, 0)
        return (
            fresh * self.prompt
            + usage.cached_tokens * self.cached
            + usage.completion_tokens * self.completion
        ) / 1e6


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """How a model is asked. `prefix` is the beginning of its name; `price` is None where it is not known.

    `headroom` are tokens that the model may think with before it answers: they count against the bound on its
    answer. How many it needs is not measured.
    """

    prefix: str
    schema: SchemaMode
    tokens: TokenParameter
    temperature: bool
    reasoning_effort: str = ""
    headroom: int = 0
    cache: Cache = "automatic"
    stream: bool = True
    price: Price | None = None


_SEEN = "2025-10"
_LATER = "2025-12"
_PROFILES: Final[tuple[ModelProfile, ...]] = (
    ModelProfile(
        "gpt-4o-mini", "strict", "max_completion_tokens", True, price=Price(0.15, 0.075, 0.60, _SEEN)
    ),
    ModelProfile("gpt-4o", "strict", "max_completion_tokens", True, price=Price(2.50, 1.25, 10.0, _SEEN)),
    ModelProfile(
        "gpt-4.1-nano", "strict", "max_completion_tokens", True, price=Price(0.10, 0.025, 0.40, _SEEN)
    ),
    ModelProfile(
        "gpt-4.1-mini", "strict", "max_completion_tokens", True, price=Price(0.40, 0.10, 1.60, _SEEN)
    ),
    ModelProfile("gpt-4.1", "strict", "max_completion_tokens", True, price=Price(2.00, 0.50, 8.00, _SEEN)),
    # Reasoning models refuse a temperature, and think for seconds unless the effort is pinned.
    ModelProfile(
        "gpt-5-nano",
        "strict",
        "max_completion_tokens",
        False,
        "minimal",
        price=Price(0.05, 0.005, 0.40, _SEEN),
    ),
    ModelProfile(
        "gpt-5-mini",
        "strict",
        "max_completion_tokens",
        False,
        "minimal",
        price=Price(0.25, 0.025, 2.00, _SEEN),
    ),
    ModelProfile(
        "gpt-5", "strict", "max_completion_tokens", False, "minimal", price=Price(1.25, 0.125, 10.0, _SEEN)
    ),
    # Its successors take no minimal effort, but none at all; what most of them cost is not noted here.
    ModelProfile("gpt-5.", "strict", "max_completion_tokens", False, "none"),
    ModelProfile(
        "gpt-5.1", "strict", "max_completion_tokens", False, "none", price=Price(1.25, 0.125, 10.0, _LATER)
    ),
    ModelProfile(
        "gpt-5.2", "strict", "max_completion_tokens", False, "none", price=Price(1.75, 0.175, 14.0, _LATER)
    ),
    # The models behind the vendor's own chat do not reason, and are not held to a schema.
    ModelProfile(
        "gpt-5-chat", "json_object", "max_completion_tokens", True, price=Price(1.25, 0.125, 10.0, _SEEN)
    ),
    ModelProfile(
        "o1",
        "strict",
        "max_completion_tokens",
        False,
        "low",
        1024,
        price=Price(15.0, 7.50, 60.0, _SEEN),
    ),
    ModelProfile(
        "o3",
        "strict",
        "max_completion_tokens",
        False,
        "low",
        1024,
        price=Price(2.00, 0.50, 8.00, _SEEN),
    ),
    ModelProfile(
        "o3-mini",
        "strict",
        "max_completion_tokens",
        False,
        "low",
        1024,
        price=Price(1.10, 0.55, 4.40, _SEEN),
    ),
    ModelProfile(
        "o4-mini",
        "strict",
        "max_completion_tokens",
        False,
        "low",
        1024,
        price=Price(1.10, 0.275, 4.40, _SEEN),
    ),
)
# Of a model that nobody knows only what every compatible server takes is used, and its cost is unknown.
UNKNOWN: Final = ModelProfile("", "json_object", "max_tokens", True, cache="none")


def profile(model: str) -> ModelProfile:
    """The row of a model; a vendor in front (`openai/gpt-4o-mini`) or a date behind changes nothing.

    A fine-tuned model (`ft:gpt-4o-mini:...`) is asked like what it was made of; its price is not known.

    >>> profile("gpt-4o-mini-2024-07-18").prefix, profile("llama3.2:3b").schema
    ('gpt-4o-mini', 'json_object')
    """
    name = model.rpartition("/")[2].lower()
    if name.startswith("ft:"):
        return replace(profile(name.split(":")[1]), price=None)
    fitting = [row for row in _PROFILES if _is_of(name, row.prefix)]
    return max(fitting, key=lambda row: len(row.prefix), default=UNKNOWN)


def _is_of(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix if prefix.endswith(".") else f"{prefix}-")
