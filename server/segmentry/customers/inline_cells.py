"""What the sample rows of an inline schema hold, column by column; plain Python, so no engine starts."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from segmentry.criteria import paths
from segmentry.errors import InvalidParameters, JsonValue, Violation

_ISO = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SEPARATORS = re.compile(r"\s*[;|]\s*")
# A cell that says "nothing here" in a file without types; NA stays, it is Namibia.
_UNSET = frozenset({"", "null", "nan", "n/a", "#n/a", "<na>", "nat"})


@dataclass(slots=True)
class Cells:
    """The set values of one column, counted by kind; `texts` and `elements` say how often each occurs."""

    texts: Counter[str] = field(default_factory=Counter[str])
    numbers: Counter[int | float] = field(default_factory=Counter[int | float])
    elements: Counter[str] = field(default_factory=Counter[str])
    n_booleans: int = 0
    n_lists: int = 0
    n_objects: int = 0

    @property
    def n_texts(self) -> int:
        return self.texts.total()

    @property
    def n_numbers(self) -> int:
        return self.numbers.total()

    @property
    def n_set(self) -> int:
        return self.n_texts + self.n_numbers + self.n_booleans + self.n_lists + self.n_objects

    def add(self, value: JsonValue) -> None:
        """Count one cell. Null, NaN and texts that stand for nothing are unset."""
        match value:
            case None:
                pass
            case bool():
                self.n_booleans += 1
            case int() | float():
                if not isinstance(value, float) or math.isfinite(value):
                    self.numbers[value] += 1
            case str():
                # Kept with the blanks around it: criteria have to equal what is stored.
                if value.strip().casefold() not in _UNSET:
                    self.texts[value] += 1
            case list():
                self.n_lists += 1
                self.elements.update(str(each) for each in value if isinstance(each, str | int | float))
            case dict():
                self.n_objects += 1

    @property
    def whole_numbers(self) -> bool:
        """Whether there are numbers and all of them are whole, also those that pandas writes as 34.0."""
        return bool(self.numbers) and all(isinstance(each, int) or each.is_integer() for each in self.numbers)

    def texts_are(self, pattern: re.Pattern[str], least: float = 1.0) -> bool:
        """Whether at least that share of the texts is of a form."""
        if not self.texts:
            return False
        fitting = sum(n for text, n in self.texts.items() if pattern.fullmatch(text.strip()))
        return fitting >= least * self.n_texts

    @property
    def dates(self) -> bool:
        """Whether the texts are ISO dates or times."""
        return self.texts_are(_ISO)

    @property
    def numeric_texts(self) -> bool:
        """Whether most texts are numbers written as text."""
        return self.texts_are(_NUMBER, 0.5)

    def listed_texts(self) -> Counter[str]:
        """The elements of lists that are written as text: JSON lists, or separated by `;` or `|`."""
        found: Counter[str] = Counter()
        for text, n in self.texts.items():
            for element in _elements(text):
                found[element] += n
        return found


def _elements(text: str) -> Iterable[str]:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        try:
            decoded: JsonValue = json.loads(text)
        except (ValueError, RecursionError):
            decoded = None
        if isinstance(decoded, list):
            return [str(each) for each in decoded if isinstance(each, str | int | float)]
        return [part for part in (each.strip(" '\"") for each in text[1:-1].split(",")) if part]
    separated = (
        _SEPARATORS.split(text) if re.search("[;|]", text) else [each.strip() for each in text.split(",")]
    )
    return [part for part in separated if part]


def columns(rows: JsonValue, names: Sequence[str], at: str = "rows") -> list[Cells]:
    """The cells of each named column, in the order of the names.

    Rows are objects by column name, or lists in the order of the names; an object of columns with their lists
    is taken too. A column that no row has by its exact name is looked for in another case, and, where its
    name has dots, inside nested objects. Missing keys are unset.

    Raises: InvalidParameters with the path of what is none of these.
    """
    found = [Cells() for _ in names]
    if rows is None:
        return found
    if isinstance(rows, dict):
        by_column = _by_column(rows, at)
        keys = _keys(names, by_column)
        for cells, key in zip(found, keys, strict=True):
            for value in by_column.get(key, ()) if isinstance(key, str) else ():
                cells.add(value)
        return found
    if not isinstance(rows, list):
        raise _fault(at, 'needs a list of objects, such as [{"city": "Paris"}]')
    seen: dict[str, JsonValue] = {}
    for row in rows:
        if isinstance(row, dict):
            seen.update(row)
    keys = _keys(names, seen)
    for index, row in enumerate(rows):
        if isinstance(row, dict):
            for cells, key in zip(found, keys, strict=True):
                cells.add(row.get(key) if isinstance(key, str) else _nested(row, key))
        elif isinstance(row, list) and len(row) == len(names):
            for cells, value in zip(found, row, strict=True):
                cells.add(value)
        elif row is not None:
            what = f"a list of {len(row)}" if isinstance(row, list) else "no object"
            raise _fault(paths.item(at, index), f"is {what}; a row is an object by column name")
    return found


def _by_column(rows: dict[str, JsonValue], at: str) -> dict[str, list[JsonValue]]:
    for key, each in rows.items():
        if not isinstance(each, list):
            raise _fault(paths.member(at, key), "needs a list; rows are a list of objects by column name")
    return cast("dict[str, list[JsonValue]]", rows)


def _keys(
    names: Sequence[str], seen: Mapping[str, JsonValue] | Mapping[str, list[JsonValue]]
) -> list[str | tuple[str, ...]]:
    """How each name is written in the rows: a key, or the keys of nested objects."""
    folded: dict[str, list[str]] = {}
    for key in seen:
        folded.setdefault(key.strip().casefold(), []).append(key)
    keys: list[str | tuple[str, ...]] = []
    for name in names:
        alike = [key for key in folded.get(name.strip().casefold(), []) if key not in names]
        if name in seen:
            keys.append(name)
        elif len(alike) == 1:
            keys.append(alike[0])
        elif "." in name and isinstance(seen.get(name.split(".")[0]), dict):
            keys.append(tuple(name.split(".")))
        else:
            keys.append(name)
    return keys


def _nested(row: dict[str, JsonValue], steps: tuple[str, ...]) -> JsonValue:
    found: JsonValue = row
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _fault(path: str, message: str) -> InvalidParameters:
    return InvalidParameters(
        f"{path} {message}", violations=[Violation(path, "INVALID_VALUE", f"{path} {message}")]
    )
