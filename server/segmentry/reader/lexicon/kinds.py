"""What may begin at a word, as bits: a construction is tried only where one of its own stands.

Plain integers, because `IntFlag` takes ten times as long to join, and a join is made at every word.
"""

from __future__ import annotations

from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.lexicon.phrases import Entry

FIELD: Final = 1  # any field, however loosely named
NUMBER: Final = 2
DATE: Final = 4  # a field of points in time, or an event that names one
FLAG: Final = 8  # a field that answers yes or no, or that has a value for none
LISTED: Final = 16  # a field of which values may be said
TEXT: Final = 32
VALUE: Final = 64
BAND: Final = 128
CHANNEL: Final = 256
COMPARATIVE: Final = 512
MOMENT: Final = 1024
EVENT: Final = 2048
COMPARISON: Final = 4096  # a comparison with a number
PERIOD: Final = 8192  # a date phrase

_NONE = frozenset({"no", "none", "never"})
_OF_ENTRY: Final = {
    "field": FIELD,
    "value": VALUE,
    "band": BAND,
    "channel": CHANNEL,
    "comparative": COMPARATIVE,
    "moment": MOMENT | DATE,
    "event": EVENT,
}


def of_field(field: Field) -> int:
    """The bits of an entry that names this field."""
    bits = 0
    truth = truth_values(field)
    kinds_of = {str(item.value).casefold() for item in field.values}
    if field.type == "number":
        bits |= NUMBER
    if field.type == "datetime":
        bits |= DATE
    if field.type in ("string", "array", "enum"):
        bits |= TEXT
    if truth is not None or (bits & TEXT and _NONE & kinds_of):
        bits |= FLAG
    if truth is None and (bits & TEXT or (bits & NUMBER and field.values)):
        bits |= LISTED
    return bits


def of_entry(entry: Entry, field_bits: int) -> int:
    """The bits of one entry; `field_bits` are those of its field (0 for an event)."""
    own = _OF_ENTRY[entry.kind]
    return own | field_bits if entry.kind in ("field", "comparative") else own
