"""Server-sent events: the bytes of a stream as the texts that its events carry.

The vendor's package reads them too, and makes checked objects of every one: that costs three times the CPU of
the whole call (docs/decisions/1001).
"""

from __future__ import annotations

from collections.abc import Iterator

_DATA = b"data:"


class Events:
    """Takes the bytes of one stream in parts of any size.

    >>> events = Events()
    >>> list(events.of(b': wait\\n\\ndata: {"a"')), list(events.of(b':1}\\r\\n\\r\\n'))
    ([], [b'{"a":1}'])
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._texts: list[bytes] = []
        self._after_return = False

    def of(self, part: bytes) -> Iterator[bytes]:
        """The texts of the events that end in this part; comments and names of events are left out."""
        if self._after_return and part.startswith(b"\n"):
            part = part[1:]
        self._after_return = part.endswith(b"\r")
        self._line += part
        if b"\n" not in part and b"\r" not in part:
            return
        lines = bytes(self._line).splitlines(keepends=True)
        last = lines.pop() if not lines[-1].endswith((b"\n", b"\r")) else b""
        self._line = bytearray(last)
        for line in lines:
            text = line.rstrip(b"\r\n")
            if text.startswith(_DATA):
                self._texts.append(text[len(_DATA) :].removeprefix(b" "))
            elif not text and self._texts:
                yield b"\n".join(self._texts)
                self._texts.clear()
