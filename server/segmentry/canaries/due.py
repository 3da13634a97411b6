"""Whether the stored queries are due, from what was done before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from segmentry.canaries.run import Cause

# After a run that the model or the money stopped, the next one waits.
AGAIN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Past:
    """The runs of one model. `settled_at`: when one last finished or was cancelled; `stopped_at`: when one
    last stopped for another reason; `changed_at`: when the vendor first answered as its newest version, None
    while it has had one alone.
    """

    now: datetime
    running: bool = False
    settled_at: datetime | None = None
    stopped_at: datetime | None = None
    changed_at: datetime | None = None


def due(past: Past, every_days: int) -> Cause | None:
    """Why a run is due; None while it is not. With 0 days none is.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 15, tzinfo=UTC)
    >>> due(Past(now), 7), due(Past(now, settled_at=now), 7), due(Past(now), 0)
    ('schedule', None, None)
    >>> due(Past(now, settled_at=now - timedelta(days=1), changed_at=now), 7)
    'model_changed'
    """
    if not every_days or past.running:
        return None
    settled, stopped = past.settled_at, past.stopped_at
    # One that stopped before another finished delays nothing.
    if stopped is not None and (settled is None or stopped > settled) and past.now - stopped < AGAIN:
        return None
    if settled is None:
        return "schedule"
    if past.changed_at is not None and past.changed_at > settled:
        return "model_changed"
    return "schedule" if past.now - settled >= timedelta(days=every_days) else None
