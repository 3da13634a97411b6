"""What a stream says about itself, as a message."""

from __future__ import annotations

from typing import assert_never

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from segmentry.rpc.relay import Draining, Heartbeat, Notice
from segmentry.v1 import events_pb2 as pb


def server_notice(notice: Notice) -> pb.ServerNotice:
    """The ServerNotice of a stream's heartbeat or drain."""
    match notice:
        case Heartbeat(at):
            stamp = Timestamp()
            stamp.FromDatetime(at)
            return pb.ServerNotice(heartbeat=pb.Heartbeat(at=stamp))
        case Draining(retry_after_s):
            delay = Duration()
            delay.FromNanoseconds(round(retry_after_s * 1e9))
            return pb.ServerNotice(draining=pb.Draining(retry_after=delay))
        case _:
            assert_never(notice)
