"""One operand and one column: cast the operand to the column's type, or say why that cannot be.

These are checks 3 to 5 of a leaf: enum value in list; type, range and format; dates and placeholders.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from segmentry.criteria import countries, dates, suggest
from segmentry.criteria.catalog import Field, value_key
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Operator, Scalar
from segmentry.errors import InvalidPlaceholder, InvalidValue, JsonScalar, JsonValue

INT64 = range(-(2**63), 2**63)
MAX_EXACT = 2**53
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_WHOLE = frozenset({Operator.EQ, Operator.NEQ, Operator.IN, Operator.NIN})
_NEXT_INTEGER = {
    Operator.GT: (Operator.GTE, math.ceil),
    Operator.GTE: (Operator.GTE, math.ceil),
    Operator.LT: (Operator.LTE, math.floor),
    Operator.LTE: (Operator.LTE, math.floor),
}


@dataclass(frozen=True, slots=True)
class Fault(Exception):
    """Why an operand does not fit, found by the check of that number.

    `problem` is one word for programs: type, enum, format, precision, nan, empty or date. `search` finds the
    suggestions where that takes long, so that it is done only for faults that are shown.
    """

    check: int
    code: str
    message: str
    suggestions: tuple[JsonValue, ...] = ()
    problem: str = "type"
    search: Callable[[], tuple[JsonValue, ...]] | None = None


def scalar(value: Scalar, field: Field, operator: Operator, clock: Clock) -> tuple[Operator, Scalar]:
    """The operand cast to the column, with the operator that then means the same (`$gt 9.5` on whole
    numbers is `$gte 10`).

    Raises: Fault.

    >>> from datetime import UTC
    >>> scalar(9.5, Field("handicap", "number", integer=True), Operator.GT, Clock.at(datetime.now(UTC)))
    (<Operator.GTE: 'gte'>, 10)
    """
    if field.type == "enum" and field.values:
        return operator, _enum(value, field)
    match field.type:
        case "number":
            return _number(value, field, operator)
        case "boolean":
            return operator, _boolean(value, field)
        case "datetime":
            return operator, _datetime(value, field, clock)
        case "string" | "enum" | "array":
            return operator, _text(value, field, operator)


def shown(value: Scalar) -> str:
    """A value as a message names it.

    >>> shown("70"), shown(True), shown(9.5)
    ('the text "70"', 'true', '9.5')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{value[:60]}"'
        case None:
            return "null"
        case datetime():
            return dates.iso(value)
        case _:
            return str(value)


def listed(values: Iterable[str], most: int = 12) -> str:
    """A short enumeration for messages.

    >>> listed(["a", "b", "c"], most=2)
    'a, b, ...'
    """
    every = list(islice(values, most + 1))
    return ", ".join(every[:most]) + (", ..." if len(every) > most else "")


def _enum(value: Scalar, field: Field) -> Scalar:
    known = field.value_by_key.get(value_key(value))
    if known is not None:
        return known
    if field.case_insensitive and isinstance(value, str) and value.casefold() in field.folded_values:
        return value.casefold()
    message = (
        f"{field.name} has no value {_quoted(value)}; allowed: {listed(str(v.value) for v in field.values)}"
    )
    raise Fault(3, "INVALID_VALUE", message, (), "enum", partial(nearest_values, value, field))


def _quoted(value: Scalar) -> str:
    return f"'{value[:60]}'" if isinstance(value, str) else shown(value)


def nearest_values(value: Scalar, field: Field) -> tuple[JsonScalar, ...]:
    """The known values of a field that look like an operand, best first.

    >>> from segmentry.criteria.catalog import FieldValue
    >>> nearest_values("ACTVE", Field("status", "enum", values=(FieldValue("ACTIVE"),)))
    ('ACTIVE',)
    """
    forms = {str(each.value): (str(each.value), *each.synonyms) for each in field.values}
    originals = {str(each.value): each.value for each in field.values}
    return tuple(originals[each] for each in suggest.nearest_by_forms(str(value), forms))


