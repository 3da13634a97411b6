"""Fields and tables as messages."""

from __future__ import annotations

from segmentry.criteria import operators
from segmentry.criteria.catalog import Band, Catalog, Field
from segmentry.criteria.nodes import Leaf
from segmentry.customers.store import Table
from segmentry.rpc.convert.criteria import to_struct
from segmentry.v1 import catalog_pb2 as pb


def fields(catalog: Catalog) -> list[pb.Field]:
    """Every field that callers may see, in the catalog's order."""
    return [field_message(field) for field in catalog.visible]


def field_message(field: Field) -> pb.Field:
    """One field: operators without `$`, `exists` last; the values of a personal field stay home."""
    return pb.Field(
        name=field.name,
        type=field.type,
        operators=[operator.value for operator in operators.allowed(field)],
        description=field.description,
        group=field.group,
        values=[] if field.pii else [_shown(known.value) for known in field.values],
        unit=field.unit,
        minimum=field.minimum,
        maximum=field.maximum,
        nullable=field.nullable,
        personal_data=field.pii,
        feature_allowed=_feature(field),
        bands=[band for each in field.bands for band in _bands(field, each)],
    )


def schema_message(table: Table) -> pb.Schema:
    """One table."""
    return pb.Schema(
        schema_id=table.schema_id,
        display_name=table.display_name,
        rows=table.rows,
        field_count=len(table.catalog.visible),
        snapshot_id=table.snapshot_id,
        is_default=table.is_default,
    )


def _bands(field: Field, band: Band) -> list[pb.Band]:
    criteria = to_struct(Leaf(field.name, band.operator, band.value))
    return [pb.Band(phrase=phrase, criteria=criteria) for phrase in band.phrases]


def _feature(field: Field) -> bool:
    # What a clustering may look at: quantities, and never who somebody is.
    return field.type == "number" and not field.pii and field.role != "id"


def _shown(value: str | float | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
