"""What each field is good for: its role, and the advice of the table in docs/analysis.

The class (numeric or categorical) is the declared type's alone, see `statistics.kind_of`. The role decides
how a field is prepared and never changes the class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import words
from segmentry.analysis.alike import Alikeness
from segmentry.analysis.events import FieldNote, Notice
from segmentry.analysis.parameters import Role
from segmentry.analysis.statistics import kind_of
from segmentry.analysis.table import Column, FeatureTable, Levels, Numbers
from segmentry.criteria.catalog import Field

ADVICE_ROWS = 20_000
SUGGESTED = 8
MAX_LEVELS = 50
# A code has few values that many rows share: in a table of ten rows every column of numbers has few.
MOST_CODES = 12
ROWS_PER_CODE = 5

_ID_NAME = re.compile(r"(^|[^a-z])(id|key|no|nr|number|uuid|guid)$")
_OUTCOME = re.compile(
    r"^(is|has|was|did)?(churn(ed)?|attrited|attrition|target|label|y|converted|conversion|outcome|response|class)$"
)
_COUNT_NAME = re.compile(
    r"count|number|num|visits|orders|bookings|opens|clicks|returns|purchases|days|months|years|"
    r"size|quantity|qty|score|rating|age|children|kids|members|times|contacts|total|tenure"
)
# Counts and sums of what customers do.
_DEED_NAME = re.compile(
    r"visits|orders|bookings|opens|clicks|returns|purchases|transactions|sessions|logins|calls|rounds|stays|trips|"
    r"spen[dt]|sales|revenue|amount|charges|value|total|basket"
)
# Numbers that name a place or a line: their size means nothing, and there are too many for categories.
_PLACE_NAME = re.compile(
    r"(zip|zip code|postal|postal code|post code|postcode|plz|area code|dial code|fips|phone)$"
)
_CALENDAR = {"day": (1, 31), "month": (1, 12), "hour": (0, 23), "weekday": (0, 7), "dayofweek": (0, 7)}
_MONTHS = frozenset(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
_PERSONAL = re.compile(
    r"^(?:[^@\s]+@[^@\s]+\.[^@\s]+|\+?[\d][\d\s().-]{7,}\d|"
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What is known of one field. `notes` are (reason, sentence), gravest first; `excluded` says that
    the default set of features leaves it out; `preferred` marks a good quantity; `sentinel` is the number
    that stands for "unset"."""

    field: Field
    role: Role
    notes: tuple[tuple[str, str], ...]
    excluded: bool
    preferred: bool
    distinct: int
    sentinel: float | None = None


def advise(table: FeatureTable, roles: Mapping[str, Role] | None = None) -> dict[str, Advice]:
    """Advice on every field of the table, in catalog order, from at most 20,000 of its rows.

    `roles` are what the caller takes fields for: what speaks against such a role is not said.
    """
    sample = table.spread(ADVICE_ROWS)
    said = roles or {}
    return {
        name: _advise(column, sample.rows, _sentinel(table.columns[name]), said.get(name))
        for name, column in sample.columns.items()
    }


def choose_features(
    advice: Mapping[str, Advice],
    included: Sequence[str] | None,
    left_out: Sequence[str] = (),
    alike: Alikeness | None = None,
) -> tuple[tuple[str, ...], tuple[FieldNote, ...]]:
    """The fields to cluster on, and what is worth knowing of each field, an empty reason where nothing is.

    An explicit list is obeyed except for fields that carry no information at all; None takes every
    numeric field that is not advised against. Of two chosen fields that are `alike` one is noted.
    """
    if included is None:
        chosen = [
            name
            for name, each in advice.items()
            if kind_of(each.field.type) == "numeric" and not each.excluded
        ]
    else:
        chosen = [name for name in included if name in advice and not _unusable(advice[name])]
    notes: list[FieldNote] = []
    twins = alike.twins(chosen) if alike else {}
    for name, each in advice.items():
        said = list(each.notes)
        if name in twins:
            text = f"{name} says nearly the same as {twins[name]}: together they count twice"
            said.append(("LEAKAGE", text))
        if not said:
            said = [("", f"{name} is used" if name in chosen else f"{name} is not used")]
        notes += [FieldNote(name, reason, text, name in chosen, each.role) for reason, text in said]
    for name in included or ():
        if name in left_out:
            notes.append(
                FieldNote(name, "FIELD_DROPPED", f"{name} holds lists, which have no distance", used=False)
            )
        elif name not in chosen:
            reason = advice[name].notes[0][1] if advice[name].notes else "nothing to compare"
            text = f"{name} was left out: {reason}"
            notes.append(FieldNote(name, "FIELD_DROPPED", text, used=False, role=advice[name].role))
    return tuple(chosen), tuple(notes)


