"""Where the rows of a table really are, and how their columns are read there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from segmentry.criteria.export.dialects import Dialect


@dataclass(frozen=True, slots=True)
class Readings:
    """SQL expressions over the bare columns of one table, where a plain column would not do.

    `fields` has those of fields or of an event's properties by name; an empty text is the plain column.
    """

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    key: str = ""
    time: str = ""
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The relation that serves a table, and which of its rows are the tenant's.

    Without a `relation` the table is called as the catalog; without a `tenant_column` all rows are the
    tenant's. The same column picks the rows of the events' tables. `customers` and `events`, by name, are in
    the SQL of `dialect` alone.
    """

    relation: str = ""
    tenant: str = ""
    tenant_column: str = ""
    dialect: str = ""
    customers: Readings = field(default_factory=Readings)
    events: Mapping[str, Readings] = field(default_factory=dict[str, Readings])

    def read_by(self, dialect: Dialect) -> Origin:
        """The same without expressions that the dialect does not know.

        >>> from segmentry.criteria.export.dialects import POSTGRESQL, SQLITE
        >>> origin = Origin("crm.t", dialect="postgresql", customers=Readings({"tier": '"tier"::text'}))
        >>> dict(origin.read_by(POSTGRESQL).customers.fields), dict(origin.read_by(SQLITE).customers.fields)
        ({'tier': '"tier"::text'}, {})
        """
        return self if dialect.name == self.dialect else replace(self, customers=Readings(), events={})
