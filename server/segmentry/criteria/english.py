"""Criteria as a sentence, from the names of the catalog. Deterministic, and complete about unset values.

Two trees that mean different things by their canonical form never share a sentence. So a name or a value
that could be taken for a part of the sentence is printed in double quotes, dates say whether they were
written as a day, an instant or a placeholder, and conditions in brackets are never left to precedence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import cast

from segmentry.criteria import dates, quantities
from segmentry.criteria.catalog import Catalog, Field, FieldType
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.operators import BY_OPERATOR
from segmentry.criteria.suggest import words
from segmentry.errors import InvalidPlaceholder, InvalidValue

_SIMPLE = re.compile(r"[^\W\d_][\w.@+-]*(?: [\w.@+-]+)*")
_LABEL = re.compile(r"[\w%]+(?: [\w%]+)*")
# Words that end a value, words that cannot begin one, and words that a name must not bring in.
_ENDS = frozenset({"and", "or"})
_STARTS = frozenset(
    {"not", "less", "at", "most", "more", "before", "after", "on", "one", "none", "unset", "set"}
    | {"exactly", "true", "false", "nothing"}
)
_VERBS = frozenset(
    {"and", "or", "not", "is", "does", "contains", "includes", "starts", "ends", "among", "where"}
)
_EVENT_VERBS = _VERBS | {"since", "until", "from", "with"}
_OPENERS = frozenset({"had", "in", "not", "nobody", "everyone"})


def english(node: Node, catalog: Catalog, clock: Clock) -> str:
    """The sentence for a whole tree; dates as they fall at the clock.

    >>> from datetime import UTC
    >>> golf = Catalog("golf", (Field("lastBookingAt", "datetime"), Field("status", "enum")))
    >>> old = Leaf("lastBookingAt", Operator.LT, "{{60_DAYS_AGO}}")
    >>> now = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
    >>> english(And((Leaf("status", Operator.EQ, "ACTIVE"), old)), golf, now)
    'status is ACTIVE and last booking is before 17 Oct 2025 (60 days ago)'
    """
    match node:
        case Everyone():
            return "everyone"
        case And(items):
            return _joined(items, And, catalog, clock)
        case Or(items):
            return _joined(items, Or, catalog, clock)
        case Not(inner):
            return _negated(inner, catalog, clock)
        case Leaf() | Event() | Segment() | Top():
            return english_leaf(node, catalog, clock)


def english_leaf(leaf: Leaf | Event | Segment | Top, catalog: Catalog, clock: Clock) -> str:
    """The phrase for one leaf.

    >>> from datetime import UTC
    >>> tier = Catalog("golf", (Field("membershipTier", "string"),))
    >>> english_leaf(Leaf("membershipTier", Operator.NEQ, "GOLD"), tier, Clock.at(datetime.now(UTC)))
    'membership tier is not GOLD (or unset)'
    """
    match leaf:
        case Leaf():
            return _leaf(leaf, catalog, clock, negated=False)
        case Event():
            return _event(leaf, catalog, clock)
        case Segment(segment_id, version):
            if leaf.name:
                # Names are for people and need not be unique; the id keeps two segments apart.
                which = segment_id if version is None else f"{segment_id}, version {version}"
                return f"in segment {_quoted(leaf.name)} ({which})"
            pinned = "" if version is None else f" (version {version})"
            return f"in segment {_word(segment_id)}{pinned}"
        case Top(field, percent, order, of):
            place = "top" if order == "highest" else "bottom"
            among = "" if isinstance(of, Everyone) else f" among ({english(of, catalog, clock)})"
            return f"in the {place} {quantities.number(percent)}% by {label(field, catalog)}{among}"


def _joined(items: tuple[Node, ...], kind: type[And | Or], catalog: Catalog, clock: Clock) -> str:
    parts: list[str] = []
    for item in items:
        said = english(item, catalog, clock)
        # Groups of the same kind read on; the other kind needs brackets, also when it hides in double nots.
        mixed = isinstance(_bare(item), Or if kind is And else And)
        parts.append(f"({said})" if mixed else said)
    return (" and " if kind is And else " or ").join(parts)


def _bare(node: Node) -> Node:
    """A node without what changes nothing: double negation and groups of one."""
    match node:
        case And((only,)) | Or((only,)):
            return _bare(only)
        case Not(inner):
            deeper = _bare(inner)
            return _bare(deeper.item) if isinstance(deeper, Not) else node
        case _:
            return node


def _negated(inner: Node, catalog: Catalog, clock: Clock) -> str:
    plain = _bare(inner)
    match plain:
        case Not(item):
            return english(item, catalog, clock)
        case Leaf():
            return _leaf(plain, catalog, clock, negated=True)
        case Everyone():
            return "nobody"
        case _:
            return f"not ({english(plain, catalog, clock)})"


# --- names


def label(name: str, catalog: Catalog) -> str:
    """A field in words (`lastBookingAt` is "last booking"), or its name in quotes where words would confuse.

    >>> label("homeClubId", Catalog("golf", (Field("homeClubId", "string"),)))
    'home club id'
    """
    return _field_labels(tuple((each.name, each.type) for each in catalog.fields)).get(name) or _quoted(name)


@lru_cache(maxsize=64)
def _field_labels(fields: tuple[tuple[str, FieldType], ...]) -> Mapping[str, str]:
    return _labels({name: _words(name, field_type) for name, field_type in fields})


def _words(name: str, field_type: FieldType) -> str:
    said = words(name)
    return said.removesuffix(" at") if field_type == "datetime" else said


def _labels(said: Mapping[str, str], closed: frozenset[str] = _VERBS) -> dict[str, str]:
    """Each name's words where nobody else has them and they cannot be taken for a part of a sentence."""
    users: dict[str, int] = {}
    for each in said.values():
        users[each] = users.get(each, 0) + 1
    return {
        name: each if users[each] == 1 and _clear(each, closed) else _quoted(name)
        for name, each in said.items()
    }


