"""One table of a TOML file, read key by key; what is wrong is collected with its key and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from segmentry.criteria.suggest import nearest
from segmentry.errors import InvalidParameters, Violation

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z_]+)\s*\]\]?")
# tomllib decodes to Any; every value passes one of the readers of `Table` before it is used.
Raw = dict[str, Any]


class Faults:
    """Every fault so far, and the lines of the text to place them."""

    def __init__(self, text: str) -> None:
        self.items: list[Violation] = []
        self.lines = text.splitlines()
        self.headers = self._headers()

    def _headers(self) -> dict[str, int]:
        """The line (from 1) of each table: `catalog`, `field[0]`, `field[1]`, `event[0]` ..."""
        seen: dict[str, int] = {}
        places: dict[str, int] = {}
        for number, line in enumerate(self.lines, 1):
            header = _HEADER.match(line)
            if header is None:
                continue
            name = header[1]
            if line.strip().startswith("[["):
                places[f"{name}[{seen.get(name, 0)}]"] = number
                seen[name] = seen.get(name, 0) + 1
            else:
                places[name] = number
        return places

    def line(self, path: str) -> int | None:
        """The line of a key, or of the table it is missing from."""
        table, _, rest = path.partition(".")
        start = self.headers.get(table)
        if start is None:
            return None
        key = re.split(r"[.\[]", rest)[0]
        if key:
            wanted = re.compile(rf'\s*["\']?{re.escape(key)}["\']?\s*=')
            for number in range(start, len(self.lines)):
                if _HEADER.match(self.lines[number]):
                    break
                if wanted.match(self.lines[number]):
                    return number + 1
        return start

    def add(self, path: str, reason: str, message: str) -> None:
        line = self.line(path)
        place = f" (line {line})" if line else ""
        self.items.append(Violation(path, reason, f"{path}: {message}{place}"))

    def error(self) -> InvalidParameters:
        first = self.items[0]
        more = f" (and {len(self.items) - 1} more)" if len(self.items) > 1 else ""
        return InvalidParameters(
            f"the catalog has faults: {first.message}{more}", violations=self.items, field=first.field
        )


class Table:
    """One TOML table; each reader returns a value of its type, or its default and a fault."""

    def __init__(self, raw: Raw, path: str, faults: Faults) -> None:
        self.raw = raw
        self.path = path
        self.faults = faults

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, message: str, reason: str = "INVALID_VALUE") -> None:
        self.faults.add(self.at(key), reason, message)

    def only(self, keys: tuple[str, ...]) -> None:
        for key in self.raw:
            if key not in keys:
                near = nearest(key, keys, most=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.fault(key, f"unknown key{hint}", "UNKNOWN_KEY")

    def text(self, key: str, default: str = "") -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str):
            self.fault(key, f"needs a text, got {said(value)}")
            return default
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            self.fault(key, f"needs true or false, got {said(value)}")
            return default
        return value

    def whole(self, key: str, *, least: int) -> int | None:
        value = self.raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.fault(key, f"needs a whole number from {least}, got {said(value)}")
            return None
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(
            isinstance(each, str) for each in cast("list[object]", value)
        ):
            self.fault(key, f"needs a list of texts, got {said(cast('object', value))}")
            return ()
        return tuple(cast("list[str]", value))

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(key, default)
        if value not in choices and value != default:
            near = nearest(value, choices, most=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            legal = ", ".join(repr(each) for each in choices if each)
            self.fault(key, f"{value!r} is not one of {legal}{hint}")
            return default
        return value

    def list_of(self, key: str) -> Iterator[tuple[str, object]]:
        """The elements of a list, each with its key."""
        value = self.raw.get(key, [])
        if not isinstance(value, list):
            self.fault(key, f"needs a list, got {said(value)}")
            return
        for index, each in enumerate(cast("list[object]", value)):
            yield f"{key}[{index}]", each

    def tables(self, key: str) -> Iterator[Table]:
        for name, each in self.list_of(key):
            if isinstance(each, dict):
                yield Table(cast("Raw", each), self.at(name), self.faults)
            else:
                self.fault(name, f"needs a table, got {said(each)}")


def said(value: object) -> str:
    """A value as a message names it.

    >>> said("x"), said([1])
    ("the text 'x'", 'a list')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)
