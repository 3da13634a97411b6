"""`catalog infer`: a first draft of what the columns of a table mean, to be corrected by hand."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import exit_codes
from segmentry.cli.problems import usage
from segmentry.cli.terminal import Terminal

if TYPE_CHECKING:
    from segmentry.criteria.catalog import Catalog
    from segmentry.customers.snapshot import Snapshot

catalog = typer.Typer(help="Say what the columns of a table mean.", no_args_is_help=True)


@catalog.callback()
def _about() -> None:
    """Say what the columns of a table mean."""


@catalog.command()
def infer(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|DSN", help="A CSV, Parquet or Arrow table, or a PostgreSQL database."),
    ],
    table: Annotated[
        str, typer.Option(metavar="crm.customers", help="With a DSN: the table or view in the database.")
    ] = "",
    tenant_column: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The column that tells tenants apart: it is no field, so left out."
        ),
    ] = "",
    schema: Annotated[str, typer.Option(help="The id of the table; else made of the file's name.")] = "",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Where to write; else stdout.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Errors as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
) -> int:
    """Write a catalog for a table as TOML: names, types, values, ranges, synonyms, units, doubts.

    Correct it by hand and give it as --catalog together with --data.
    """
    from segmentry.cli.session import schema_name
    from segmentry.criteria import catalog_toml
    from segmentry.reader.lexicon import proposals

    terminal = Terminal(json=json, no_color=no_color)
    if source.startswith(("postgresql://", "postgres://")):
        schema_id = schema or schema_name(table.rpartition(".")[2])
        snapshot = asyncio.run(_relation(source, table, schema_id, tenant_column))
    elif table:
        raise usage("--table is for a database; name it by a DSN such as postgresql://user@host/database")
    else:
        from segmentry.customers import load

        snapshot = load.load_table(Path(source), schema or schema_name(Path(source).stem))
    found = proposals.propose(_without(snapshot.catalog, tenant_column))
    # Who gives the file to a server has read it: from then on its values are listed ones.
    text = catalog_toml.dumps(_listed(found))
    if output is None:
        terminal.line(text.rstrip("\n"))
    else:
        partial = output.with_name(f".{output.name}.{os.getpid()}.part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(output)
        terminal.note(f"wrote {output}: {len(found.fields)} fields of {snapshot.rows:,} rows")
    return exit_codes.OK


def _listed(catalog: "Catalog") -> "Catalog":
    """The catalog with the values that rows have as values that somebody listed."""
    fields = (
        replace(field, values=tuple(replace(each, sampled=False) for each in field.values))
        for field in catalog.fields
    )
    return catalog.replace_fields(tuple(fields))


def _without(catalog: "Catalog", tenant_column: str) -> "Catalog":
    """The catalog without that field, which a file has as one."""
    return catalog.replace_fields(tuple(each for each in catalog.fields if each.name != tenant_column))


async def _relation(dsn: str, table: str, schema_id: str, tenant_column: str) -> "Snapshot":
    """Every row of a relation, with the catalog that was inferred from them."""
    from segmentry.customers.postgres_source import PostgresSource, Relation

    if not table:
        raise usage("a database has many tables: name one with --table, such as --table crm.customers")
    return await PostgresSource(Relation(dsn, table), schema_id, left_out=tenant_column).load()
