"""What a call uses: tokens by length, and what of the prompt was read before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

from segmentry.errors import JsonValue

CHARACTERS_PER_TOKEN: Final = 4
# As vendors publish it: nothing below 1,024 tokens, and from there in steps of 128.
_LEAST: Final = 1024
_STEP: Final = 128
_PREFIXES: Final = 20_000


def count(text: str) -> int:
    """About how many tokens a text has; at least one where there is any."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def pieces(text: str) -> list[str]:
    """The text cut into tokens."""
    return [text[start : start + CHARACTERS_PER_TOKEN] for start in range(0, len(text), CHARACTERS_PER_TOKEN)]


def prompt_of(body: Mapping[str, JsonValue]) -> str:
    """Everything of a request that is prompt, in the order in which a vendor caches it: the schema first."""
    messages = cast("list[Mapping[str, JsonValue]]", body.get("messages") or [])
    schema = body.get("response_format")
    parts = [json.dumps(schema)] if schema else []
    return "".join([*parts, *(str(each.get("content", "")) for each in messages)])


class PrefixCache:
    """Which beginnings of prompts were seen, per model; the oldest are forgotten."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], None] = {}

    def cached(self, model: str, prompt: str) -> int:
        """How many tokens of the prompt were seen before; they are from now on."""
        longest = 0
        for length in range(_LEAST, count(prompt) + 1, _STEP):
            key = (model, hash(prompt[: length * CHARACTERS_PER_TOKEN]))
            if key in self._seen:
                longest = length
            self._seen[key] = None
        while len(self._seen) > _PREFIXES:
            del self._seen[next(iter(self._seen))]
        return longest
