"""One row of a reply, read by the type that is expected of each column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from segmentry.errors import JsonValue


class Row:
    """Columns by name. Each reader asserts the type: a column of another type is our own mistake."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, object]) -> None:
        self._columns = columns

    def text(self, name: str) -> str:
        value = self._columns[name]
        assert isinstance(value, str), name
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._columns[name] is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """A `text[]` column without nulls."""
        value = self._columns[name]
        assert isinstance(value, list), name
        return tuple(str(each) for each in cast("list[object]", value))

    def integer(self, name: str) -> int:
        value = self._columns[name]
        assert isinstance(value, int), name
        return value

    def optional_integer(self, name: str) -> int | None:
        return None if self._columns[name] is None else self.integer(name)

    def optional_number(self, name: str) -> float | None:
        """A `double precision` column."""
        value = self._columns[name]
        assert value is None or isinstance(value, float), name
        return value

    def flag(self, name: str) -> bool:
        value = self._columns[name]
        assert isinstance(value, bool), name
        return value

    def instant(self, name: str) -> datetime:
        value = self._columns[name]
        assert isinstance(value, datetime), name
        return value

    def optional_instant(self, name: str) -> datetime | None:
        return None if self._columns[name] is None else self.instant(name)

    def blob(self, name: str) -> bytes:
        value = self._columns[name]
        assert isinstance(value, bytes), name
        return value

    def optional_blob(self, name: str) -> bytes | None:
        return None if self._columns[name] is None else self.blob(name)

    def decoded(self, name: str) -> JsonValue:
        """A `json` column's value; None for null."""
        written = self.optional_text(name)
        if written is None:
            return None
        value: JsonValue = json.loads(written)
        return value
