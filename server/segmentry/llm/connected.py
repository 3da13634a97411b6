"""The model that the settings describe, ready to be asked."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, cast

from segmentry.llm.guarded import GuardedModel

if TYPE_CHECKING:
    from types import ModuleType

    from segmentry.llm import openai


async def connected(
    *, model: str, key: str | None, base_url: str = "", temperature: float = 0.2, at_once: int = 64
) -> GuardedModel | None:
    """A guarded model, closed by who asked for it; None where neither a key nor an address is configured.

    The vendor's package is imported in a thread: it takes most of a second, in which the loop has other work.
    """
    if key is None and not base_url:
        return None
    module: ModuleType = await asyncio.to_thread(importlib.import_module, "segmentry.llm.openai")
    made = cast("type[openai.OpenAIModel]", module.OpenAIModel)(
        model=model, key=key, base_url=base_url, temperature=temperature, at_once=at_once
    )
    return GuardedModel(made, at_once=at_once)
