"""Bytes that no protobuf library would write."""

from __future__ import annotations

from google.protobuf.struct_pb2 import Struct


def deep_criteria(depth: int) -> bytes:
    """A PreviewCountRequest whose criteria are `depth` nested `$and`, however deep."""
    raw = Struct(fields={}).SerializeToString()
    for _ in range(depth):
        inside = _field(5, raw)  # Value.struct_value
        items = _field(6, _field(1, inside))  # Value.list_value.values
        raw = _field(1, _field(1, b"$and") + _field(2, items))  # Struct.fields entry
    return _field(1, raw)


def _field(number: int, payload: bytes) -> bytes:
    length, size = bytearray(), len(payload)
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes([number << 3 | 2]) + bytes(length) + payload
