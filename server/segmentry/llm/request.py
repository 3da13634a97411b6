"""A call as the body of a chat completions request, in the way that the model takes it."""

from __future__ import annotations

import json

from segmentry.llm.model import ModelCall
from segmentry.llm.profiles import ModelProfile


def body(call: ModelCall, *, model: str, temperature: float, row: ModelProfile) -> bytes:
    """The request as JSON; everything that stays the same between calls of an expert comes first."""
    messages = [{"role": each.role, "content": each.content} for each in call.messages]
    asked: dict[str, object] = {"model": model, row.tokens: call.max_tokens + row.headroom}
    if row.temperature:
        asked["temperature"] = temperature
    if row.reasoning_effort:
        asked["reasoning_effort"] = row.reasoning_effort
    if row.schema == "strict":
        schema = {"name": call.schema.name, "strict": True, "schema": call.schema.body}
        asked["response_format"] = {"type": "json_schema", "json_schema": schema}
    else:
        if row.schema == "json_object":
            asked["response_format"] = {"type": "json_object"}
        # Behind the static text, so that the prefix stays the same for a prompt version.
        shape = json.dumps(call.schema.body, separators=(",", ":"), ensure_ascii=False)
        messages[0]["content"] += f"\n\nAnswer with one JSON object of this JSON Schema:\n{shape}"
    if row.stream:
        asked["stream"] = True
        asked["stream_options"] = {"include_usage": True}
    return json.dumps(asked | {"messages": messages}, separators=(",", ":")).encode()
