"""What a SQL dialect is: how it quotes, binds and types values, and a template for each operator on a type.

Templates are filled with `{f}`, the column, `{v}`, the operand (one placeholder, or several with commas
between), and `{unset}`, the test for no value. A dialect is the common table with its own rows over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from segmentry.criteria.export.dialects.literals import Literal as Written
from segmentry.criteria.nodes import Operator, Scalar

# `total` is a sum of whole numbers, which may be far beyond 64 bits.
Kind = Literal["string", "integer", "float", "boolean", "datetime", "array", "total"]
# What a driver is given for one operand: mostly one value.
Encoded = tuple[Scalar, ...]

KINDS: tuple[Kind, ...] = ("string", "integer", "float", "boolean", "datetime", "array", "total")
SET, UNSET = "{f} IS NOT NULL", "{f} IS NULL"
# -0.0 becomes 0.0: both are one value.
FLOAT_DISTINCT: Mapping[Kind, str] = {"float": "{f} + 0.0"}
LARGEST = "1.7976931348623157e308"


@dataclass(frozen=True, slots=True)
class Form:
    """One operator on one type.

    `holds` and `fails` part the set values; on unset ones both are false or UNKNOWN. `lacks` is the exact
    complement of `holds`, unset included: by default `({unset} OR {fails})`. `listed` says how several
    operands are given: one list parameter, or a placeholder each.
    """

    holds: str
    fails: str
    lacks: str = "({unset} OR {fails})"
    listed: Literal["parameter", "each"] = "each"
    encode: Callable[[str], str] | None = None


Forms = Mapping[tuple[Operator, Kind], Form]

_ORDER = {
    Operator.GT: (">", "<="),
    Operator.GTE: (">=", "<"),
    Operator.LT: ("<", ">="),
    Operator.LTE: ("<=", ">"),
}
COMPARISONS = {Operator.EQ: ("=", "<>"), **_ORDER}


def compared(kind: Kind, column: str = "{f}", operand: str = "{v}") -> dict[tuple[Operator, Kind], Form]:
    """The five comparisons of a kind.

    >>> compared("float")[Operator.GT, "float"].fails
    '{f} <= {v}'
    """
    return {
        (operator, kind): Form(f"{column} {holds} {operand}", f"{column} {fails} {operand}")
        for operator, (holds, fails) in COMPARISONS.items()
    }


def predicate(operator: Operator, test: str, kind: Kind = "string") -> dict[tuple[Operator, Kind], Form]:
    """An operator that is a function or a predicate, true or false on set values.

    >>> predicate(Operator.ENDS_WITH, "ends_with({f}, {v})")[Operator.ENDS_WITH, "string"].fails
    'NOT ends_with({f}, {v})'
    """
    return {(operator, kind): Form(test, f"NOT {test}")}


def among(
    *kinds: Kind,
    holds: str = "{f} IN ({v})",
    fails: str = "{f} NOT IN ({v})",
    listed: Literal["parameter", "each"] = "each",
) -> dict[tuple[Operator, Kind], Form]:
    """Membership in a list of several values, for some kinds.

    >>> among("string")[Operator.IN, "string"].holds
    '{f} IN ({v})'
    """
    return {(Operator.IN, kind): Form(holds, fails, listed=listed) for kind in kinds}


COMMON: Forms = {
    **compared("string"),
    **compared("integer"),
    **compared("float"),
    **compared("datetime"),
    **compared("total"),
    (Operator.EQ, "boolean"): Form("{f} = {v}", "{f} <> {v}"),
    **among("string", "integer", "float", "boolean", "datetime"),
    **{(Operator.EXISTS, kind): Form(SET, UNSET, UNSET) for kind in KINDS},
}


def unchanged(value: Scalar) -> Encoded:
    """The value as it is.

    >>> unchanged(1)
    (1,)
    """
    return (value,)


def as_bit(value: Scalar) -> Encoded:
    """A boolean as 0 or 1.

    >>> as_bit(True)
    (1,)
    """
    return (int(value) if isinstance(value, bool) else value,)


def micros(value: Scalar) -> Encoded:
    """An instant as whole microseconds since 1970, exactly.

    >>> from datetime import UTC
    >>> micros(datetime(1970, 1, 2, tzinfo=UTC))
    (86400000000,)
    """
    assert isinstance(value, datetime)
    since = value - datetime.fromtimestamp(0, value.tzinfo)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds,)


def like(pattern: str) -> Callable[[str], str]:
    r"""Make the operand of a LIKE with ESCAPE '\': a literal text inside a pattern such as `%{}`.

    >>> like("%{}")("50%_")
    '%50\\%\\_'
    """
    before, after = pattern.split("{}")

    def escaped(text: str) -> str:
        for each in "\\%_":
            text = text.replace(each, f"\\{each}")
        return f"{before}{text}{after}"

    return escaped


@dataclass(frozen=True, slots=True)
class Moving:
    """Expressions for dates that move with the clock of the engine.

    `now` is the moment cut to the second. `{zone}` is a placeholder with the zone's name. `today` is the
    local date; `step` moves a date `{d}` by `{n}`, a placeholder, of `{unit}`: days, weeks, months or years.
    `start` is the first date of a `{unit}`, and `first_instant` the first instant of the local day `{d}`.
    """

    now: str
    today: str
    step: str
    start: str
    first_instant: str


# The customer's key (`{mine}`) is not among the `{chosen}` ones; true for a customer without a key.
ABSENT = "({mine} IS NULL OR {mine} NOT IN ({chosen}))"


@dataclass(frozen=True)
class Dialect:
    """One SQL dialect.

    `placeholder` is filled with `{n}`, its number, and `{type}`; `cast` with `{p}`, the placeholder, and
    `{type}`. `types` are the operands' types, `list_types` those of list parameters. `columns` say how a kind
    is read before it is compared, `casts` are for kinds that are not cast as the others. `finite` reads a
    float column whose NaN and infinities count as unset. `total` is a sum of a whole column, exact and 0 for
    no values, `distinct` how values are told apart. `encode` gives the values that a driver takes. `escapes`
    are the characters that a quoted identifier holds only in another form; the quote itself is doubled unless
    it is among them. `absent` says so of keys in a WHERE clause, as `ABSENT` does.
    `always` and `never` are conditions without a column. `literal` writes a value in the place of a
    placeholder, in dialects whose views we write.
    """

    name: str
    quote: str
    placeholder: str
    cast: str
    types: Mapping[Kind, str]
    forms: Forms
    total: str
    finite: str
    list_types: Mapping[Kind, str] = field(default_factory=dict[Kind, str])
    columns: Mapping[Kind, str] = field(default_factory=dict[Kind, str])
    encode: Mapping[Kind, Callable[[Scalar], Encoded]] = field(
        default_factory=dict[Kind, Callable[[Scalar], Encoded]]
    )
    distinct: Mapping[Kind, str] = field(default_factory=lambda: FLOAT_DISTINCT)
    absent: str = ABSENT
    always: str = "TRUE"
    never: str = "FALSE"
    casts: Mapping[Kind, str] = field(default_factory=dict[Kind, str])
    escapes: Mapping[str, str] = field(default_factory=dict[str, str])
    moving: Moving | None = None
    literal: Written | None = None
