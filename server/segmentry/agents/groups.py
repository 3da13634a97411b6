"""Who the specialists of a catalog are: one per group of its fields, one for what customers did."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from segmentry.agents.marks import is_plain, one_line
from segmentry.agents.operations import EVENT_OPS, allowed
from segmentry.agents.pieces import OPS, Op
from segmentry.criteria.catalog import Catalog, EventType, Field

MOST_FIELDS: Final = 10
# The oldest published bound of strict schemas is 500 values in all enums of one.
MOST_FIELDS_AT_ONCE: Final = 400
# Vendors take names of schemas up to 64 characters of [A-Za-z0-9_-].
_LONGEST_NAME: Final = 56
_UNGROUPED: Final = "fields"
_EVENTS: Final = "events"

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Group:
    """The fields and events that one specialist answers for. `name` is stable: `specialist_membership`.

    Fields are known to the model by their keys: the field's name, or `field_3` where the name is not plain
    text on one line.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    events: tuple[EventType, ...] = ()

    @cached_property
    def named(self) -> Mapping[str, str]:
        """The names of fields and events by the key that the model writes; each key once."""
        taken = {each.name for each in (*self.fields, *self.events)}
        found: dict[str, str] = {}
        for kind, names in (("field", self.fields), ("event", self.events)):
            for number, each in enumerate(names, start=1):
                found[_key(each.name, f"{kind}_{number}", taken)] = each.name
        return found

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The key of each name; the same one where a field and an event share the name."""
        return {name: key for key, name in self.named.items()}

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        """Every operation that one of its fields or events takes, in the order of `pieces.OPS`."""
        found: set[Op] = {op for field in self.fields for op in allowed(field)}
        if self.events:
            found.update(EVENT_OPS)
        return tuple(op for op in OPS if op in found)


def groups(catalog: Catalog) -> tuple[Group, ...]:
    """The specialists of a catalog: its groups in catalog order, then its events.

    Fields without a group are one of their own. A group of more than 10 is cut in catalog order. Fields that
    callers or models may not see belong to nobody.
    """
    by_group: dict[str, list[Field]] = {}
    titles: dict[str, str] = {}
    for field in _shown(catalog):
        title = one_line(field.group, 60)
        by_group.setdefault(title.casefold(), []).append(field)
        titles.setdefault(title.casefold(), title)
    found: list[Group] = []
    taken: set[str] = set()
    for key, fields in by_group.items():
        slug = _slug(titles[key]) if key else _UNGROUPED
        for title, part in _parts(titles[key] or "Fields", fields):
            found.append(Group(_free(f"specialist_{slug}", taken), title, part))
    for title, part in _parts("What customers did", catalog.events):
        found.append(Group(_free(f"specialist_{_EVENTS}", taken), title, (), part))
    return tuple(found)


def everything(catalog: Catalog) -> Group:
    """All fields and events as one group, for the one question that is compared with many.

    Of very wide tables only the first 400: no vendor takes a schema with more names.
    """
    fields = _shown(catalog)[:MOST_FIELDS_AT_ONCE]
    events = catalog.events[: MOST_FIELDS_AT_ONCE - len(fields)]
    return Group("one_shot", "All fields", fields, events)


def _shown(catalog: Catalog) -> tuple[Field, ...]:
    return tuple(field for field in catalog.visible if field.llm != "hidden")


def _parts(title: str, items: Sequence[_Item]) -> Iterator[tuple[str, tuple[_Item, ...]]]:
    for start in range(0, len(items), MOST_FIELDS):
        number = start // MOST_FIELDS + 1
        yield title if number == 1 else f"{title} {number}", tuple(items[start : start + MOST_FIELDS])


def _slug(title: str) -> str:
    """The title as part of a name that vendors take; a digest where it has no Latin letter or digit.

    >>> _slug("Identity & Contact"), _slug("Élan vital"), len(_slug("顧客"))
    ('identity_contact', 'elan_vital', 8)
    """
    folded = unicodedata.normalize("NFKD", title.casefold())
    # Marks of letters vanish, so that é stays a letter; everything else between letters is one line.
    plain = "".join(each for each in folded if not unicodedata.combining(each))
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return words[: _LONGEST_NAME - len("specialist_")].rstrip("_") or _digest(title)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _free(name: str, taken: set[str]) -> str:
    """The name, with the least number behind it that makes it new."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def _key(name: str, otherwise: str, taken: set[str]) -> str:
    if is_plain(name):
        return name
    while otherwise in taken:
        otherwise += "_"
    taken.add(otherwise)
    return otherwise
