"""Which catalog a line is about: its inline schema, one by name, or that of the whole run."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from segmentry.criteria import dates, zones
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.customers import golf, inline
from segmentry.customers.inline import Inline
from segmentry.errors import InvalidParameters, JsonValue, SegmentryError
from segmentry.predict.faults import BadLine, of_error, said

# Enough for files that mix the schemas of a company; a line of its own each needs none.
CACHED = 64
_SCHEMA_KEYS = ("schema", "columns", "fields")
PACKAGED = "golf"


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says about all lines. `named` holds the catalogs that a line may name."""

    now: str
    zone: str = ""
    default: str = ""
    named: Mapping[str, Inline] | None = None


class Tables:
    """The catalogs and clocks of a run; each schema is read once while it is among the last `CACHED` ones."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._named = dict(given.named or {})
        self._read: OrderedDict[bytes, Inline] = OrderedDict()
        self._clocks: OrderedDict[tuple[str, str], Clock] = OrderedDict()

    def of(self, line: dict[str, JsonValue]) -> Inline:
        """The catalog of a line. Raises: BadLine."""
        key = next((key for key in _SCHEMA_KEYS if line.get(key) is not None), None)
        name = line.get("catalog")
        if key is not None:
            if name is not None:
                raise BadLine("INVALID_VALUE", "catalog", "a line has a schema or a catalog, not both")
            return self._inline(line, key)
        if name is None:
            name = self._given.default
            if not name:
                message = 'a line needs a schema, a catalog such as "golf", or --catalog for the whole file'
                raise BadLine("MISSING_FIELD", "schema", message)
        if not isinstance(name, str):
            raise BadLine("INVALID_VALUE", "catalog", f"needs the name of a catalog, got {said(name)}")
        found = self._named.get(name)
        if found is None and name == PACKAGED:
            found = self._named[name] = Inline(golf.catalog())
        if found is None:
            known = ", ".join(dict.fromkeys((PACKAGED, *self._named)))
            message = (
                f"there is no catalog {said(name)}; catalogs: {known}; --catalog FILE.toml names another"
            )
            raise BadLine("RESOURCE_NOT_FOUND", "catalog", message)
        return found

    def _inline(self, line: dict[str, JsonValue], key: str) -> Inline:
        head = {name: line[name] for name in inline.HEAD_KEYS if line.get(name) is not None}
        parts = (line[key], line.get("rows"), line.get("events"), head)
        # `repr` tells 1, 1.0, true and "1" apart, which `==` does not.
        digest = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
        found = self._read.get(digest)
        if found is not None:
            self._read.move_to_end(digest)
            return found
        try:
            found = inline.read(line[key], line.get("rows"), head=head, events=line.get("events"), at=key)
        except InvalidParameters as error:
            raise of_error(error) from error
        self._read[digest] = found
        if len(self._read) > CACHED:
            self._read.popitem(last=False)
        return found

    def clock(self, line: dict[str, JsonValue], catalog: Catalog) -> Clock:
        """The moment of a line in its own zone, else the run's, else the catalog's. Raises: BadLine."""
        now, zone = line.get("now"), line.get("tz")
        now = self._given.now if now is None else now
        zone = (self._given.zone or catalog.time_zone) if zone is None else zone
        if not isinstance(now, str):
            message = f"needs an ISO-8601 time as text such as 2025-12-16T09:00:00Z, got {said(now)}"
            raise BadLine("INVALID_VALUE", "now", message)
        if not isinstance(zone, str):
            raise BadLine("INVALID_TIME_ZONE", "tz", f"needs a time zone such as UTC, got {said(zone)}")
        known = self._clocks.get((now, zone))
        if known is None:
            known = self._clocks[now, zone] = clock(now, zone)
            if len(self._clocks) > CACHED:
                self._clocks.popitem(last=False)
        return known


def clock(now: str, zone: str) -> Clock:
    """The clock of an ISO text; the zone is that of the text, where it has none. Raises: BadLine.

    >>> clock("2025-12-16", "UTC").as_of.isoformat()
    '2025-12-16T00:00:00+00:00'
    """
    try:
        place = zones.zone(zone)
    except ValueError as error:
        raise BadLine("INVALID_TIME_ZONE", "tz", str(error)) from error
    try:
        found = Clock.at(dates.parse_instant(now.strip(), place), zone)
        # The edges of the calendar, where the zone's own date would fall outside it.
        _ = found.today
    except (SegmentryError, ValueError) as error:
        message = error.message if isinstance(error, SegmentryError) else str(error)
        raise BadLine("INVALID_VALUE", "now", f"{message}; write 2025-12-16T09:00:00Z") from error
    return found


def started() -> str:
    """The present moment, as a line would give it."""
    return dates.iso(datetime.now(UTC).replace(microsecond=0))
