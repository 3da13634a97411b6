"""The client of segmentry: typed, asynchronous and blocking, with nothing but grpcio and protobuf.

with SegmentryClient("127.0.0.1:50051", tenant_id="demo") as segmentry:
    reply = segmentry.build("Platinum and diamond members")
    print(reply.result.explanation, reply.preview_count)
"""

from segmentry_client.blocking import SegmentryClient
from segmentry_client.client import AsyncSegmentryClient
from segmentry_client.errors import CallViolation, SegmentryCallError
from segmentry_client.proto_json import to_dict, to_json
from segmentry_client.settings import Deadlines, Patience
from segmentry_client.wire import CriteriaLike, is_terminal, struct_of

__all__ = [
    "AsyncSegmentryClient",
    "CallViolation",
    "CriteriaLike",
    "Deadlines",
    "Patience",
    "SegmentryCallError",
    "SegmentryClient",
    "is_terminal",
    "struct_of",
    "to_dict",
    "to_json",
]
