"""A catalog from an inline schema: names and types as a person writes them, and sample rows if there are any.

`segmentry predict` and the evaluation read schemas here. Nothing of the rows is stored or logged; their
values become words of this one catalog.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from segmentry.criteria import catalog_toml, suggest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers import inline_cells, inline_fields, inline_items
from segmentry.customers.inline_items import Faults
from segmentry.errors import InvalidParameters, JsonValue

# What may stand beside the schema, as in the head of a catalog file.
HEAD_KEYS = ("locale", "entity_nouns", "time_zone", "display_name", "key")


@dataclass(frozen=True, slots=True)
class Inline:
    """A schema as a catalog, and what was noticed: keys not read, columns left out, types corrected."""

    catalog: Catalog
    notes: tuple[str, ...] = ()


def catalog(schema: JsonValue, rows: JsonValue = None) -> Catalog:
    """The catalog of an inline schema with its sample rows. Raises: as `read`.

    >>> found = catalog([{"name": "Churn", "type": "varchar(3)"}], [{"Churn": "Yes"}, {"Churn": "No"}])
    >>> found.fields[0].boolean_like, [each.value for each in found.fields[0].values]
    (True, ['Yes', 'No'])
    """
    return read(schema, rows).catalog


def read(
    schema: JsonValue,
    rows: JsonValue = None,
    *,
    head: Mapping[str, JsonValue] | None = None,
    events: JsonValue = None,
    at: str = "schema",
) -> Inline:
    """The catalog of an inline schema, with notes.

    `schema` is a list of objects with `name` and `type`, or an object of names and types. A name is legal
    unless it is empty, used twice or starts with `$`; it is the key of criteria, verbatim. `rows` are objects
    by column name: their values correct a declared type that none of them has, and give string columns their
    words, the 500 most frequent ones. `head` has keys of `HEAD_KEYS`, `events` the tables `[[event]]` of a
    catalog file, and `at` is what paths begin with.

    Raises: InvalidParameters with one violation per fault; `field` is the path, such as `schema[2].type`.
    """
    faults = Faults()
    items = inline_items.read(schema, faults, at)
    if faults.items:
        raise faults.error()
    cells = inline_cells.columns(rows, [item.name for item in items])
    fields = [inline_fields.field(item, own, faults) for item, own in zip(items, cells, strict=True)]
    rest = _rest(head or {}, events, faults)
    if faults.items:
        raise faults.error()
    return Inline(replace(rest, fields=tuple(_own_words(fields))), tuple(faults.notes))


def _own_words(fields: list[Field]) -> list[Field]:
    """The fields without synonyms made of their names where another column has that name."""
    names = Counter(suggest.words(field.name) for field in fields)
    found: list[Field] = []
    for field in fields:
        own = suggest.words(field.name)
        kept = tuple(each for each in field.synonyms if each == own or not names[suggest.words(each)])
        found.append(field if kept == field.synonyms else replace(field, synonyms=kept))
    return found


def _rest(head: Mapping[str, JsonValue], events: JsonValue, faults: Faults) -> Catalog:
    """A catalog without fields, of what stands beside the schema."""
    said = {key: head[key] for key in HEAD_KEYS if head.get(key) is not None}
    if not said and events is None:
        return Catalog("inline", ())
    # A catalog file needs a field; this one is replaced.
    raw: dict[str, JsonValue] = {"catalog": dict(said), "field": [{"name": "column", "type": "string"}]}
    if events is not None:
        raw["event"] = events
    try:
        return replace(catalog_toml.from_mapping(raw), schema="inline")
    except InvalidParameters as error:
        for each in error.violations:
            inner = each.field.removeprefix("catalog.")
            path = inner if not inner.startswith("event") else "events" + inner.removeprefix("event")
            faults.add(path, each.message.removeprefix(f"{each.field}: "), each.reason)
        return Catalog("inline", ())
