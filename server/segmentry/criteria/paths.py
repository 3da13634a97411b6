"""How a place in criteria is written: `$and[0].lifetimeValue.$gte`, `["Total / month"].$lt`."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"\$?\w+")
_NUMBERS = re.compile(r"([0-9]+)")


def member(path: str, key: str) -> str:
    """The path of a key of the object at `path`. Names with other signs are quoted in brackets.

    >>> member("$and[0]", "status")
    '$and[0].status'
    >>> member("", "Total / month")
    '["Total / month"]'
    """
    if not _PLAIN.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def item(path: str, index: int) -> str:
    """The path of an element of the list at `path`, counted from 0.

    >>> item("$and", 2)
    '$and[2]'
    """
    return f"{path}[{index}]"


def order(path: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts paths as a reader does: `$and[2]` before `$and[10]`.

    >>> sorted(["$and[10]", "$and[2]"], key=order)
    ['$and[2]', '$and[10]']
    """
    parts = _NUMBERS.split(path)
    return tuple((int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts))
