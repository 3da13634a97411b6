"""The request id on every reply and one JSON line per RPC, without any value of a customer."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, cast

import grpc

from segmentry.errors import Internal
from segmentry.rpc import call, status
from segmentry.rpc.call import Call, ServerContext
from segmentry.rpc.groups import group_of
from segmentry.rpc.interceptors.around import Around, Stream, Unary
from segmentry.rpc.interceptors.errors import refuse_malformed

LOGGER = "segmentry.rpc.calls"
_log = logging.getLogger(LOGGER)


class Observe(Around):
    """Refuses malformed bytes, so that these too have a request id and a line."""

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        record = call.current() or call.begin(method, ())
        context.set_trailing_metadata((("x-request-id", record.request_id),))
        try:
            refuse_malformed(request)
            response = await inner(request, context)
        except BaseException as error:
            _write(record, error)
            raise
        _write(record, None)
        return response

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        record = call.current() or call.begin(method, ())
        metadata = (("x-request-id", record.request_id),)
        context.set_trailing_metadata(metadata)
        try:
            refuse_malformed(request)
            # A stream may be long: its reader gets the id with the first message, not with the last.
            await context.send_initial_metadata(metadata)
            async with aclosing(cast("Any", inner(request, context))) as items:
                async for item in items:
                    record.messages += 1
                    yield item
        except BaseException as error:
            _write(record, error)
            raise
        _write(record, None)


def _write(record: Call, error: BaseException | None) -> None:
    code, reason, level = _verdict(error)
    if group_of(record.method) == "exempt" and level == logging.INFO:
        level = logging.DEBUG
    if not _log.isEnabledFor(level):
        return
    line: dict[str, str | int | float] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(level).lower(),
        "rpc": record.method,
        "code": code,
        "ms": round(record.elapsed_ms, 3),
        "requestId": record.request_id,
    }
    if record.tenant:
        line["tenant"] = record.tenant
    if reason:
        line["reason"] = reason
    if record.messages:
        line["messages"] = record.messages
    line |= record.facts
    if error is not None and level >= logging.ERROR:
        # The class and the places, never the text: that may quote a row, a DSN or a prompt.
        line["error"] = type(error).__name__
        line["at"] = _places(error)
    _log.log(level, "%s", json.dumps(line, ensure_ascii=False))


def _verdict(error: BaseException | None) -> tuple[str, str, int]:
    match error:
        case None:
            return "OK", "", logging.INFO
        case asyncio.CancelledError() | GeneratorExit():
            return grpc.StatusCode.CANCELLED.name, "CANCELLED_BY_CALLER", logging.INFO
        case grpc.aio.AbortError():
            # A servicer that is not ours (health) or the stream's guard has said why already.
            return "ABORTED_BY_SERVER", "", logging.INFO
        case _:
            known = status.ours(error)
            level = logging.ERROR if isinstance(known, Internal) else logging.INFO
            return status.code_of(known).name, status.reason_of(known), level


def _places(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = cast("tuple[BaseException, ...]", error.exceptions)[0]
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return f"{type(error).__name__} " + " > ".join(
        f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
    )
