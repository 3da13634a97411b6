"""Time zones by their IANA names, the same on every machine."""

from __future__ import annotations

import zoneinfo
from functools import cache
from zoneinfo import ZoneInfo

# Files beside the zones: what this machine happens to be set to, and the placeholder of an unset one.
_NO_NAMES = frozenset({"localtime", "posixrules", "Factory"})
_NO_FOLDERS = ("posix/", "right/")


@cache
def names() -> frozenset[str]:
    """The names of the time zone database."""
    known = zoneinfo.available_timezones()
    return frozenset(each for each in known if each not in _NO_NAMES and not each.startswith(_NO_FOLDERS))


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises: ValueError for any other name, also of a file among the zones.

    >>> zone("Africa/Johannesburg").key
    'Africa/Johannesburg'
    """
    if name not in names():
        raise ValueError(f"{name!r} is not an IANA time zone such as Africa/Johannesburg")
    return ZoneInfo(name)
