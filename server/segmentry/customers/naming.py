"""What a column's name says: its words, a description, synonyms, a unit, a window, whether it is personal."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|[^\w]+|_+")
# Short forms people put into column names. One column may use several.
_LONG: dict[str, str] = {
    "acct": "account", "addr": "address", "amt": "amount", "avg": "average", "bal": "balance",
    "cat": "category", "clv": "customer lifetime value", "cnt": "count", "cust": "customer",
    "dob": "date of birth", "dt": "date", "fname": "first name", "freq": "frequency", "lname": "last name",
    "ltv": "lifetime value", "max": "maximum", "min": "minimum", "mbr": "member", "mths": "months",
    "nbr": "number", "num": "number", "ord": "order", "pct": "percent", "prev": "previous",
    "prod": "product", "qty": "quantity", "rev": "revenue", "txn": "transaction", "tot": "total",
    "yr": "year", "yrs": "years", "seg": "segment", "subs": "subscription", "desc": "description",
}  # fmt: skip
_UNITS: dict[str, str] = {
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "usd": "USD", "dollar": "USD", "dollars": "USD",
    "gbp": "GBP", "pounds": "GBP", "zar": "ZAR", "rand": "ZAR", "chf": "CHF", "cents": "cents",
    "cent": "cents", "pct": "percent", "percent": "percent", "percentage": "percent", "sec": "seconds",
    "secs": "seconds", "seconds": "seconds", "minutes": "minutes", "mins": "minutes", "hours": "hours",
    "hrs": "hours", "days": "days", "weeks": "weeks", "months": "months", "mths": "months",
    "years": "years", "yrs": "years", "km": "km", "kg": "kg",
}  # fmt: skip
_WINDOW = re.compile(r"(?:^|[^0-9])(\d{1,4})[ _]?(?:d|days?)(?:$|[^a-zA-Z])", re.IGNORECASE)
# `customerid` and `CLIENTNUM`, but not `amount_paid` and not "number of orders".
_RUN_TOGETHER = re.compile(
    r"(?:account|acct|card|client|company|contact|cust|customer|household|invoice|lead|member|order|person|row|session"
    r"|user|visitor)(?:id|key|no|nr|num|number)$"
)
_FUTURE = frozenset(
    {"expiry", "expires", "expiration", "renewal", "renews", "due", "until", "deadline", "ends", "end"}
)
_PERSONAL = frozenset(
    {
        "email", "mail", "phone", "mobile", "cell", "cellphone", "telephone", "tel", "msisdn", "fax",
        "whatsapp", "firstname", "lastname", "surname", "fullname", "fname", "lname", "forename", "maiden",
        "ssn", "passport", "iban", "address", "street", "birth", "birthday", "birthdate", "dob",
    }
)  # fmt: skip
_PEOPLE = frozenset(
    {"first", "last", "full", "customer", "client", "member", "contact", "middle", "given", "family"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A name read. `words` are lower case; `plain` is the name in full words."""

    words: tuple[str, ...]
    plain: str
    description: str
    synonyms: tuple[str, ...]
    unit: str
    window_days: int | None
    personal: bool
    identifier: bool
    may_be_ahead: bool


def read(name: str) -> Reading:
    """Read a column name written in camelCase, snake_case or plain words.

    >>> read("avg_basket_eur").description
    'Average basket (EUR)'
    >>> read("custAge").synonyms
    ('cust age', 'customer age')
    """
    words = tuple(word.lower() for word in _BOUNDARY.split(name) if word)
    unit = _UNITS.get(words[-1], "") if words else ""
    long = tuple(part for word in words for part in _LONG.get(word, word).split())
    window = _WINDOW.search(name)
    shown = long[:-1] if unit and len(words) > 1 else long
    plain = " ".join(long)
    without_unit = " ".join(shown)
    tail = f" ({unit})" if unit and len(words) > 1 else ""
    description = (without_unit[:1].upper() + without_unit[1:] + tail) or name
    proposals = (" ".join(words), plain, without_unit)
    synonyms = tuple(dict.fromkeys(text for text in proposals if text and text != name))
    return Reading(
        words=words,
        plain=plain,
        description=description,
        synonyms=synonyms,
        unit=unit,
        window_days=int(window.group(1)) if window and int(window.group(1)) > 0 else None,
        personal=_is_personal(words),
        identifier=bool({"id", "uuid", "guid"} & set(words))
        or bool({"key", "no", "nr", "num", "number", "ref"} & set(words[-1:]))
        or _RUN_TOGETHER.search(name.lower()) is not None,
        may_be_ahead=bool(_FUTURE & set(words)),
    )


def _is_personal(words: tuple[str, ...]) -> bool:
    joined = "".join(words)
    if words == ("name",) or joined in _PERSONAL:
        return True
    # "campaign name" is no person's.
    if "name" in words and _PEOPLE & set(words):
        return True
    return bool(_PERSONAL & set(words))
