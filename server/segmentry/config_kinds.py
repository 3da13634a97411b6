"""What a setting may hold: how it is read from text and from TOML, and what its range says to people."""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit


class Problem(Exception):  # named by what it is: lines of a report
    """What is wrong with one value, and what would work; one line for each fault."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class Secret:
    """Text that shows itself only when asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        # Bytes, because compare_digest takes no text beyond ASCII.
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


class Kind(Protocol):
    """One kind of value. Each method raises Problem."""

    @property
    def range(self) -> str:
        """What may be given, for people."""
        ...

    def from_text(self, text: str) -> object: ...
    def from_toml(self, raw: object, folder: Path) -> object: ...
    def check(self, value: object) -> object:
        """Return a typed value as the setting holds it."""
        ...


class _Plain:
    """What most kinds share: TOML and typed values are checked alike."""

    def from_toml(self, raw: object, folder: Path) -> object:
        del folder
        return self.check(raw)

    def check(self, value: object) -> object:
        raise Problem(f"= {value!r} is not allowed")


@dataclass(frozen=True, slots=True)
class Text(_Plain):
    @property
    def range(self) -> str:
        return "text"

    def from_text(self, text: str) -> object:
        return self.check(text)

    def check(self, value: object) -> object:
        if not isinstance(value, str) or not value.strip():
            raise Problem(f"= {value!r}: needs text")
        return value.strip()


@dataclass(frozen=True, slots=True)
class Url(_Plain):
    @property
    def range(self) -> str:
        return "http or https address"

    def from_text(self, text: str) -> object:
        return self.check(text)

    def check(self, value: object) -> object:
        try:
            parts = urlsplit(value) if isinstance(value, str) else None
            good = parts is not None and (
                not value or (parts.scheme in {"http", "https"} and bool(parts.hostname))
            )
        except ValueError:
            parts, good = None, False
        if parts is not None and (parts.username or parts.password):
            # The value is not repeated: it holds a password.
            raise Problem("holds a user name or password; give the key in AI_OPENAI_KEY")
        if not good:
            raise Problem(f"= {value!r}: needs an http or https address")
        return value


@dataclass(frozen=True, slots=True)
class Choice(_Plain):
    options: tuple[str, ...]

    @property
    def range(self) -> str:
        return ", ".join(self.options)

    def from_text(self, text: str) -> object:
        return self.check(text.strip().lower())

    def check(self, value: object) -> object:
        if value not in self.options:
            raise Problem(f"= {value!r}: this version has {self.range}")
        return value


@dataclass(frozen=True, slots=True)
class Flag(_Plain):
    @property
    def range(self) -> str:
        return "true, false"

    def from_text(self, text: str) -> object:
        words = {"true": True, "1": True, "yes": True, "on": True}
        words |= {"false": False, "0": False, "no": False, "off": False}
        if text.strip().lower() not in words:
            raise Problem(f"= {text!r}: needs true or false")
        return words[text.strip().lower()]

    def check(self, value: object) -> object:
        if not isinstance(value, bool):
            raise Problem(f"= {value!r}: needs true or false")
        return value


@dataclass(frozen=True, slots=True)
class Integer(_Plain):
    minimum: int
    maximum: int

    @property
    def range(self) -> str:
        return f"{self.minimum} to {self.maximum}"

    def from_text(self, text: str) -> object:
        plain = text.strip()
        if not plain.removeprefix("-").isdecimal() or not plain.isascii() or len(plain) > 20:
            raise Problem(f"= {text!r}: needs a whole number, {self.range}")
        return self.check(int(plain))

    def check(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem(f"= {value!r}: needs a whole number, {self.range}")
        if not self.minimum <= value <= self.maximum:
            raise Problem(f"= {value}: is outside {self.range}")
        return value


@dataclass(frozen=True, slots=True)
class Day(_Plain):
    @property
    def range(self) -> str:
        return "date such as 2025-12-16"

    def from_text(self, text: str) -> object:
        try:
            return date.fromisoformat(text.strip())
        except ValueError:
            raise Problem(f"= {text!r}: needs a {self.range}") from None

    def check(self, value: object) -> object:
        if isinstance(value, str):
            return self.from_text(value)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise Problem(f"= {value!r}: needs a {self.range}")
        return value


@dataclass(frozen=True, slots=True)
class Number(_Plain):
    minimum: float
    maximum: float

    @property
    def range(self) -> str:
        return f"{self.minimum:g} to {self.maximum:g}"

    def from_text(self, text: str) -> object:
        try:
            number = float(text)
        except ValueError:
            raise Problem(f"= {text!r}: needs a number, {self.range}") from None
        return self.check(number)

    def check(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise Problem(f"= {value!r}: needs a number, {self.range}")
        if not self.minimum <= value <= self.maximum:
            raise Problem(f"= {value:g}: is outside {self.range}")
        return float(value)


@dataclass(frozen=True, slots=True)
class File:
    @property
    def range(self) -> str:
        return "path"

    def from_text(self, text: str) -> object:
        return self.check(text)

    def from_toml(self, raw: object, folder: Path) -> object:
        # A path in a file is meant from where the file stands, wherever the server is started.
        return folder / cast("Path", self.check(raw))

    def check(self, value: object) -> object:
        if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
            raise Problem(f"= {value!r}: needs a path")
        return Path(value)


@dataclass(frozen=True, slots=True)
class SecretText(_Plain):
    """A secret; with `header` one that an HTTP header can carry."""

    minimum: int = 1
    header: bool = False

    @property
    def range(self) -> str:
        return f"secret, at least {self.minimum} characters" if self.minimum > 1 else "secret"

    def from_text(self, text: str) -> object:
        return self.check(text.strip())

    def check(self, value: object) -> object:
        text = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(text, str) or len(text) < self.minimum:
            raise Problem(f"needs text of at least {self.minimum} characters")
        if self.header and not (text.isascii() and text.isprintable()):
            raise Problem("needs printable ASCII characters alone")
        return Secret(text)
