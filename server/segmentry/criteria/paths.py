"""How a place in criteria is written: `$and[0].lifetimeValue.$gte`, `["Total / month"].$lt`."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"\$?\w+")


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
