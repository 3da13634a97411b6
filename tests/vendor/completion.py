"""A plan as bytes: a completion in one piece, the events of a stream, or an error body."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.vendor import tokens
from tests.vendor.plans import Asked, Plan

_CREATED = 1_766_000_000
_DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Content:
    """A body in the pieces in which it may be sent; `timed` of them, from the first, are tokens."""

    pieces: list[bytes]
    content_type: str
    chunked: bool = False
    timed: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What a call used."""

    prompt: int
    completion: int
    cached: int

    def as_json(self) -> dict[str, object]:
        """As a reply carries it."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def error(code: str, status: int) -> Content:
    """An error body: its message quotes a key, as those of vendors do."""
    said = {
        "message": f"Something is wrong ({status}) with key sk-canary-in-the-vendors-message",
        "type": code,
        "param": None,
        "code": code,
    }
    return Content([_json({"error": said})], "application/json")


def whole(asked: Asked, plan: Plan, answer: str, counted: Counted) -> Content:
    """A completion in one piece."""
    message = {"role": "assistant", "content": None if plan.refusal else answer}
    message["refusal"] = plan.refusal or None
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": plan.finish_reason}
    reply: dict[str, object] = {
        "id": f"chatcmpl-{asked.number}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": plan.version or asked.body.get("model"),
        "system_fingerprint": plan.fingerprint or None,
        "choices": [choice] if plan.choices else [],
    }
    if plan.usage:
        reply["usage"] = counted.as_json()
    body = _json(reply)
    return Content([body[: len(body) // 2] if plan.wire == "cut_json" else body], "application/json")


def stream(asked: Asked, plan: Plan, answer: str, counted: Counted) -> Content:
    """The events of a streamed completion, one token each."""
    head = (
        f'data: {{"id":"chatcmpl-{asked.number}","object":"chat.completion.chunk","created":{_CREATED},'
        f'"model":{json.dumps(plan.version or asked.body.get("model"))},"service_tier":"default",'
        f'"system_fingerprint":{json.dumps(plan.fingerprint or None)},"choices":['
    ).encode()
    tail = b'],"usage":null}\n\n'

    def event(delta: bytes, reason: bytes = b"null") -> bytes:
        return (
            head
            + b'{"index":0,"delta":'
            + delta
            + b',"logprobs":null,"finish_reason":'
            + reason
            + b"}"
            + tail
        )

    name = "refusal" if plan.refusal else "content"
    texts = tokens.pieces(plan.refusal or answer) if plan.choices else []
    events = [event(f'{{"{name}":{json.dumps(each)}}}'.encode()) for each in texts]
    if plan.choices:
        events.insert(0, event(b'{"role":"assistant","content":"","refusal":null}'))
        events.append(event(b"{}", f'"{plan.finish_reason}"'.encode()))
    if plan.code:
        del events[len(events) // 2 :]
        events.append(b"data: " + error(plan.code, 200).pieces[0] + b"\n\n")
    if plan.wire == "ended_early":
        del events[len(events) // 2 :]
        return Content(events, "text/event-stream", chunked=True, timed=len(events))
    if plan.wire == "cut_json":
        del events[len(events) // 2 :]
        events[-1] = events[-1][: len(events[-1]) // 2] + b"\n\n"
    timed = len(events)
    if plan.usage and _wants_usage(asked):
        events.append(head + b'],"usage":' + _json(counted.as_json()) + b"}\n\n")
    return Content([*events, _DONE], "text/event-stream; charset=utf-8", chunked=True, timed=timed)


def _wants_usage(asked: Asked) -> bool:
    options = asked.body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def of(asked: Asked, plan: Plan, cache: tokens.PrefixCache) -> Content:
    """The body of the reply to one request."""
    if plan.body is not None:
        return Content([plan.body], plan.content_type)
    streamed = asked.body.get("stream") is True
    if plan.status != 200 or (plan.code and not streamed):
        return error(plan.code, plan.status)
    prompt = tokens.prompt_of(asked.body)
    answer = plan.text(asked)
    counted = Counted(
        tokens.count(prompt),
        tokens.count(plan.refusal or answer),
        cache.cached(str(asked.body.get("model")), prompt),
    )
    return (stream if streamed else whole)(asked, plan, answer, counted)
