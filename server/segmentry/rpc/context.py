"""Who asks, about which table, and when: fixed once per request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from segmentry.builder.request import Place
from segmentry.criteria import zones
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers.store import CustomerStore, Table
from segmentry.errors import InvalidTimeZone, InvalidValue, MissingField
from segmentry.rpc.call import current, request_id
from segmentry.segments.service import SegmentService

DEFAULT_TENANT = "demo"
# A zone moves a date by up to a day, and a phrase such as "the week after next" by two weeks.
_EARLIEST = datetime(1, 2, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 1, tzinfo=UTC)


_WHAT = {"etag": "the etag of what was read"}


class TenantRequest(Protocol):
    """Every request of the contract names its tenant."""

    @property
    def tenant_id(self) -> str: ...


class TimedRequest(Protocol):
    """A request that may say from when relative dates count."""

    @property
    def as_of(self) -> Timestamp: ...

    def HasField(self, field_name: Literal["as_of"]) -> bool: ...  # noqa: N802  # protobuf's own name


class ZonedRequest(TimedRequest, Protocol):
    """A request that may also say in which zone days begin."""

    @property
    def time_zone(self) -> str: ...


class TableRequest(TenantRequest, ZonedRequest, Protocol):
    """A request about one table (CTX in the contract)."""

    @property
    def schema_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The tenant, its table and the clock of one request.

    `store` is the table at the version that `table` describes: a refresh in the middle changes nothing.
    """

    tenant: str
    table: Table
    clock: Clock
    request_id: str
    store: CustomerStore

    @property
    def schema_id(self) -> str:
        return self.table.schema_id

    @property
    def catalog(self) -> Catalog:
        return self.table.catalog


def tenant_of(request: TenantRequest) -> str:
    """The tenant of a request. Without authentication the body names it, and empty means `demo`.

    Raises: InvalidValue when it holds NUL.
    """
    tenant = plain(request.tenant_id, "tenant_id") or DEFAULT_TENANT
    call = current()
    if call is not None:
        call.tenant = tenant
    return tenant


def plain(text: str, field: str) -> str:
    """The text of that field of a request, which the store can look up: no text there holds NUL.

    Raises: InvalidValue.
    """
    if "\0" in text:
        raise InvalidValue(f"{field} holds a NUL character; leave it out", field=field, problem="range")
    return text


def required(text: str, field: str) -> str:
    """The text of a field that a call cannot do without, such as an id or an etag.

    Raises: MissingField when it is empty; InvalidValue when it holds NUL.
    """
    if not text:
        raise MissingField(f"{field} is needed: {_WHAT.get(field, 'the id that a list shows')}", field=field)
    return plain(text, field)


async def resolve(request: TableRequest, store: CustomerStore, now: datetime | None = None) -> RequestContext:
    """Look up the request's table and fix its clock.

    `now` replaces the server's clock when the request names no `as_of`.

    Raises: NotFound for an unknown tenant or schema; InvalidTimeZone; InvalidValue for an instant that
    is not within years 1-9999, or within a month of their ends.
    """
    tenant = tenant_of(request)
    pinned = await store.pinned(tenant, request.schema_id)
    table = await pinned.table(tenant, request.schema_id)
    clock = clock_of(request, table.catalog.time_zone, now)
    return RequestContext(tenant, table, clock, request_id(), pinned)


async def place(where: RequestContext, segments: SegmentService, *nodes: Node) -> Place:
    """Where those trees are checked: the request's table and clock, and the saved segments that they name.

    Raises: as `SegmentService.saved`.
    """
    saved = await segments.saved(where.tenant, where.schema_id, *nodes)
    return Place(where.tenant, where.schema_id, where.catalog, where.clock, saved)


def clock_of(request: ZonedRequest, default_zone: str, now: datetime | None = None) -> Clock:
    """The clock of a request: its `as_of` and `time_zone`, else now and the table's zone."""
    return Clock(instant_of(request, now), _zone(request.time_zone or default_zone))


def instant_of(request: TimedRequest, now: datetime | None = None) -> datetime:
    """The `as_of` of a request, else `now`, else the server's clock.

    Raises: InvalidValue for an instant that is not within years 1-9999, or within a month of their ends.
    """
    if not request.HasField("as_of"):
        return (now or datetime.now(UTC)).replace(microsecond=0)
    stamp = request.as_of
    try:
        if not 0 <= stamp.nanos < 1_000_000_000:
            raise ValueError
        as_of = datetime.fromtimestamp(stamp.seconds, UTC)
        if not _EARLIEST <= as_of <= _LATEST:
            raise ValueError
    except (ValueError, OverflowError, OSError) as err:
        message = f"as_of is not an instant between {_EARLIEST.date()} and {_LATEST.date()}"
        raise InvalidValue(message, field="as_of", problem="range") from err
    return as_of


def _zone(name: str) -> ZoneInfo:
    try:
        return zones.zone(name)
    except ValueError as err:
        raise InvalidTimeZone(
            f"unknown time zone {name!r}; use an IANA name such as Africa/Johannesburg",
            field="time_zone",
            timeZone=name,
        ) from err
