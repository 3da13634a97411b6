"""Any service that speaks OpenAI's chat completions: the vendor's own, or one at an address of the operator.

Imported by who makes the model, on use: the vendor's package takes most of a second to load.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx2
import openai

from segmentry.llm import answers
from segmentry.llm.bounded import ReplyTooLarge, bound
from segmentry.llm.model import CallFailed, Cause, ModelCall, ModelReply, Progress, Usage
from segmentry.llm.profiles import profile

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

_CONNECTIONS = 64
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
_CHARACTERS_PER_TOKEN = 4


class OpenAIModel:
    """One model at one address; its connections belong to the event loop that first asks.

    `base_url` empty is the vendor's own. `key` None suits servers that want none.
    """

    def __init__(self, *, model: str, key: str | None, base_url: str = "", temperature: float = 0.2) -> None:
        self._name = model
        self._key = key
        self._base_url = base_url
        self._temperature = temperature
        self._profile = profile(model)
        self._client: openai.AsyncOpenAI | None = None

    @property
    def provider(self) -> str:
        return (urlsplit(self._base_url).hostname or "openai") if self._base_url else "openai"

    @property
    def model(self) -> str:
        return self._name

    async def complete(
        self, call: ModelCall, *, within_s: float, progress: Progress | None = None
    ) -> ModelReply:
        """Ask once; as `ChatModel.complete`. Raises: CallFailed."""
        started = perf_counter()
        watched = progress or Progress()
        raw = answers.Raw()
        try:
            # The vendor's own timeout is for one read: a slow drip of bytes never meets it.
            async with asyncio.timeout(within_s):
                first_byte_s = await self._ask(call, raw, watched, started)
        except TimeoutError:
            raise _failed("LLM_TIMEOUT", f"no whole answer within {within_s:g} s", call, raw) from None
        except ReplyTooLarge:
            raise _failed("LLM_BAD_OUTPUT", "the reply is larger than any answer", call, raw) from None
        except json.JSONDecodeError:
            raise _failed("LLM_BAD_OUTPUT", "the reply is not JSON", call, raw) from None
        except openai.APIStatusError as error:
            raise _of_status(error) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, ReplyTooLarge):
                raise _failed("LLM_BAD_OUTPUT", "the reply is larger than any answer", call, raw) from None
            # From None throughout: the vendor's errors carry the request with the key, and the reply's text.
            raise _failed("LLM_UNAVAILABLE", "the vendor could not be reached", call, raw) from None
        except openai.APIError as error:
            raise _of_event(error, call, raw) from None
        usage = self._priced(raw.usage or estimated(call, raw.content))
        value = answers.read(raw, usage, fenced=self._profile.schema != "strict")
        return ModelReply(value, raw.content, usage, self._name, first_byte_s, perf_counter() - started)

    async def close(self) -> None:
        """Give up the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ask(self, call: ModelCall, raw: answers.Raw, progress: Progress, started: float) -> float:
        """Fill `raw`; seconds until the first byte of the answer."""
        made = await self._connected().chat.completions.create(**self._body(call))  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType] - the body is built by profile
        if isinstance(made, str):
            raise _failed("LLM_BAD_OUTPUT", "the reply is not an answer but a page", call, raw)
        first_byte_s = 0.0
        if not self._profile.stream:
            progress.first_byte = True
            _whole(cast("ChatCompletion", made), raw)
            return perf_counter() - started
        size = 0
        stream = cast("openai.AsyncStream[ChatCompletionChunk]", made)
        async with stream:
            async for chunk in stream:
                if not progress.first_byte:
                    progress.first_byte = True
                    first_byte_s = perf_counter() - started
                size += _piece(chunk, raw)
                if size > answers.MAX_CONTENT_BYTES:
                    raise _failed("LLM_BAD_OUTPUT", "the answer is too long to be one", call, raw)
        return first_byte_s

    def _body(self, call: ModelCall) -> dict[str, object]:
        row = self._profile
        messages = [{"role": each.role, "content": each.content} for each in call.messages]
        body: dict[str, object] = {"model": self._name, row.tokens: call.max_tokens}
        if row.temperature:
            body["temperature"] = self._temperature
        if row.reasoning_effort:
            body["reasoning_effort"] = row.reasoning_effort
        if row.schema == "strict":
            schema = {"name": call.schema.name, "strict": True, "schema": call.schema.body}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        else:
            if row.schema == "json_object":
                body["response_format"] = {"type": "json_object"}
            # Behind the static text, so that the prefix stays the same for a prompt version.
            shape = json.dumps(call.schema.body, separators=(",", ":"), ensure_ascii=False)
            messages[0]["content"] += f"\n\nAnswer with one JSON object of this JSON Schema:\n{shape}"
        if row.stream:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        return body | {"messages": messages}

    def _connected(self) -> openai.AsyncOpenAI:
        if self._client is None:
            pool = httpx2.AsyncClient(
                limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                timeout=httpx2.Timeout(None, connect=4.0),
                event_hooks={"response": [bound]},
            )
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self._base_url or "https://api.openai.com/v1",
                max_retries=0,
                http_client=pool,
            )
        return self._client

    def _priced(self, usage: Usage) -> Usage:
        price = self._profile.price
        return Usage(
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens,
            usage.cache_write_tokens,
            1,
            None if price is None else price.of(usage),
            usage.estimated,
        )