def _number(value: Scalar, field: Field, operator: Operator) -> tuple[Operator, int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        number = as_number(value) if isinstance(value, str) else None
        message = f"{field.name} needs a number, got {shown(value)}"
        raise Fault(4, "INVALID_VALUE", message, () if number is None else (number,))
    if not field.integer:
        if isinstance(value, int) and abs(value) > MAX_EXACT:
            message = (
                f"{field.name} holds doubles, which cannot tell {value} from its neighbours (beyond 2^53)"
            )
            raise Fault(4, "INVALID_VALUE", message)
        if not math.isfinite(value):
            raise Fault(4, "INVALID_VALUE", f"{field.name} needs a finite number, got {value}", (), "nan")
        # Adding 0.0 turns -0.0 into 0.0, so that both print and hash alike.
        return operator, float(value) + 0.0
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Fault(4, "INVALID_VALUE", f"{field.name} needs a finite number, got {value}", (), "nan")
        if not value.is_integer():
            if operator in _WHOLE:
                message = f"{field.name} holds whole numbers, so {value} is never equal"
                raise Fault(4, "INVALID_VALUE", message, (math.floor(value), math.ceil(value)), "precision")
            operator, rounded = _NEXT_INTEGER[operator]
            value = rounded(value)
        else:
            value = int(value)
    if value not in INT64:
        raise Fault(
            4,
            "INVALID_VALUE",
            f"{field.name} holds 64-bit whole numbers, {_short(value)} is beyond them",
            (),
            "precision",
        )
    return operator, value


def _short(value: int) -> str:
    """A number as a message shows it: all of 300 digits help nobody."""
    return str(value) if abs(value) < 10**24 else f"a number of {len(str(abs(value)))} digits"


def as_number(text: str) -> int | float | None:
    """The number that a text writes, integers exact; None for anything else and for infinities.

    >>> as_number("12"), as_number("1.5"), as_number("nan")
    (12, 1.5, None)
    """
    for cast in (int, float):
        try:
            number = cast(text)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    return None


def _boolean(value: Scalar, field: Field) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    guess = words.get(str(value).casefold())
    message = f"{field.name} needs true or false, got {shown(value)}"
    raise Fault(4, "INVALID_VALUE", message, () if guess is None else (guess,))


def _text(value: Scalar, field: Field, operator: Operator) -> str:
    if not isinstance(value, str):
        text = (
            value
            if value is None
            else ("true" if value is True else "false" if value is False else str(value))
        )
        message = f"{field.name} needs a text, got {shown(value)}"
        raise Fault(4, "INVALID_VALUE", message, () if text is None else (text,))
    if operator in (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH):
        if not value:
            raise Fault(4, "INVALID_VALUE", f"${operator.value} needs at least one character", (), "empty")
    elif operator in _WHOLE:
        _format(value, field)
    if dates.looks_like_placeholder(value):
        raise Fault(5, "INVALID_PLACEHOLDER", f"{value} is a date, and {field.name} holds text")
    return value.casefold() if field.case_insensitive else value


def _format(value: str, field: Field) -> None:
    match field.format:
        case "iso3166-alpha2":
            if value not in countries.CODES:
                message = f"{field.name} '{value[:60]}' is not an ISO 3166-1 alpha-2 code"
                raise Fault(4, "INVALID_VALUE", message, (), "format", lambda: (*countries.nearest(value),))
        case "e164":
            if not _E164.fullmatch(value):
                message = f"{field.name} '{value[:60]}' is not an E.164 number such as +27821234567"
                raise Fault(4, "INVALID_VALUE", message, (), "format")
        case "email":
            if not _EMAIL.fullmatch(value):
                message = f"{field.name} '{value[:60]}' is not an e-mail address"
                raise Fault(4, "INVALID_VALUE", message, (), "format")
        case "":
            pass


def _datetime(value: Scalar, field: Field, clock: Clock) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        message = f"{field.name} needs a date as text, got {shown(value)}"
        raise Fault(4, "INVALID_VALUE", message, ("2025-10-17T00:00:00Z",))
    return instant(value, clock)


def instant(text: str, clock: Clock) -> datetime:
    """The instant of a placeholder or an ISO text.

    Raises: Fault.

    >>> from datetime import UTC
    >>> instant("2025-10-17T02:00:00+02:00", Clock.at(datetime.now(UTC))).isoformat()
    '2025-10-17T00:00:00+00:00'
    """
    try:
        if dates.looks_like_placeholder(text):
            return dates.resolve(text, clock)
        return dates.parse_instant(text, clock.zone)
    except InvalidPlaceholder as err:
        search = partial(nearest_placeholders, text)
        raise Fault(5, "INVALID_PLACEHOLDER", err.message, search=search) from err
    except InvalidValue as err:
        raise Fault(5, "INVALID_VALUE", err.message, ("2025-10-17T00:00:00Z",), "date") from err


_ENDINGS = tuple(f"{unit}S_{way}" for unit in ("DAY", "WEEK", "MONTH", "YEAR") for way in ("AGO", "FROM_NOW"))
_STARTS = tuple(
    f"START_OF_{which}{unit}"
    for which in ("", "LAST_", "NEXT_")
    for unit in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
)


def nearest_placeholders(text: str) -> tuple[str, ...]:
    """Legal placeholders that look like a wrong one, best first.

    >>> nearest_placeholders("{{30_DAYS}}")
    ('{{30_DAYS_AGO}}',)
    """
    inner = text[2:-2].strip().upper().replace(" ", "_").replace("-", "_")
    digits = re.search(r"[0-9]+", inner)
    amount = min(int(digits[0][:6]), dates.MAX_OFFSET) if digits else 30
    counted = tuple(f"{amount}_{ending}" for ending in _ENDINGS)
    choices = counted if digits else (*_STARTS, "NOW", *counted)
    found = suggest.nearest(inner, choices, most=1, least=60.0)
    return tuple(f"{{{{{each}}}}}" for each in found)
