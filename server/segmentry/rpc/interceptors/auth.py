"""Who calls. Mode `none` is all there is: loopback only, and the body names the tenant."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

from segmentry.errors import InvalidValue
from segmentry.rpc import access, call
from segmentry.rpc.access import Principal
from segmentry.rpc.call import ServerContext
from segmentry.rpc.context import DEFAULT_TENANT
from segmentry.rpc.interceptors.around import Around, Stream, Unary

# Fit for a log line, a file name and a key: what a tenant id of another product looks like too.
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")


class Auth(Around):
    """Notes the tenant of the call before anything is decided about it, and lets in who may make it.

    `identify` says who calls, from the call's metadata; without it everybody is `access.ANYONE`.
    """

    def __init__(self, identify: Callable[[object], Principal] | None = None) -> None:
        self._identify = identify or _anyone

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        self._admit(method, request, context)
        return await inner(request, context)

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        self._admit(method, request, context)
        async with aclosing(cast("Any", inner(request, context))) as items:
            async for item in items:
                yield item

    def _admit(self, method: str, request: object, context: ServerContext) -> None:
        _note_tenant(request)
        principal = self._identify(context.invocation_metadata())
        record = call.current()
        if record is not None:
            record.principal = principal
        access.require(method, principal)


def _anyone(metadata: object) -> Principal:
    del metadata
    return access.ANYONE


def _note_tenant(request: object) -> None:
    tenant = getattr(request, "tenant_id", None)
    if tenant is None:
        return
    if tenant and not TENANT.fullmatch(tenant):
        raise InvalidValue(
            "tenant_id has 1 to 128 letters, digits or . _ : @ - and starts with a letter or digit",
            field="tenant_id",
            problem="format",
        )
    record = call.current()
    if record is not None:
        record.tenant = tenant or DEFAULT_TENANT