def estimated(call: ModelCall, content: str = "") -> Usage:
    """What a call will have used, by the length of its texts: for calls that end before the vendor says."""
    asked = sum(len(each.content) for each in call.messages)
    return Usage(
        asked // _CHARACTERS_PER_TOKEN,
        len(content) // _CHARACTERS_PER_TOKEN,
        calls=1,
        cost_usd=None,
        estimated=True,
    )


def _piece(chunk: ChatCompletionChunk, raw: answers.Raw) -> int:
    """Take over what a chunk of a stream brings; how many characters of content that are."""
    if chunk.usage is not None:
        raw.usage = _usage(chunk.usage)
    if not chunk.choices:
        return 0
    raw.choices += 1
    first = chunk.choices[0]
    raw.finish_reason = first.finish_reason or raw.finish_reason
    # Other vendors leave out what the types promise.
    delta = cast("object", first.delta)
    raw.refusal = raw.refusal or bool(getattr(delta, "refusal", None))
    content: object = getattr(delta, "content", None)
    if not isinstance(content, str):
        return 0
    raw.chunks.append(content)
    return len(content)


def _whole(reply: ChatCompletion, raw: answers.Raw) -> None:
    """Take over a reply that came in one piece."""
    if reply.usage is not None:
        raw.usage = _usage(reply.usage)
    # Other vendors leave out what the types promise.
    choices = cast("list[object] | None", reply.choices)
    if not choices:
        return
    raw.choices = len(choices)
    reason: object = getattr(choices[0], "finish_reason", None)
    raw.finish_reason = reason if isinstance(reason, str) else ""
    message: object = getattr(choices[0], "message", None)
    raw.refusal = bool(getattr(message, "refusal", None))
    content: object = getattr(message, "content", None)
    if isinstance(content, str):
        raw.chunks.append(content)


def _usage(said: CompletionUsage) -> Usage:
    details = said.prompt_tokens_details
    return Usage(
        _count(said.prompt_tokens),
        _count(said.completion_tokens),
        _count(None if details is None else details.cached_tokens),
        calls=1,
        cost_usd=None,
    )


def _count(said: object) -> int:
    return said if isinstance(said, int) and said > 0 else 0


def _failed(
    cause: Cause, message: str, call: ModelCall, raw: answers.Raw, *, retry_after_s: float | None = None
) -> CallFailed:
    return CallFailed(
        cause, message, usage=raw.usage or estimated(call, raw.content), retry_after_s=retry_after_s
    )


def _unsent(cause: Cause, message: str, *, retry_after_s: float | None = None) -> CallFailed:
    """A call that the vendor turned down before it worked: it cost nothing."""
    return CallFailed(cause, message, usage=Usage(calls=1), retry_after_s=retry_after_s)


def _of_status(error: openai.APIStatusError) -> CallFailed:
    """The cause behind an HTTP status."""
    status, code = error.status_code, error.code or error.type or ""
    if status == 429:
        if code in _QUOTA_CODES or error.type in _QUOTA_CODES:
            return _unsent("LLM_QUOTA_EXHAUSTED", "the vendor's quota is used up")
        wait = _retry_after(error.response.headers)
        return _unsent("LLM_RATE_LIMITED", "the vendor limits the rate of calls", retry_after_s=wait)
    if status in {401, 403}:
        return _unsent("LLM_NOT_CONFIGURED", "the vendor refused the key (AI_OPENAI_KEY)")
    if status == 404:
        return _unsent(
            "LLM_NOT_CONFIGURED", "the vendor knows no such model or address (AI_MODEL, AI_BASE_URL)"
        )
    if "content" in code and ("filter" in code or "policy" in code):
        return _unsent("LLM_REFUSED", "the vendor's content filter refused the request")
    if status in {400, 422}:
        return _unsent("LLM_NOT_CONFIGURED", "the vendor refused the form of the request for this model")
    return _unsent(
        "LLM_UNAVAILABLE",
        f"the vendor failed with status {status}",
        retry_after_s=_retry_after(error.response.headers),
    )


def _of_event(error: openai.APIError, call: ModelCall, raw: answers.Raw) -> CallFailed:
    """The cause behind an error that came in the middle of an answer."""
    code = error.code or error.type or ""
    if code in _QUOTA_CODES:
        return _failed("LLM_QUOTA_EXHAUSTED", "the vendor's quota is used up", call, raw)
    if "rate_limit" in code:
        return _failed("LLM_RATE_LIMITED", "the vendor limits the rate of calls", call, raw)
    return _failed("LLM_UNAVAILABLE", "the vendor failed in the middle of an answer", call, raw)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait that a vendor asks for, in seconds; None where none is said, or as a date."""
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(name, "")) * factor
        except ValueError:
            continue
        if 0 <= wait < float("inf"):
            return wait
    return None
