"""The vendor in a thread with an event loop of its own, for those whose loop is busy."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager

from tests.vendor.script import Script
from tests.vendor.server import Vendor


@contextmanager
def vendor_elsewhere(script: Script) -> Generator[Vendor]:
    """A vendor that answers as long as the block lasts, whatever the caller's thread does."""
    ready, over = threading.Event(), threading.Event()
    vendor = Vendor(script)

    async def serve() -> None:
        async with vendor:
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield vendor
    finally:
        over.set()
        thread.join(10)