def describing(names: Sequence[str], advice: Mapping[str, Advice]) -> tuple[tuple[str, ...], list[Notice]]:
    """Those of the named fields that may describe members, and a notice for each of the others.

    An outcome may: it is no reason for a segment, and what a segment is looked at for.
    """
    kept: list[str] = []
    dropped: list[Notice] = []
    for name in names:
        each = advice.get(name)
        reasons = {reason for reason, _ in each.notes} if each else {"LISTS"}
        if each is None or _unusable(each) or reasons & {"PERSONAL_DATA", "IDENTIFIER"}:
            why = each.notes[0][1] if each and each.notes else f"{name} has no values that could be compared"
            dropped.append(Notice("FIELD_DROPPED", f"{name} describes no segment: {why}", "profile_fields"))
        else:
            kept.append(name)
    return tuple(kept), dropped


def suggested_features(advice: Mapping[str, Advice], alike: Alikeness) -> tuple[str, ...]:
    """Up to 8 fields, no two alike: good quantities, then other ones, then flags and small categories."""

    def rank(each: Advice) -> int:
        if each.preferred:
            return 0
        return {"QUANTITY": 1, "FLAG": 2, "CATEGORY": 3, "CODE": 3}.get(each.role, 4)

    usable = sorted(
        (rank(each), position, name)
        for position, (name, each) in enumerate(advice.items())
        if not each.excluded and rank(each) < 4 and (rank(each) < 2 or each.distinct <= 8)
    )
    return alike.unlike([name for _, _, name in usable], SUGGESTED)


def _unusable(advice: Advice) -> bool:
    """Nothing can be made of it, even when it is asked for: no value, one value, or endless text."""
    reasons = {reason for reason, _ in advice.notes}
    endless = kind_of(advice.field.type) == "categorical" and advice.role in ("TEXT", "IDENTIFIER")
    return bool(reasons & {"ALL_NULL", "CONSTANT"}) or endless


def _advise(
    column: Column, rows: int, sentinel: tuple[float, int] | None, said: Role | None = None
) -> Advice:
    """Advice from a sample of the rows. `sentinel` is one and the rows of the whole table that hold it;
    `said` is the role that the caller gave."""
    field = column.field
    missing, distinct, commonest = _shape(column)
    present = rows - missing
    notes: list[tuple[str, str]] = []
    excluded = False
    if present == 0:
        notes.append(("ALL_NULL", f"{field.name} has no value in any row"))
        return Advice(field, said or _role(column, distinct), tuple(notes), True, False, 0)
    role = said or _role(column, distinct)
    if said in ("IDENTIFIER", "TEXT"):
        excluded = True
    elif said is None and _identifier(column, distinct, present):
        role, excluded = "IDENTIFIER", True
        notes.append(("IDENTIFIER", f"{field.name} tells customers apart one by one: it is not a feature"))
    if field.pii or _personal(column):
        excluded = True
        notes.append(("PERSONAL_DATA", f"{field.name} holds personal data"))
    if _outcome(column, distinct):
        excluded = True
        notes.append(
            ("LEAKAGE", f"{field.name} looks like an outcome, which segments should not be made from")
        )
    endless = "" if said or role == "IDENTIFIER" else _endless(column, distinct, present)
    if endless:
        role, excluded = ("CODE" if isinstance(column, Numbers) else role), True
        notes.append(("HIGH_CARDINALITY", endless))
    if distinct == 1:
        excluded = True
        notes.append(("CONSTANT", f"{field.name} has the same value in every row that has one"))
    elif commonest / present >= 0.99:
        notes.append(
            ("NEAR_CONSTANT", f"{field.name} has one value in {100 * commonest / present:.1f} % of rows")
        )
    cautions = [] if said else _cautions(column, role, distinct)
    notes.extend(cautions)
    for reason, _ in cautions:
        if reason == "CODE_LIKE":
            role, sentinel = "CODE", None
        excluded |= reason == "CALENDAR_PART" and isinstance(column, Numbers)
    if role != "QUANTITY":
        sentinel = None
    if sentinel:
        value, held = sentinel
        where = words.many(held, "row")
        text = f"{field.name}: {value:g} read as unset in {where}, as no other value is negative"
        notes.append(("SENTINEL", text))
    if missing / rows > 0.4:
        notes.append(("MOSTLY_NULL", f"{field.name} is unset in {100 * missing / rows:.0f} % of rows"))
    preferred = not notes and role == "QUANTITY" and distinct >= 20 and missing / rows <= 0.05
    if preferred:
        notes.append(_praise(field, distinct))
    read = [each for each in field.notes if each.startswith("read as number")]
    notes.extend(("TEXT_READ_AS_NUMBER", f"{field.name}: {each}") for each in read)
    return Advice(field, role, tuple(notes), excluded, preferred, distinct, sentinel[0] if sentinel else None)


