"""What a column's name says: its words, a description, synonyms, a unit, a window, whether it is personal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segmentry.criteria.catalog import FieldType
from segmentry.criteria.column_words import in_full, initials_in_full, unit_of, window_days

_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|[^\w]+|_+")
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
        "ssn", "passport", "iban", "address", "addr", "street", "birth", "birthday", "birthdate", "dob",
        "bday", "username", "nickname", "handle", "twitter", "instagram", "facebook", "linkedin", "ip",
        "ipaddress",
    }
)  # fmt: skip
_PEOPLE = frozenset(
    {
        "first", "last", "full", "customer", "client", "member", "contact", "middle", "given", "family",
        "user", "guest", "patient", "student", "owner", "holder", "spouse", "partner", "child", "parent",
        "guardian", "passenger", "employee", "preferred", "nick", "person", "display",
    }
)  # fmt: skip
_FREE_TEXT = frozenset(
    {
        "note", "notes", "comment", "comments", "remark", "remarks", "feedback", "message", "bio", "memo",
        "reviewtext", "transcript", "complainttext", "freetext", "narrative",
    }
)  # fmt: skip


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
    free_text: bool = False


def read(name: str, kind: FieldType = "string") -> Reading:
    """Read a column name written in camelCase, snake_case or plain words.

    `kind`: what the column holds, where that is known; it tells what a short form stands for.

    >>> read("avg_basket_eur", "number").description
    'Average basket (EUR)'
    >>> read("custAge").synonyms
    ('customer age',)
    """
    words = tuple(word.lower() for word in _BOUNDARY.split(name) if word)
    long = initials_in_full(in_full(words, kind) or words)
    unit = unit_of(in_full(words, "number"))
    last = bool(unit) and len(long) > 1 and unit_of(long[-1:]) == unit
    plain = " ".join(long)
    without_unit = " ".join(long[:-1] if last else long)
    tail = f" ({unit})" if last else ""
    description = (without_unit[:1].upper() + without_unit[1:] + tail) or name
    said = {name, " ".join(words)}
    synonyms = tuple(text for text in dict.fromkeys((plain, without_unit)) if text and text not in said)
    window = window_days(name)
    return Reading(
        words=words,
        plain=plain,
        description=description,
        synonyms=synonyms,
        unit=unit,
        window_days=window,
        personal=_is_personal(words),
        identifier=bool({"id", "uuid", "guid"} & set(words))
        or bool({"key", "no", "nr", "num", "number", "ref"} & set(words[-1:]))
        or _RUN_TOGETHER.search(name.lower()) is not None,
        may_be_ahead=bool(_FUTURE & set(words)),
        free_text=bool(_FREE_TEXT & {*words, "".join(words)}),
    )


def _is_personal(words: tuple[str, ...]) -> bool:
    joined = "".join(words)
    if words == ("name",) or joined in _PERSONAL:
        return True
    # "campaign name" is no person's.
    if "name" in words and _PEOPLE & set(words):
        return True
    return bool(_PERSONAL & set(words))
