"""What a call costs: by what the vendor says, else by the length of its texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from segmentry.llm.model import ModelCall, Usage
from segmentry.llm.profiles import Price

# English and JSON have about four characters per token with every vendor's tokenizer.
_CHARACTERS_PER_TOKEN: Final = 4


def priced(usage: Usage, price: Price | None) -> Usage:
    """One call's usage with its cost; None where the model's price is not known."""
    return replace(usage, calls=1, cost_usd=None if price is None else price.of(usage))


def estimated(call: ModelCall, price: Price | None, content: str = "") -> Usage:
    """What a call used that ended before its vendor said so: given up, cut off, or the loser of two copies.

    >>> from segmentry.llm.model import AnswerSchema, Message
    >>> call = ModelCall("name", "v1", (Message("user", "x" * 400),), AnswerSchema("name", {}), 32)
    >>> estimated(call, None).prompt_tokens
    100
    """
    asked = sum(len(each.content) for each in call.messages)
    tokens = Usage(asked // _CHARACTERS_PER_TOKEN, len(content) // _CHARACTERS_PER_TOKEN, estimated=True)
    return priced(tokens, price)
