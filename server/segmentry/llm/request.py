"""A call as the body of a chat completions request, in the way that the model takes it."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Final

from segmentry.llm.model import AnswerSchema, Message, ModelCall
from segmentry.llm.profiles import ModelProfile

# Experts of a few dozen catalogs; a beginning has some 15 KB.
_KEPT: Final = 256


class Bodies:
    """Writes the requests of one model. What an expert says every time is put into JSON once.

    Everything that stays the same between calls of an expert comes first, so that vendors cache it too.
    """

    def __init__(self, *, model: str, temperature: float, row: ModelProfile) -> None:
        self._model = model
        self._temperature = temperature
        self._row = row
        self._kept: OrderedDict[tuple[str, str, int], tuple[Message, AnswerSchema, bytes]] = OrderedDict()

    def __len__(self) -> int:
        """How many beginnings are kept."""
        return len(self._kept)

    def of(self, call: ModelCall) -> bytes:
        """The request as JSON."""
        first, *others = call.messages
        parts = [self._beginning(call, first), *(_json(_message(each)) for each in others)]
        return b",".join(parts) + b"]}"

    def _beginning(self, call: ModelCall, first: Message) -> bytes:
        """Everything up to the end of the first message."""
        key = (call.agent, call.prompt_version, call.max_tokens)
        kept = self._kept.get(key)
        if kept is not None and kept[0].content is first.content and kept[1] is call.schema:
            return kept[2]
        asked = self._asked(call) | {"messages": [_message(first) | self._in_words(call, first)]}
        beginning = _json(asked).removesuffix(b"]}")
        self._kept[key] = (first, call.schema, beginning)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return beginning

    def _asked(self, call: ModelCall) -> dict[str, object]:
        row = self._row
        asked: dict[str, object] = {"model": self._model, row.tokens: call.max_tokens + row.headroom}
        if row.temperature:
            asked["temperature"] = self._temperature
        if row.reasoning_effort:
            asked["reasoning_effort"] = row.reasoning_effort
        if row.schema == "strict":
            schema = {"name": call.schema.name, "strict": True, "schema": call.schema.body}
            asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif row.schema == "json_object":
            asked["response_format"] = {"type": "json_object"}
        if row.stream:
            asked["stream"] = True
            asked["stream_options"] = {"include_usage": True}
        return asked

    def _in_words(self, call: ModelCall, first: Message) -> dict[str, str]:
        """The schema behind the static text of the first message, for models that take it in no other way."""
        if self._row.schema == "strict":
            return {}
        shape = json.dumps(call.schema.body, separators=(",", ":"), ensure_ascii=False)
        words = f"Answer with one JSON object of this JSON Schema:\n{shape}"
        return {"content": f"{first.content}\n\n{words}"}


def _message(said: Message) -> dict[str, str]:
    return {"role": said.role, "content": said.content}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
