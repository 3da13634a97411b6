"""One connection: requests in, and a reply out as its plan says, down to the reset."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

from tests.vendor.completion import Content
from tests.vendor.plans import Pace, Plan

_HEAD_END = b"\r\n\r\n"
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire. `through_proxy`: its target is a whole address, as proxies are sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    through_proxy: bool


class Connection(asyncio.Protocol):
    """Reads requests one after the other and hands each to `serve`; a client that leaves ends it at once."""

    def __init__(
        self,
        serve: Callable[[Connection, Request], Awaitable[None]],
        changed: Callable[[Connection, bool], None],
    ) -> None:
        self._serve = serve
        self._changed = changed
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None
        self.closed_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._changed(self, True)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed_at = perf_counter()
        self._changed(self, False)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _LARGEST:
            self.transport.abort()
        elif self._task is None or self._task.done():
            self._next()

    def _next(self) -> None:
        request = self._taken()
        if request is None:
            return
        self._task = asyncio.get_running_loop().create_task(self._answered(request))

    async def _answered(self, request: Request) -> None:
        try:
            await self._serve(self, request)
        except Exception:
            # A script that breaks must not leave its client waiting; asyncio reports what it was.
            self.transport.abort()
            raise
        self._task = None
        self._next()

    def _taken(self) -> Request | None:
        """The next whole request, taken off what was received."""
        end = self._received.find(_HEAD_END)
        if end < 0:
            return None
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        start = end + len(_HEAD_END)
        stop = start + int(headers.get("content-length", "0"))
        if len(self._received) < stop:
            return None
        body = bytes(self._received[start:stop])
        del self._received[:stop]
        return Request(method, urlsplit(target).path, headers, body, target.startswith("http"))

    def reset(self) -> None:
        """End with a reset, as a process that died or a firewall does."""
        raw = cast("socket.socket", self.transport.get_extra_info("socket"))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    async def closed(self) -> None:
        """Wait until the client leaves: nothing more is sent."""
        await asyncio.Event().wait()

    def send_json(self, value: object, status: int = 200) -> None:
        """Send a small reply."""
        body = json.dumps(value).encode()
        self.transport.write(_head(status, {"content-type": "application/json"}, len(body)) + body)

    async def send(self, content: Content, plan: Plan) -> None:
        """Send a reply as its plan says."""
        pace = plan.pace
        if content.chunked:
            pieces = [b"%x\r\n%b\r\n" % (len(each), each) for each in content.pieces]
            length = None
        else:
            pieces = list(content.pieces)
            length = sum(map(len, pieces))
        # The end stands apart, so that half of a reply never holds it.
        end = b"0\r\n\r\n" if content.chunked else b""
        head = _head(plan.status, {"content-type": content.content_type, **plan.headers}, length)
        match plan.wire:
            case "reset_midway" | "closed_midway" | "stalled_midway":
                half = b"".join(pieces)
                self.transport.write(head + half[: len(half) // 2])
                # So that the half arrives before what follows it.
                await asyncio.sleep(0.01)
                if plan.wire == "reset_midway":
                    self.reset()
                elif plan.wire == "closed_midway":
                    self.transport.close()
                await self.closed()
            case "dripped":
                self.transport.write(head)
                for byte in b"".join(pieces) + end:
                    self.transport.write(bytes((byte,)))
                    await asyncio.sleep(plan.drip_s)
            case _ if pace.tokens_per_s and content.timed:
                self.transport.write(head)
                await self._paced(pieces, content.timed, pace)
                self.transport.write(end)
            case _:
                if pace.tokens_per_s:
                    await asyncio.sleep(content_tokens(content) / pace.tokens_per_s)
                self.transport.write(b"".join([head, *pieces, end]))

    async def _paced(self, pieces: list[bytes], timed: int, pace: Pace) -> None:
        """Send the first `timed` pieces at their pace, by the clock, so that late wake-ups do not add up."""
        start = perf_counter()
        step = max(pace.tokens_per_write, 1)
        for first in range(0, timed, step):
            wait = start + first / pace.tokens_per_s - perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            self.transport.write(b"".join(pieces[first : min(first + step, timed)]))
        self.transport.write(b"".join(pieces[timed:]))


def content_tokens(content: Content) -> int:
    """About how many tokens a body in one piece stands for."""
    return sum(map(len, content.pieces)) // 8


def _head(status: int, headers: Mapping[str, str], length: int | None) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append("transfer-encoding: chunked" if length is None else f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
