"""Everything that anybody learns of a build: the reply, the events, errors with what is behind them, logs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from segmentry.builder.events import Event, SubtaskFailed, SubtaskRetried
from segmentry.builder.outcome import Outcome
from segmentry.errors import SegmentryError


def told(
    outcome: Outcome | None, heard: Iterable[Event], log: str, error: BaseException | None = None
) -> str:
    """All of it as one text."""
    events = list(heard)
    errors = [each.error for each in events if isinstance(each, SubtaskFailed | SubtaskRetried)]
    return "\n".join(
        (
            repr(outcome),
            *map(repr, events),
            *(line for each in (*errors, error) for line in _chain(each)),
            log,
        )
    )


def texts_in(answer: str) -> Iterator[str]:
    """Every text of a model's answer, keys too; the whole where it is no JSON."""
    try:
        yield from _texts(json.loads(answer))
    except ValueError:
        yield answer


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield str(name)  # pyright: ignore[reportUnknownArgumentType]  # as above
            yield from _texts(each)  # pyright: ignore[reportUnknownArgumentType]  # as above
    elif isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield from _texts(each)  # pyright: ignore[reportUnknownArgumentType]  # as above


def _chain(error: BaseException | None) -> Iterator[str]:
    """An error and those that it came from, which a careless log would print."""
    while error is not None:
        yield f"{error!r} {error}"
        if isinstance(error, SegmentryError):
            yield repr((error.metadata, error.diagnostics if hasattr(error, "diagnostics") else ()))
        error = error.__cause__ or error.__context__
