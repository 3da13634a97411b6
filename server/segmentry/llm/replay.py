"""Answers that were recorded, given again: the same question gets the same answer, without a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from segmentry.criteria import strict_json
from segmentry.errors import JsonValue, SegmentryError
from segmentry.llm.model import CallFailed, ChatModel, ModelCall, ModelReply, Progress, Usage


def key_of(call: ModelCall, model: str) -> str:
    """What a recorded answer is found by: model, prompt version, messages and schema."""
    asked = [
        model,
        call.prompt_version,
        [[each.role, each.content] for each in call.messages],
        call.schema.body,
        call.max_tokens,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class ReplayModel:
    """Answers from a file of recorded lines; a question that was not recorded fails and asks nobody.

    Of a question that was recorded more than once the last answer is given. `missed` counts those that were
    asked and not recorded.

    Raises: ValueError for a line that is no recorded answer; OSError for a file that cannot be read.
    """

    def __init__(self, path: Path, *, model: str = "gpt-4o-mini") -> None:
        self._model = model
        self.missed = 0
        self._recorded: dict[str, ModelReply] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                key, reply = self._entry(path, number, line)
                self._recorded[key] = reply

    def _entry(self, path: Path, number: int, line: str) -> tuple[str, ModelReply]:
        try:
            entry = strict_json.decode(line)
            if isinstance(entry, dict):
                content = entry.get("content")
                key, used = entry.get("key"), entry.get("usage")
                if isinstance(content, str) and isinstance(key, str) and isinstance(used, dict):
                    value = strict_json.decode(content)
                    return key, ModelReply(value, content, _usage(used), self._model, 0.0, 0.0)
        except SegmentryError:
            pass
        raise ValueError(f"{path}, line {number}: not a recorded answer")

    @property
    def provider(self) -> str:
        return "replay"

    @property
    def model(self) -> str:
        return self._model

    async def complete(
        self, call: ModelCall, *, within_s: float, progress: Progress | None = None
    ) -> ModelReply:
        """The recorded answer. Raises: CallFailed with LLM_UNAVAILABLE for a question never recorded."""
        del within_s
        reply = self._recorded.get(key_of(call, self._model))
        if reply is None:
            self.missed += 1
            raise CallFailed("LLM_UNAVAILABLE", f"no answer of {call.agent} was recorded for this question")
        if progress is not None:
            progress.begin()
        return reply

    async def close(self) -> None:
        """Nothing is open."""


def _usage(entry: Mapping[str, JsonValue]) -> Usage:
    def count(name: str) -> int:
        found = entry.get(name)
        return found if isinstance(found, int) else 0

    cost = entry.get("cost_usd")
    return Usage(
        count("prompt_tokens"),
        count("completion_tokens"),
        count("cached_tokens"),
        count("cache_write_tokens"),
        count("calls"),
        cost if isinstance(cost, int | float) else None,
        entry.get("estimated") is True,
    )


class RecordingModel:
    """Asks `inner` and appends each answer to a file that `ReplayModel` reads."""

    def __init__(self, inner: ChatModel, path: Path) -> None:
        self._inner = inner
        self._path = path

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    async def complete(
        self, call: ModelCall, *, within_s: float, progress: Progress | None = None
    ) -> ModelReply:
        """Ask and write down. Raises: CallFailed; failures are not recorded."""
        reply = await self._inner.complete(call, within_s=within_s, progress=progress)
        entry = {
            "key": key_of(call, self.model),
            "agent": call.agent,
            "content": reply.content,
            "usage": asdict(reply.usage),
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return reply

    async def close(self) -> None:
        """Give up the connections of `inner`."""
        await self._inner.close()
