"""What an estimate is made from, as plain values that a worker process can be given: the model that may be
asked, and how long runs took."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from segmentry.analysis.pace import Pace, Paces
from segmentry.errors import JsonValue
from segmentry.llm.model import NO_USAGE, ModelCall, Usage
from segmentry.llm.profiles import Price, profile

TOKENS_PER_CHARACTER: Final = 0.25


@dataclass(frozen=True, slots=True)
class Terms:
    """The model (empty for none), the bound on its answers, how many tokens its texts have been, and what the
    last runs of this server took."""

    model: str = ""
    max_tokens: int = 2048
    tokens_per_character: float = TOKENS_PER_CHARACTER
    paces: Paces = ()

    def paces_of(self, way: str) -> tuple[Pace, ...]:
        """What runs of one way took."""
        return next((each for name, each in self.paces if name == way), ())

    @property
    def price(self) -> Price | None:
        """What the model costs, None where nobody knows."""
        return profile(self.model).price if self.model else None

    def of(self, calls: Sequence[ModelCall], completion_tokens: int) -> Usage:
        """What those calls would use, by the length of their real texts and the answers expected of all."""
        usage = Usage(
            round(sum(length(each) for each in calls) * self.tokens_per_character),
            completion_tokens if calls else 0,
            calls=len(calls),
            estimated=True,
        )
        price = self.price
        return replace(usage, cost_usd=None if price is None else price.of(usage)) if calls else NO_USAGE

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "tokens_per_character": self.tokens_per_character,
            "paces": {way: [[each.cold_s, each.took_s] for each in known] for way, known in self.paces},
        }

    @classmethod
    def of_json(cls, value: JsonValue) -> Terms:
        """The terms of an order; none for one that was written without."""
        match value:
            case {
                "model": str(model),
                "max_tokens": int(most),
                "tokens_per_character": int(ratio) | float(ratio),
            }:
                return cls(model, most, float(ratio), _paces(value.get("paces")))
            case _:
                return cls()


NO_MODEL: Final = Terms()


def _paces(value: JsonValue) -> Paces:
    """What `to_json` wrote of them; what is none is left out."""
    found: list[tuple[str, tuple[Pace, ...]]] = []
    for way, known in value.items() if isinstance(value, dict) else ():
        kept: list[Pace] = []
        for each in known if isinstance(known, list) else ():
            match each:
                case [int(cold) | float(cold), int(took) | float(took)]:
                    kept.append(Pace(float(cold), float(took)))
                case _:
                    pass
        found.append((way, tuple(kept)))
    return tuple(found)


def length(call: ModelCall) -> int:
    """The characters that a vendor counts: the messages, and the schema of the answer."""
    body = len(json.dumps(call.schema.body, ensure_ascii=False)) if call.schema.body else 0
    return body + sum(len(each.content) for each in call.messages)
