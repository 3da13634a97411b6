"""How a channel is opened and how long a call may take. The numbers are those of the contract."""

from __future__ import annotations

import json
from dataclasses import dataclass

_READS: dict[str, tuple[str, ...]] = {
    "segmentry.v1.SegmentBuilder": (
        "PreviewCount", "ListFields", "ListSchemas", "ExplainCount", "ExplainMember", "CompareCriteria",
        "ExportCriteria", "ListSegments", "GetSegment",
    ),
    "segmentry.v1.SegmentAnalysis": ("GetAnalysis", "ListAnalyses"),
}  # fmt: skip

# No `timeout` here: one in a service config fired more than a second early and hid the deadline from the
# server (grpc/grpc 34547, 40633). Build, Refine and Start are missing on purpose: repeating them on our own
# could double a model bill.
SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [
                    {"service": service, "method": method}
                    for service, methods in _READS.items()
                    for method in methods
                ],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "2s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)

CHANNEL_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.service_config", SERVICE_CONFIG),
    ("grpc.enable_retries", 1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds a call may take, by group. A stream that follows a run has none: it ends with the run."""

    read_s: float = 5.0
    build_s: float = 20.0
    write_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is repeated where a retry helps, and a broken watch is taken up again."""

    attempts: int = 3
    longest_wait_s: float = 5.0
    resumes: int = 20
    first_pause_s: float = 0.1
    longest_pause_s: float = 2.0
