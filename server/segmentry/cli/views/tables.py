"""Fields and tables in columns."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.cli.terminal import Terminal, printable
from segmentry.cli.views.lines import columns
from segmentry.v1 import catalog_pb2

_MOST_VALUES = 6


def fields(found: Sequence[catalog_pb2.Field], terminal: Terminal) -> None:
    """One line per field: name, type, operators, what it means."""
    rows = [("FIELD", "TYPE", "OPERATORS", "MEANING")]
    for field in found:
        meaning = field.description
        if field.values:
            shown = ", ".join(field.values[:_MOST_VALUES])
            more = f" and {len(field.values) - _MOST_VALUES} more" if len(field.values) > _MOST_VALUES else ""
            meaning = f"{meaning} ({shown}{more})" if meaning else f"{shown}{more}"
        if field.unit:
            meaning = f"{meaning} [{field.unit}]".strip()
        rows.append((field.name, field.type, " ".join(field.operators), meaning))
    _print(rows, terminal)


def schemas(found: Sequence[catalog_pb2.Schema], terminal: Terminal) -> None:
    """One line per table: id, rows, fields, name."""
    rows = [
        (
            schema.schema_id,
            f"{schema.rows:,}" if schema.HasField("rows") else "",
            f"{schema.field_count:,}" if schema.HasField("field_count") else "",
            f"{schema.display_name}{' (default)' if schema.is_default else ''}",
        )
        for schema in found
    ]
    _print([("SCHEMA", "ROWS", "FIELDS", "NAME"), *rows], terminal, right=(1, 2))


def _print(rows: Sequence[tuple[str, ...]], terminal: Terminal, *, right: Sequence[int] = ()) -> None:
    head, *lines = columns([[printable(cell) for cell in row] for row in rows], right=right)
    terminal.line(terminal.style(head, "bold"))
    for line in lines:
        terminal.line(line)
