"""Who calls. Mode `none` is all there is: loopback only, and the body names the tenant."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from segmentry.errors import InvalidValue
from segmentry.rpc import call
from segmentry.rpc.call import ServerContext
from segmentry.rpc.context import DEFAULT_TENANT
from segmentry.rpc.interceptors.around import Around, Stream, Unary

# Fit for a log line, a file name and a key: what a tenant id of another product looks like too.
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")


class Auth(Around):
    """Notes the tenant of the call before anything is decided about it."""

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        del method
        _note_tenant(request)
        return await inner(request, context)

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        del method
        _note_tenant(request)
        async with aclosing(cast("Any", inner(request, context))) as items:
            async for item in items:
                yield item


def _note_tenant(request: object) -> None:
    tenant = getattr(request, "tenant_id", None)
    if tenant is None:
        return
    if tenant and not _TENANT.fullmatch(tenant):
        raise InvalidValue(
            "tenant_id has 1 to 128 letters, digits or . _ : @ - and starts with a letter or digit",
            field="tenant_id",
            problem="format",
        )
    record = call.current()
    if record is not None:
        record.tenant = tenant or DEFAULT_TENANT
