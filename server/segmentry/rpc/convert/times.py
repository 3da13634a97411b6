"""Instants and spans of time as messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(instant: datetime) -> Timestamp:
    """An aware instant."""
    message: Any = Timestamp()  # the stubs of protobuf leave the helpers of well-known types untyped
    message.FromDatetime(instant)
    return cast("Timestamp", message)


def duration(seconds: float) -> Duration:
    """A span of time."""
    message: Any = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return cast("Duration", message)
