"""Calls of any RPC by its descriptor, and answers in a form in which two of them can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import text_format
from google.protobuf.message import Message

from tests.rpc.echo import details
from tests.tenancy.carriers import Rpc, rpcs

# Streams that go on until the caller leaves: the first message is the answer.
ENDLESS = {"SegmentInsights/WatchReadiness"}
RPCS = {rpc.key: rpc for rpc in rpcs()}
# What differs between any two replies: ids that the server makes, instants, tokens, measured times.
_VOLATILE = (
    # The asker's own segments: how many of them are alike depends on what it saved before.
    (re.compile(r'warnings \{\s+reason: "NEAR_COPY"\s+message: "[^\n]*"\s+\}\n'), ""),
    (re.compile(r"\b(seg|run|rec|rule|b|q|r)_[0-9a-f]{12,}"), r"\1_*"),
    (re.compile(r"(seconds|nanos|sequence|score|prompt_tokens|queue_position): -?\d+"), r"\1: *"),
    # Its last digits follow the vendor's counts of tokens, like `prompt_tokens`.
    (re.compile(r"cost_usd: [0-9.e-]+"), "cost_usd: *"),
    (re.compile(r"c1:[0-9a-f]{64}"), "c1:*"),
    (
        re.compile(r'(etag|currentEtag|resume_token|next_page_token|snapshot_id|requestId)(: )"[^"]*"'),
        r'\1\2"*"',
    ),
    (re.compile(r'key: "(requestId|currentEtag)"\s+value: "[^"]*"'), r"\1"),
)


@dataclass(frozen=True)
class Answer:
    """What one call came to: its code, and everything that was said, as text."""

    code: grpc.StatusCode
    reason: str
    text: str
    messages: tuple[Message, ...] = ()

    @property
    def message(self) -> Any:
        """The reply, or the last one of a stream."""
        assert self.code is grpc.StatusCode.OK, self.text
        return self.messages[-1]

    def without(self, *named: str) -> tuple[grpc.StatusCode, str]:
        """The answer with what the caller named, and whatever differs from call to call, taken out."""
        text = self.text
        for each in sorted(named, key=len, reverse=True):
            text = text.replace(each, "*")
        for pattern, instead in _VOLATILE:
            text = pattern.sub(instead, text)
        return self.code, text


async def call(channel: grpc.aio.Channel, rpc: Rpc, request: Message) -> Answer:
    """Make the call and read it to its end."""
    ways: Any = channel
    kind = ways.unary_stream if rpc.streams else ways.unary_unary
    made = kind(
        rpc.path,
        request_serializer=rpc.request.SerializeToString,
        response_deserializer=rpc.response.FromString,
    )(request)
    messages: list[Message] = []
    try:
        if rpc.streams:
            async for message in made:
                messages.append(message)
                if rpc.key in ENDLESS:
                    made.cancel()
                    break
        else:
            messages.append(await made)
    except grpc.aio.AioRpcError as error:
        status = details(error.trailing_metadata())
        text = "\n".join([status.message, *(written(each) for each in status.details)])
        return Answer(error.code(), re.findall(r'reason: "(\w+)"', text)[0], text)
    return Answer(grpc.StatusCode.OK, "", "\n".join(map(written, messages)), tuple(messages))


def written(message: Message) -> str:
    """A message as text, what is packed in it opened."""
    return text_format.MessageToString(message, as_utf8=True)
