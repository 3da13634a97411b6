"""`catalog infer`: a first draft of what the columns of a table mean, to be corrected by hand."""

import os
from pathlib import Path
from typing import Annotated

import typer

from segmentry.cli import exit_codes
from segmentry.cli.terminal import Terminal

catalog = typer.Typer(help="Say what the columns of a table mean.", no_args_is_help=True)


@catalog.callback()
def _about() -> None:
    """Say what the columns of a table mean."""


@catalog.command()
def infer(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, Parquet or Arrow table.")],
    schema: Annotated[str, typer.Option(help="The id of the table; else made of the file's name.")] = "",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Where to write; else stdout.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Errors as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
) -> int:
    """Write a catalog for a table as TOML: names, types, values, ranges, and what was noticed.

    Correct it by hand and give it as --catalog together with --data.
    """
    from segmentry.cli.session import schema_name
    from segmentry.criteria import catalog_toml
    from segmentry.customers import load

    terminal = Terminal(json=json, no_color=no_color)
    table = load.load_table(file, schema or schema_name(file.stem))
    text = catalog_toml.dumps(table.catalog)
    if output is None:
        terminal.line(text.rstrip("\n"))
    else:
        partial = output.with_name(f".{output.name}.{os.getpid()}.part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(output)
        terminal.note(f"wrote {output}: {len(table.catalog.fields)} fields of {table.rows:,} rows")
    return exit_codes.OK
