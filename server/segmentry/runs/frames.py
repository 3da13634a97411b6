"""Messages on a pipe: four bytes of length (big endian), then that much JSON in UTF-8."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import BinaryIO

from segmentry.errors import JsonValue

HEADER = struct.Struct(">I")
# A card is some kilobytes; more than this is a fault, not a message.
MAX_BYTES = 64 * 1024 * 1024
# How a line on a worker's standard error begins when a library warns; everything else is a complaint.
WARNING = "warning "


class BrokenFrame(Exception):
    """What came is no frame: too long, or no JSON."""


def encode(message: JsonValue) -> bytes:
    """Raises: ValueError for a number that is not finite, or a message beyond the limit."""
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    if len(body) > MAX_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is longer than {MAX_BYTES}")
    return HEADER.pack(len(body)) + body


def decode(body: bytes) -> JsonValue:
    """Raises: BrokenFrame."""
    try:
        message: JsonValue = json.loads(body)
    except ValueError as err:
        raise BrokenFrame("a frame holds no JSON") from err
    return message


def length(header: bytes) -> int:
    """Raises: BrokenFrame."""
    (n_bytes,) = HEADER.unpack(header)
    if n_bytes > MAX_BYTES:
        raise BrokenFrame(f"a frame claims {n_bytes} bytes")
    return n_bytes


def read(stream: BinaryIO) -> JsonValue:
    """The next message, or None at the end of the stream."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    return decode(stream.read(length(header)))


async def receive(stream: asyncio.StreamReader) -> JsonValue:
    """The next message, or None when the writer is gone, in the middle of a frame too.

    Raises: BrokenFrame.
    """
    try:
        header = await stream.readexactly(HEADER.size)
        return decode(await stream.readexactly(length(header)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
