"""What is wrong or worth knowing about the rows of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from segmentry.insights.readiness import Finding, Level

# The bounds of the design: enough rows for stable groups, enough for any.
GOOD_ROWS, FEWEST_ROWS = 1_000, 50
GOOD_FIELDS = 3
MOSTLY_NULL = 0.40
OLD = timedelta(days=1)
TOO_OLD = timedelta(days=7)
# The usual bounds of the population stability index.
MOVED, MUCH_MOVED = 0.10, 0.25
FEWER_ROWS = 0.20


class Field(Protocol):
    """One field as `analysis.health` sees it."""

    @property
    def name(self) -> str: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def missing(self) -> float: ...
    @property
    def is_feature(self) -> bool: ...
    @property
    def moved(self) -> float | None: ...


class Health(Protocol):
    """A table as `analysis.health` sees it."""

    @property
    def rows(self) -> int: ...
    @property
    def snapshot_id(self) -> str: ...
    @property
    def loaded_at(self) -> datetime: ...
    @property
    def fields(self) -> Sequence[Field]: ...
    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def has_key(self) -> bool: ...
    @property
    def keyless(self) -> int: ...
    @property
    def repeated(self) -> int: ...
    @property
    def rows_before(self) -> int | None: ...
    @property
    def lost(self) -> tuple[str, ...]: ...


# Per reason of a field: what is said of it, and what to do. Each fits `{field}`.
_FIELDS: dict[str, tuple[str, str]] = {
    "ALL_NULL": ("{field} has no value in any row", "fill {field} where the table is made, or leave it out"),
    "CONSTANT": ("{field} has one value only", "leave {field} out: it tells no two customers apart"),
    "NEAR_CONSTANT": ("{field} has one value in nearly all rows", "do not rely on {field} to find groups"),
    "IDENTIFIER": (
        "{field} tells customers apart one by one",
        "nothing to do: {field} is not used to find groups",
    ),
    "PERSONAL_DATA": (
        "{field} says who somebody is",
        "nothing to do: {field} is kept out of analyses and of prompts",
    ),
    "HIGH_CARDINALITY": (
        "{field} has too many different values to be a category",
        "group the values of {field} where the table is made, such as regions instead of codes",
    ),
    "CODE_LIKE": (
        "{field} looks like a code, not like a quantity",
        "if {field} is a quantity, say so with field_roles or give it a unit in the catalog",
    ),
    "SENTINEL": (
        "{field} holds one negative value that seems to mean unset",
        "leave {field} empty where it is not known, or write null instead of that value",
    ),
    "LEAKAGE": (
        "{field} looks like an outcome, or a twin of another field",
        "leave {field} out of what groups are made from",
    ),
    "CALENDAR_PART": (
        "{field} is a part of a date, not a quantity",
        "give the whole date instead of {field}, or leave it out",
    ),
    "TEXT_READ_AS_NUMBER": (
        "{field} was text and is read as numbers",
        "give {field} the type number in the catalog, so that it stays so",
    ),
}


_OF_NO_USE = frozenset(
    {"IDENTIFIER", "HIGH_CARDINALITY", "CODE_LIKE", "CALENDAR_PART", "TEXT_READ_AS_NUMBER"}
)


def findings(health: Health, now: datetime, needed: Collection[str] = ()) -> Iterator[Finding]:
    """Everything worth knowing of the rows; `needed` are fields that the tenant wants groups made from."""
    yield from _rows(health)
    if not health.rows:
        return
    yield from _usable(health)
    yield from _keys(health)
    yield from _age(health, now)
    for each in health.fields:
        yield from _field(each, needed)
    for name in health.lost:
        yield Finding(
            "FIELD_VANISHED",
            "DEGRADED",
            f"{name} was in the table before and is not any more",
            f"bring {name} back where the table is made, or change what names it",
            field=name,
        )


def _rows(health: Health) -> Iterator[Finding]:
    rows = health.rows
    if rows == 0:
        yield Finding("EMPTY_TABLE", "NOT_READY", "the table has no rows", "load customers into it", value=0)
        return
    if rows < GOOD_ROWS:
        level: Level = "DEGRADED" if rows >= FEWEST_ROWS else "NOT_READY"
        limit = GOOD_ROWS if rows >= FEWEST_ROWS else FEWEST_ROWS
        said = "groups may be chance" if rows >= FEWEST_ROWS else "too few to find groups"
        advice = f"load more customers: {limit:,} or more"
        yield Finding("FEW_ROWS", level, f"{rows:,} rows: {said}", advice, value=rows, limit=limit)
    before = health.rows_before
    if before and rows < (1 - FEWER_ROWS) * before:
        yield Finding(
            "ROWS_LOST",
            "DEGRADED",
            f"{rows:,} rows, {before:,} in the version before",
            "see whether the last load was complete",
            value=rows,
            limit=before,
        )


def _usable(health: Health) -> Iterator[Finding]:
    n = len(health.features)
    if n == 0:
        yield Finding(
            "NO_USABLE_FIELDS",
            "NOT_READY",
            "no numeric field is fit to compare customers by",
            "add numeric attributes, such as what customers spend and how often they come",
            value=0,
            limit=1,
        )
    elif n < GOOD_FIELDS:
        yield Finding(
            "TOO_FEW_FIELDS",
            "DEGRADED",
            f"{n} numeric field{'s are' if n > 1 else ' is'} fit to compare by: groups will be simple",
            "add numeric attributes until there are 3 to 8",
            value=n,
            limit=GOOD_FIELDS,
        )


def _keys(health: Health) -> Iterator[Finding]:
    if not health.has_key:
        yield Finding(
            "NO_KEY",
            "READY",
            "no field tells customers apart, so they go by the number of their row",
            "give one field the role id in the catalog: then customers are the same ones after a load",
        )
    for n, reason, said in (
        (health.keyless, "KEY_MISSING", "have no key"),
        (health.repeated, "KEY_REPEATED", "have a key that another row has"),
    ):
        if n:
            yield Finding(
                reason,
                "DEGRADED",
                f"{n:,} row{'s' if n > 1 else ''} {said if n > 1 else said.replace('have', 'has', 1)}",
                "make the key unique where the table is made: a customer is found by it",
                value=n,
                limit=0,
            )


def _age(health: Health, now: datetime) -> Iterator[Finding]:
    age = now - health.loaded_at
    if age >= OLD:
        days = age / timedelta(days=1)
        yield Finding(
            "OLD_TABLE",
            "DEGRADED" if age >= TOO_OLD else "READY",
            f"the rows are {days:,.0f} day{'s' if round(days) != 1 else ''} old",
            "load the table again, or set refresh_s so that the server does",
            value=round(days, 2),
            limit=TOO_OLD / timedelta(days=1),
        )


def _field(each: Field, needed: Collection[str]) -> Iterator[Finding]:
    name = each.name
    wanted = each.is_feature or name in needed
    if each.missing > MOSTLY_NULL and "ALL_NULL" not in each.reasons:
        yield Finding(
            "MOSTLY_NULL",
            "DEGRADED" if wanted else "READY",
            f"{name} is unset in {100 * each.missing:.0f} % of rows",
            f"fill {name} where the table is made, or leave it out of what groups are made from",
            field=name,
            value=round(each.missing, 4),
            limit=MOSTLY_NULL,
        )
    personal = "PERSONAL_DATA" in each.reasons
    for reason, (said, advice) in _FIELDS.items():
        # What is kept out for being personal is nobody's quantity or category.
        if reason in each.reasons and not (personal and reason in _OF_NO_USE):
            # What was asked for by name and cannot tell customers apart is in the way of what was wanted.
            level: Level = "DEGRADED" if name in needed and reason in ("ALL_NULL", "CONSTANT") else "READY"
            yield Finding(reason, level, said.format(field=name), advice.format(field=name), field=name)
    if each.moved is not None and each.moved > MOVED:
        much = each.moved > MUCH_MOVED
        yield Finding(
            "FIELD_MOVED",
            "DEGRADED" if much else "READY",
            f"values of {name} have moved{' much' if much else ''} since the version before",
            f"see whether {name} is still loaded the same way; if so, run a discovery again",
            field=name,
            value=each.moved,
            limit=MUCH_MOVED,
        )