def _endless(column: Column, distinct: int, present: int) -> str:
    """Why a field has too many values to tell customers apart by; empty when it has not."""
    name = column.field.name
    if isinstance(column, Numbers):
        place = distinct > 20 and _whole(column) and _names_a_place(name)
        return f"{name} names {distinct:,} places: its size means nothing" if place else ""
    covered = np.sort(column.counts)[::-1][:20].sum() / present
    many = distinct > MAX_LEVELS or (distinct > 20 and covered < 0.8)
    return f"{name} has {distinct:,} different values" if many else ""


def _praise(field: Field, distinct: int) -> tuple[str, str]:
    """Why a quantity with many values and few gaps is preferred."""
    if field.window_days or _DEED_NAME.search(_spaced(field.name)):
        return "BEHAVIOURAL", f"{field.name} tells what customers do, with few gaps"
    return "GOOD_QUANTITY", f"{field.name} is a quantity with {distinct:,} values and few gaps"


def _shape(column: Column) -> tuple[int, int, int]:
    """Rows without a value, number of distinct values, rows with the commonest one."""
    if isinstance(column, Levels):
        counts = column.counts
        commonest = int(counts.max()) if len(counts) else 0
        return int(np.count_nonzero(column.codes < 0)), int(np.count_nonzero(counts)), commonest
    _, counts = np.unique(column.values[column.finite], return_counts=True)
    return int(np.count_nonzero(~column.finite)), len(counts), int(counts.max()) if len(counts) else 0


def _role(column: Column, distinct: int) -> Role:
    field = column.field
    if isinstance(column, Levels):
        if field.type == "boolean" or (field.boolean_like and distinct <= 2):
            return "FLAG"
        return "TEXT" if distinct > MAX_LEVELS and field.type != "enum" else "CATEGORY"
    if field.type == "datetime":
        return "DATE"
    if distinct == 2 and set(np.unique(column.values[column.finite])) == {0.0, 1.0}:
        return "FLAG"
    return "QUANTITY"


def _identifier(column: Column, distinct: int, present: int) -> bool:
    field = column.field
    if field.role == "id":
        return True
    if present < 20 or distinct / present < 0.95:
        return False
    if isinstance(column, Levels):
        return True
    if field.type == "datetime" or not _whole(column):
        return False
    gaps = np.diff(np.unique(column.present))
    named = bool(_ID_NAME.search(_spaced(field.name)))
    return named or (len(gaps) > 0 and bool(np.all(gaps == 1)))


def _outcome(column: Column, distinct: int) -> bool:
    bare = _bare(column.field.name)
    # Beside an x, y is a coordinate: an outcome of that name has few values.
    if bare == "y" and isinstance(column, Numbers) and distinct > MOST_CODES:
        return False
    return bool(_OUTCOME.match(bare))


def _personal(column: Column) -> bool:
    if isinstance(column, Numbers) or column.field.type in ("boolean", "array"):
        return False
    seen = [level for level in column.levels[:1000] if level]
    return bool(seen) and sum(bool(_PERSONAL.match(level[:200])) for level in seen) >= 0.8 * len(seen)


def _cautions(column: Column, role: Role, distinct: int) -> list[tuple[str, str]]:
    """A part of a date or a code: neither is a quantity."""
    name = column.field.name
    bare = _bare(name)
    if isinstance(column, Levels):
        shown = {level.casefold()[:3] for level in column.levels if level}
        if "month" in bare and shown and shown <= _MONTHS:
            return [("CALENDAR_PART", f"{name} is a month, not a quantity")]
        return []
    if role != "QUANTITY" or distinct < 2 or len(column.present) == 0:
        return []
    found: list[tuple[str, str]] = []
    low, high = float(column.present.min()), float(column.present.max())
    calendar = _CALENDAR.get(bare)
    if calendar and _whole(column) and low >= calendar[0] and high <= calendar[1]:
        found.append(("CALENDAR_PART", f"{name} is a part of a date, not a quantity"))
    elif (
        distinct <= MOST_CODES
        and len(column.present) >= ROWS_PER_CODE * distinct
        and _whole(column)
        and not _COUNT_NAME.search(bare)
        and not column.field.unit
    ):
        text = f"{name} has {distinct} whole values: it is read as a code, not as a quantity"
        found.append(("CODE_LIKE", text))
    return found


def _sentinel(column: Column) -> tuple[float, int] | None:
    """The only negative value of a number field, and the rows that hold it, when they are many."""
    if isinstance(column, Levels) or column.field.type != "number":
        return None
    # Of all values, also those that are too large to be used: they are negative values like any other.
    kept = column.values[column.finite]
    negative = kept[kept < 0]
    others = len(kept) - len(negative)
    if not others or not len(negative) or negative.min() != negative.max():
        return None
    return (float(negative[0]), len(negative)) if len(negative) >= 0.05 * len(column.values) else None


def _whole(column: Numbers) -> bool:
    return column.field.integer or bool(np.all(column.present == np.floor(column.present)))


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).casefold()


def _names_a_place(name: str) -> bool:
    plain = re.sub(r"[^a-z0-9]+", " ", _spaced(name)).strip()
    return bool(_PLACE_NAME.search(plain))


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