def _clear(said: str, closed: frozenset[str]) -> bool:
    if not _LABEL.fullmatch(said):
        return False
    parts = said.split(" ")
    return not closed & set(parts) and parts[0] not in _OPENERS


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _word(text: str) -> str:
    """A value as it stands in a sentence: plain where it is plain, else in quotes."""
    parts = text.casefold().split(" ")
    plain = _SIMPLE.fullmatch(text) and not _ENDS & set(parts) and parts[0] not in _STARTS
    return text if plain else _quoted(text)


def amount(value: Cell, field: Field | None, clock: Clock) -> str:
    """A customer's value as sentences show it: money, dates, lists in brackets, nothing as `unset`.

    >>> from datetime import UTC
    >>> now = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
    >>> amount(12345, Field("lifetimeValue", "number", unit="cents"), now), amount(["vip", "golf"], None, now)
    ('123.45', '[vip, golf]')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each, field, clock) for each in value if each is not None)}]"
    return _value(cast("Scalar", value), field, clock)


# --- leaves


def _leaf(leaf: Leaf, catalog: Catalog, clock: Clock, *, negated: bool) -> str:
    field = catalog.get(leaf.field)
    row = BY_OPERATOR[leaf.operator]
    said = label(leaf.field, catalog)
    if leaf.operator is Operator.EXISTS:
        return f"{said} {row.english if bool(leaf.value) is not negated else row.negated}"
    if row.complement is not None and negated:
        return _leaf(Leaf(leaf.field, row.complement, leaf.value), catalog, clock, negated=False)
    if leaf.value is None and leaf.operator in (Operator.EQ, Operator.NEQ):
        return f"{said} is {'unset' if leaf.operator is Operator.EQ else 'set'}"
    if isinstance(leaf.value, tuple):
        return f"{said} {_list(leaf, leaf.value, field, clock)}"
    phrase = row.phrases(field.type if field else None)[1 if negated else 0]
    value = _value(leaf.value, field, clock)
    if row.operand == "text" and isinstance(leaf.value, str):
        value = _quoted(leaf.value)
    unset = " (or unset)" if negated or leaf.operator is Operator.NEQ else ""
    return f"{said} {phrase.format(value)}{unset}"


def _list(leaf: Leaf, values: tuple[Scalar, ...], field: Field | None, clock: Clock) -> str:
    """What follows the name for a list: `is A or B`, `is one of A, B, C`, `is none of A, B (or unset)`."""
    among = leaf.operator is not Operator.NIN
    phrase = BY_OPERATOR[leaf.operator].phrases(field.type if field else None)[0]
    said = [_value(each, field, clock) for each in dict.fromkeys(values) if each is not None]
    if not said:
        if None in values:
            return "is unset" if among else "is set"
        return phrase.format("one of nothing") if among else f"{phrase.format('nothing')} (or unset)"
    if not among:
        named = phrase.format(", ".join(said))
        return f"is set and {named}" if None in values else f"{named} (or unset)"
    if None in values:
        several = said[0] if len(said) == 1 else f"one of {', '.join(said)}"
        return phrase.format(f"{several} or unset")
    return phrase.format(" or ".join(said) if len(said) <= 2 else f"one of {', '.join(said)}")


def _value(value: Scalar, field: Field | None, clock: Clock) -> str:
    match value:
        case None:
            return "unset"
        case bool():
            return "true" if value else "false"
        case datetime():
            return quantities.instant(value)
        case str():
            return _date(value, clock) if field is not None and field.type == "datetime" else _word(value)
        case int() | float():
            return quantities.number(value, field.unit if field is not None else "")


def _date(text: str, clock: Clock) -> str:
    """A day, an instant or a placeholder; each reads differently, since each means something else."""
    try:
        if dates.looks_like_placeholder(text):
            moment = dates.resolve(text, clock)
            shown = quantities.instant(moment) if text == "{{NOW}}" else quantities.day(moment, clock.zone)
            return f"{shown} ({quantities.placeholder(text)})"
        moment = dates.parse_instant(text, clock.zone)
    except (InvalidPlaceholder, InvalidValue):
        return _quoted(text)
    return quantities.written_day(text) if dates.is_date_only(text) else quantities.instant(moment)


# --- events


def _event(event: Event, catalog: Catalog, clock: Clock) -> str:
    known = event.name in catalog.event_by_name
    properties = catalog.properties_of(event.name) if known else Catalog(event.name, ())
    labels = _labels({each.name: words(each.name) for each in catalog.events}, _EVENT_VERBS)
    name = labels.get(event.name) or _quoted(event.name)
    phrase = BY_OPERATOR[event.operator].english.removeprefix("is ")
    if event.operator is Operator.EQ:
        phrase = "exactly {0}"
    elif event.operator is Operator.NEQ:
        phrase = "not exactly {0}"
    if event.of is None:
        none = event.operator is Operator.EQ and event.value == 0
        counted = "no" if none else phrase.format(f"{event.value:,}")
        said = f"had {counted} {name if event.value == 1 else quantities.plural(name)}"
    elif event.measure == "distinct":
        number, property_label = phrase.format(f"{event.value:,}"), label(event.of, properties)
        said = f"had {quantities.plural(name)} with {number} different values of {property_label}"
    else:
        summed = properties.get(event.of)
        amount = quantities.number(event.value, summed.unit if summed is not None else "")
        total = label(event.of, properties)
        said = f"had {quantities.plural(name)} with a total {total} of {phrase.format(amount)}"
    return said + _window(event, clock) + _where(event, properties, clock)


def _window(event: Event, clock: Clock) -> str:
    start, end = (
        None
        if each is None
        else quantities.instant(each)
        if isinstance(each, datetime)
        else _date(each, clock)
        for each in (event.window_start, event.window_end)
    )
    if end is None:
        return "" if start is None else f" since {start}"
    return f" until {end}" if start is None else f" from {start} until {end}"


def _where(event: Event, properties: Catalog, clock: Clock) -> str:
    if event.where is None or isinstance(event.where, Everyone):
        return ""
    return f" where ({english(event.where, properties, clock)})"
