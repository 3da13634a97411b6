"""The vendor as a server on loopback, with a record of every call."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Self, cast

from segmentry.errors import JsonValue

from tests.vendor import completion
from tests.vendor.connection import Connection, Request
from tests.vendor.plans import Asked, Plan
from tests.vendor.script import Script, Scripted
from tests.vendor.tokens import PrefixCache

_SECRET = frozenset({"authorization", "proxy-authorization", "api-key", "x-api-key", "cookie"})


@dataclass(slots=True)
class Call:
    """What happened to one request; times are `perf_counter`, in the process of the server.

    Headers come without secrets. `ended_at` is when the reply was written as a whole, `left_at` when the
    connection closed before that, by the client unless the plan did it.
    """

    asked: Asked
    headers: Mapping[str, str]
    through_proxy: bool
    started_at: float
    plan: Plan
    ended_at: float | None = None
    left_at: float | None = None

    @property
    def agent(self) -> str:
        return self.asked.agent

    @property
    def body(self) -> Mapping[str, JsonValue]:
        return self.asked.body


@dataclass
class Vendor:
    """`async with Vendor(script) as vendor:` answers at `vendor.base_url` until the block ends.

    With `key` other keys are turned away with 401. `calls` are in the order of arrival; with `remember`
    False only counters are kept, for load.
    """

    script: Script = field(default_factory=Scripted)
    key: str | None = None
    port: int = 0
    remember: bool = True
    models: tuple[str, ...] = ("gpt-4o-mini",)
    # How a live evaluation knows that answers are not a real model's.
    owner: str = "segmentry-tests"
    calls: list[Call] = field(default_factory=list[Call])
    n_calls: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    n_connections: int = 0
    _by_agent: Counter[str] = field(default_factory=Counter[str])
    _cache: PrefixCache = field(default_factory=PrefixCache)
    _opened: set[Connection] = field(default_factory=set[Connection])
    _server: asyncio.Server | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._shut()

    @property
    def base_url(self) -> str:
        """What AI_BASE_URL would be."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def open_connections(self) -> int:
        """How many connections clients hold."""
        return len(self._opened)

    def of(self, agent: str) -> list[Call]:
        """The calls of one agent."""
        return [each for each in self.calls if each.agent == agent]

    @asynccontextmanager
    async def down(self) -> AsyncGenerator[None]:
        """Refuse connections at the same port for as long as the block lasts."""
        await self._shut()
        try:
            yield
        finally:
            await self._listen()

    async def seen(self, n_calls: int, *, left: int = 0) -> None:
        """Wait until so many calls came, and so many of them lost their client."""
        await self.until(
            lambda: self.n_calls >= n_calls and sum(each.left_at is not None for each in self.calls) >= left
        )

    async def idle(self) -> None:
        """Wait until no call is under way."""
        await self.until(lambda: self.in_flight == 0)

    async def disconnected(self) -> None:
        """Wait until clients hold no connection."""
        await self.until(lambda: not self._opened)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of the record; looked at after every change."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", self.port)
        self.port = cast("int", self._server.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for each in list(self._opened):
            each.transport.abort()
        await self.disconnected()

    def _connection(self) -> Connection:
        self.n_connections += 1
        return Connection(self._serve, self._noted)

    def _noted(self, connection: Connection, opened: bool) -> None:
        if opened:
            self._opened.add(connection)
        else:
            self._opened.discard(connection)
            self._changed.set()

    async def _serve(self, connection: Connection, request: Request) -> None:
        match request.method, request.path.rstrip("/").removeprefix("/v1"):
            case "POST", "/chat/completions":
                await self._complete(connection, request)
            case "GET", "/models":
                listed = [{"id": each, "object": "model", "owned_by": self.owner} for each in self.models]
                connection.send_json({"object": "list", "data": listed})
            case "GET", "/counts":
                connection.send_json(self.counts())
            case _:
                connection.send_json({"error": {"message": "no such address", "code": "not_found"}}, 404)

    def forget(self) -> None:
        """Count the calls of every agent from 1 again."""
        self._by_agent.clear()

    def counts(self) -> dict[str, object]:
        """What was counted so far; also at /v1/counts, for those in other processes."""
        return {
            "calls": self.n_calls,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "connections": self.n_connections,
            "open_connections": self.open_connections,
            "by_agent": dict(self._by_agent),
            "cpu_s": process_time(),
        }

    async def _complete(self, connection: Connection, request: Request) -> None:
        body = cast("Mapping[str, JsonValue]", json.loads(request.body))
        agent = _agent(body)
        self.n_calls += 1
        self._by_agent[agent] += 1
        asked = Asked(body, agent, self._by_agent[agent], self.n_calls)
        plan = self.script(asked)
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            plan = Plan(status=401, code="invalid_api_key")
        headers = {name: "redacted" if name in _SECRET else value for name, value in request.headers.items()}
        call = Call(asked, headers, request.through_proxy, perf_counter(), plan)
        if self.remember:
            self.calls.append(call)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self._changed.set()
        try:
            await self._reply(connection, asked, plan)
            call.ended_at = perf_counter()
        except asyncio.CancelledError:
            call.left_at = connection.closed_at
            raise
        finally:
            self.in_flight -= 1
            self._changed.set()

    async def _reply(self, connection: Connection, asked: Asked, plan: Plan) -> None:
        if plan.pace.first_token_s:
            await asyncio.sleep(plan.pace.first_token_s)
        if plan.wire == "reset_before":
            connection.reset()
        if plan.wire in {"reset_before", "silent"}:
            await connection.closed()
        await connection.send(completion.of(asked, plan, self._cache), plan)


def _agent(body: Mapping[str, JsonValue]) -> str:
    wanted = body.get("response_format")
    named = wanted.get("json_schema") if isinstance(wanted, dict) else None
    return str(named.get("name", "")) if isinstance(named, dict) else ""
