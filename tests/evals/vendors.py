"""A fake vendor in a thread of its own, for code that runs an event loop itself."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

import pytest
from segmentry.criteria.catalog import Catalog

from tests.vendor.plans import Asked, Plan
from tests.vendor.rules import Ruled
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor


def _first(asked: Asked) -> str:
    """A name for whoever wants one, and of two names always the first."""
    wants_name = '"name"' in json.dumps(asked.schema)
    return '{"name":"Some members"}' if wants_name else '{"better":"1"}'


@contextmanager
def served(
    mode: Literal["rules", "first"], catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> Generator[Vendor]:
    """The vendor, with the environment pointing at it."""
    plan = Plan(answer=Ruled(catalog) if mode == "rules" else _first)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> Vendor:
        return await Vendor(Scripted(plan)).__aenter__()

    vendor = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    monkeypatch.setenv("AI_OPENAI_KEY", "sk-none")
    monkeypatch.setenv("AI_BASE_URL", vendor.base_url)
    try:
        yield vendor
    finally:
        asyncio.run_coroutine_threadsafe(vendor.__aexit__(None, None, None), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
