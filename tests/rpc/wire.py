"""Bytes that no protobuf library would write."""

from __future__ import annotations

_KEY = b"\x0a\x04$and"


def deep_criteria(depth: int) -> bytes:
    """A PreviewCountRequest whose criteria are `depth` nested `$and`, however deep."""
    # Everything nests at the end of what is around it, so each level is a prefix: from the inside out.
    prefixes: list[bytes] = []
    size = 0

    def wrap(number: int, before: bytes = b"") -> None:
        nonlocal size
        prefix = before + bytes([number << 3 | 2]) + _varint(size)
        prefixes.append(prefix)
        size += len(prefix)

    for _ in range(depth):
        wrap(5)  # Value.struct_value
        wrap(1)  # ListValue.values
        wrap(6)  # Value.list_value
        wrap(2, _KEY)  # the value of an entry, behind its key
        wrap(1)  # Struct.fields
    wrap(1)  # PreviewCountRequest.criteria
    return b"".join(reversed(prefixes))


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])
