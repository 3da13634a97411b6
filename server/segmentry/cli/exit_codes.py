"""What the command's exit code says: one number per class of outcome, so that scripts can branch.

| code | meaning |
|---|---|
| 0 | done, also where a fallback was used (a warning is on stderr) |
| 1 | INTERNAL, UNKNOWN, DATA_LOSS, UNIMPLEMENTED: not the caller's fault |
| 2 | the command line is wrong; `match`, `predict`: a line was unreadable |
| 3 | INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE: change the request |
| 4 | the query is not clear: questions were printed (a Clarification) |
| 5 | UNAUTHENTICATED, PERMISSION_DENIED |
| 6 | NOT_FOUND |
| 7 | ALREADY_EXISTS, ABORTED |
| 8 | RESOURCE_EXHAUSTED |
| 9 | UNAVAILABLE |
| 10 | DEADLINE_EXCEEDED |
| 130 | interrupted, CANCELLED |
"""

from __future__ import annotations

OK = 0
FAULT = 1
USAGE = 2
INVALID = 3
CLARIFICATION = 4
INTERRUPTED = 130

_BY_STATUS = {
    "INVALID_ARGUMENT": INVALID,
    "FAILED_PRECONDITION": INVALID,
    "OUT_OF_RANGE": INVALID,
    "UNAUTHENTICATED": 5,
    "PERMISSION_DENIED": 5,
    "NOT_FOUND": 6,
    "ALREADY_EXISTS": 7,
    "ABORTED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "UNAVAILABLE": 9,
    "DEADLINE_EXCEEDED": 10,
    "CANCELLED": INTERRUPTED,
}


def of_status(name: str) -> int:
    """The exit code of a gRPC status by its name."""
    return _BY_STATUS.get(name, FAULT)
