"""Logging of a server: one JSON object per line on stderr, and never the text of an exception."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import PurePath

from segmentry.rpc.interceptors.observe import LOGGER


class JsonLines(logging.Formatter):
    """RPC lines are JSON already; everything else becomes it."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == LOGGER:
            return record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            # The text may quote a row, a DSN or a prompt: the class and the places have to do.
            frames = traceback.extract_tb(error.__traceback__)[-4:]
            line["error"] = type(error).__name__
            line["at"] = " > ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str = "info") -> None:
    """Write our lines from `level` on and other libraries' warnings to stderr.

    Call it before the first use of grpc.aio: reconfiguring beside its start can deadlock (grpc/grpc 43421).
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("segmentry").setLevel(level.upper())
