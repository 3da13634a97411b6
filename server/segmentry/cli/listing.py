"""`fields` and `schemas`: what can be asked, and of which tables."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmentry.cli.session import Session


async def fields(session: "Session") -> None:
    """List the fields of a table with their types and operators."""
    from segmentry_client import to_dict

    from segmentry.cli.views import tables

    async with session.client() as client:
        found = await client.list_fields(timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value({"fields": [to_dict(field) for field in found]})
    else:
        tables.fields(found, session.terminal)


async def schemas(session: "Session") -> None:
    """List the customer tables of the tenant with their sizes."""
    from segmentry_client import to_dict

    from segmentry.cli.views import tables

    async with session.client() as client:
        found = await client.list_schemas(timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value({"schemas": [to_dict(schema) for schema in found]})
    else:
        tables.schemas(found, session.terminal)
