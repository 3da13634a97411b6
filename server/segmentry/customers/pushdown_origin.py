"""How a table that a database serves is read there, for exports of the criteria that it counts."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.dialects import Dialect
from segmentry.criteria.export.origin import Origin, Readings
from segmentry.criteria.export.sql import quoted
from segmentry.customers.binding import KEY, TIME, Binding, Place, View


def origin(binding: Binding, catalog: Catalog, place: Place, dialect: Dialect) -> Origin:
    """What an export needs to read the same rows alike: `catalog` is the one with the real columns."""
    fields = {
        mine.name: (mine.compared_column, bound.compared_column)
        for mine, bound in zip(catalog.fields, binding.catalog.fields, strict=True)
    }
    events = {
        mine.name: _readings(
            binding.events[mine.name],
            {
                each.name: (each.column_name, alias.column_name)
                for each, alias in zip(mine.properties, bound.properties, strict=True)
            },
            mine.key_column or catalog.key_column,
            mine.time_column,
            dialect,
        )
        for mine, bound in zip(catalog.events, binding.catalog.events, strict=True)
        if mine.name in binding.events
    }
    customers = _readings(binding.customers, fields, catalog.key_column, "", dialect)
    return Origin(place.relation, place.tenant, place.tenant_column, dialect.name, customers, events)


def _readings(
    view: View, fields: Mapping[str, tuple[str, str]], key: str, time: str, dialect: Dialect
) -> Readings:
    """The expressions of a view that are more than the column; `fields` has columns and aliases by name."""

    def read(alias: str, column: str) -> str:
        text = view.columns.get(alias, "")
        return "" if text == quoted(column, dialect) else text

    texts = {name: read(alias, column) for name, (column, alias) in fields.items()}
    return Readings(
        {name: text for name, text in texts.items() if text}, read(KEY, key), read(TIME, time), view.tenant
    )
