"""What a vendor's JSON says, in one piece or event by event, taken over into an `answers.Raw`.

Vendors that are compatible with each other leave out, rename and fill in what they like: nothing is believed
to have a type before it was looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

from segmentry.llm.answers import Raw
from segmentry.llm.model import ModelVersion, Usage

_LONGEST_NAME: Final = 128


class NotJson(Exception):
    """The bytes of a reply are no JSON object."""


class VendorFault(Exception):
    """The vendor says in a reply with status 200 that it failed; `code` is its word for why."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code


def take(text: bytes, raw: Raw) -> None:
    """Take over an event of a stream, or a whole completion.

    Raises: NotJson; VendorFault.
    """
    reply = _decoded(text)
    fault = reply.get("error")
    if fault:
        raise VendorFault(code_of(fault))
    used = reply.get("usage")
    if isinstance(used, dict):
        raw.usage = _usage(cast("dict[str, object]", used))
    name, fingerprint = reply.get("model"), reply.get("system_fingerprint")
    if (name or fingerprint) and (name, fingerprint) != (raw.version.name, raw.version.fingerprint):
        raw.version = ModelVersion(
            _word(name) or raw.version.name, _word(fingerprint) or raw.version.fingerprint
        )
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices:
        return
    first: object = cast("list[object]", choices)[0]
    if not isinstance(first, dict):
        return
    choice = cast("dict[str, object]", first)
    raw.choices += 1
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason:
        raw.finish_reason = reason
    said = choice.get("delta") or choice.get("message")
    if not isinstance(said, dict):
        return
    message = cast("dict[str, object]", said)
    raw.refusal = raw.refusal or bool(message.get("refusal"))
    content = message.get("content")
    if isinstance(content, str) and content:
        raw.add(content)


def code_of(fault: object) -> str:
    """The code of an error object, else its type; both are for comparing, never for showing.

    Some vendors give the status of the call behind them as a number.
    """
    if not isinstance(fault, dict):
        return ""
    said = cast("dict[str, object]", fault)
    words = (said.get("code"), said.get("type"))
    return next((str(each) for each in words if isinstance(each, str | int) and each), "")


def _decoded(text: bytes) -> Mapping[str, object]:
    reply: object
    try:
        # Decoded first: `json` would look for other encodings in every event.
        reply = json.loads(text.decode())
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict):
        # Outside of the handler: what the parser says quotes the reply.
        raise NotJson
    return cast("dict[str, object]", reply)


def _usage(said: Mapping[str, object]) -> Usage:
    details = said.get("prompt_tokens_details")
    more = cast("dict[str, object]", details) if isinstance(details, dict) else {}
    return Usage(
        _count(said.get("prompt_tokens")),
        _count(said.get("completion_tokens")),
        _count(more.get("cached_tokens")),
        _count(more.get("cache_write_tokens")),
        calls=1,
        cost_usd=None,
    )


def _word(said: object) -> str:
    """A name as it may be kept and shown: a vendor may say anything."""
    return said if isinstance(said, str) and said.isprintable() and len(said) <= _LONGEST_NAME else ""


def _count(said: object) -> int:
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else 0
