"""Any service that speaks OpenAI's chat completions: the vendor's own, or one at an address of the operator.

Imported by who makes the model, on use: the vendor's package takes most of a second to load. Of that package
the connection, the key and the request are used; what comes back is read here, because its own objects for
streams cost more than everything else together (docs/decisions/1001).
"""

from __future__ import annotations

import asyncio
from functools import cache
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import anyio
import httpx2
import openai

from segmentry.llm import answers, completion, failures
from segmentry.llm.bounded import ReplyTooLarge, bound
from segmentry.llm.cost import estimated, priced
from segmentry.llm.events import Events
from segmentry.llm.failures import Failure
from segmentry.llm.model import AT_ONCE, CallFailed, ModelCall, ModelReply, Progress, Usage
from segmentry.llm.profiles import ModelProfile, profile
from segmentry.llm.request import Bodies

# Between two builds of a busy minute a connection stays open: a new one costs a TLS handshake.
_KEEP_ALIVE_S: Final = 30.0
_CONNECT_S: Final = 4.0
# After the last event only the end of the body is missing; a connection is not worth a longer wait for it.
_DRAIN_S: Final = 0.1
_DONE: Final = b"[DONE]"


# Reading the certificates of the system takes longer than many calls.
_tls = cache(httpx2.create_ssl_context)


class OpenAIModel:
    """One model at one address, with connections that belong to one event loop.

    `base_url` empty is the vendor's own. `key` None suits servers that want none. `at_once` bounds the
    connections. `asked_as` is for models of which more is known than their name says.

    Raises: ValueError for a key that no HTTP header can carry.
    """

    def __init__(
        self,
        *,
        model: str,
        key: str | None,
        base_url: str = "",
        temperature: float = 0.2,
        at_once: int = AT_ONCE,
        asked_as: ModelProfile | None = None,
    ) -> None:
        # A part of the HTTP client: loads what the first call would otherwise load on its own time.
        anyio.Event()
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ValueError("the key (AI_OPENAI_KEY) holds characters that no HTTP header can carry")
        self._name = model
        self._profile = asked_as or profile(model)
        self._bodies = Bodies(model=model, temperature=temperature, row=self._profile)
        self._provider = (urlsplit(base_url).hostname or "openai") if base_url else "openai"
        pool = openai.DefaultAioHttpClient(
            limits=httpx2.Limits(
                max_connections=at_once,
                max_keepalive_connections=at_once,
                keepalive_expiry=_KEEP_ALIVE_S,
            ),
            timeout=httpx2.Timeout(None, connect=_CONNECT_S),
            event_hooks={"response": [bound]},
            verify=_tls(),
            follow_redirects=False,
        )
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=base_url or "https://api.openai.com/v1",
            max_retries=0,
            http_client=pool,
            # A compressed reply would be bounded before it is unpacked, not after.
            default_headers={"Accept-Encoding": "identity"},
        )
        if base_url:
            # The package takes them from OPENAI_ORG_ID and OPENAI_PROJECT_ID: not for others to learn.
            self._client.organization = None
            self._client.project = None

    @property
    def provider(self) -> str:
        return self._provider

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
        failure = await self._attempt(call, within_s, raw, watched)
        price = self._profile.price
        usage = priced(raw.usage, price) if raw.usage else estimated(call, price, raw.content)
        if failure is not None:
            # Raised where no error of the vendor's is being handled: those carry the key and the reply.
            raise CallFailed(
                failure.cause,
                failure.message,
                usage=usage if failure.worked else Usage(calls=1),
                retry_after_s=failure.retry_after_s,
                request_only=failure.request_only,
            )
        value, content = answers.read(raw, usage, fenced=self._profile.schema != "strict")
        elapsed_s = perf_counter() - started
        first_byte_s = elapsed_s if watched.first_byte_at is None else watched.first_byte_at - started
        return ModelReply(value, content, usage, self._name, first_byte_s, elapsed_s, raw.version)

    async def close(self) -> None:
        """Give up the connections; calls after it fail."""
        await self._client.close()

    async def _attempt(
        self, call: ModelCall, within_s: float, raw: answers.Raw, progress: Progress
    ) -> Failure | None:
        """Fill `raw`, or say why not."""
        if self._client.is_closed():
            return Failure("LLM_UNAVAILABLE", "the connections to the vendor were given up", worked=False)
        try:
            # The vendor's own timeout is for one read: a slow drip of bytes never meets it.
            async with asyncio.timeout(within_s):
                await self._ask(call, raw, progress)
        except TimeoutError:
            return Failure("LLM_TIMEOUT", f"no whole answer within {within_s:.2g} s")
        except ReplyTooLarge:
            return failures.TOO_LARGE
        except completion.NotJson:
            return failures.NOT_JSON
        except completion.VendorFault as fault:
            return failures.of_code(fault.code)
        except openai.APIStatusError as error:
            code = completion.code_of(error.body)
            return failures.of_status(error.status_code, code, error.response.headers)
        except openai.APIConnectionError as error:
            return failures.UNREACHED if _before_connected(error) else failures.BROKEN_OFF
        except (httpx2.HTTPError, httpx2.StreamError, openai.OpenAIError):
            return failures.BROKEN_OFF
        return None

    async def _ask(self, call: ModelCall, raw: answers.Raw, progress: Progress) -> None:
        row = self._profile
        response = await self._client.post(
            "/chat/completions",
            content=self._bodies.of(call),
            options={"headers": {"Content-Type": "application/json"}},
            cast_to=httpx2.Response,
            stream=row.stream,
            stream_cls=openai.AsyncStream[object],
        )
        assert isinstance(response, httpx2.Response)
        # A status other than 200 has raised.
        progress.accept()
        try:
            if row.stream and "json" not in response.headers.get("content-type", ""):
                await _read_events(response, raw, progress)
            else:
                # Also of a service that does not stream though it was asked to.
                whole = await response.aread()
                progress.begin()
                completion.take(whole, raw)
        finally:
            await response.aclose()


def _before_connected(error: BaseException) -> bool:
    """Whether there was no connection yet. The kinds in between say so of every connection that broke off."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return True
        cause = cause.__cause__
    return False


async def _read_events(response: httpx2.Response, raw: answers.Raw, progress: Progress) -> None:
    """Take over the events of a stream until it ends, or until its answer cannot become one."""
    events = Events()
    parts = response.aiter_bytes()
    async for part in parts:
        for text in events.of(part):
            if text == _DONE:
                # The rest is read so that the connection can be used again.
                try:
                    async with asyncio.timeout(_DRAIN_S):
                        async for _ in parts:
                            pass
                except TimeoutError:
                    pass
                return
            progress.begin()
            completion.take(text, raw)
            if raw.hopeless:
                return
