"""What a call costs: by what the vendor says, else by the length of its texts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from segmentry.llm.model import ModelCall, Usage
from segmentry.llm.profiles import ModelProfile, Price

# English and JSON have about four characters per token with every vendor's tokenizer.
_CHARACTERS_PER_TOKEN: Final = 4
# Texts with more tokens than a third of their bytes are rare: digits alone, or signs.
_BYTES_PER_TOKEN_AT_LEAST: Final = 3


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


def at_most(call: ModelCall, row: ModelProfile) -> Usage:
    """What a call may use at most, for promises made before it: its schema and the whole answer included.

    A bound in practice, not in theory: only the vendor's tokenizer knows how many tokens a text has.

    >>> from segmentry.llm.model import AnswerSchema, Message
    >>> from segmentry.llm.profiles import profile
    >>> call = ModelCall("name", "v1", (Message("user", "x" * 300),), AnswerSchema("name", {}), 32)
    >>> usage = at_most(call, profile("gpt-4o-mini"))
    >>> usage.prompt_tokens, usage.completion_tokens
    (100, 32)
    """
    texts = [each.content for each in call.messages]
    if call.schema.body:
        texts.append(json.dumps(call.schema.body, ensure_ascii=False, separators=(",", ":")))
    n_bytes = sum(len(each.encode("utf-8", "surrogatepass")) for each in texts)
    tokens = Usage(n_bytes // _BYTES_PER_TOKEN_AT_LEAST, call.max_tokens + row.headroom, estimated=True)
    return priced(tokens, row.price)
