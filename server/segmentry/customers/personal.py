"""Which columns are about a person's identity: by name and by what the values look like."""

from __future__ import annotations

from typing import Literal

import polars as pl

from segmentry.customers.naming import Reading
from segmentry.customers.text_values import share

Format = Literal["", "iso3166-alpha2", "e164", "email"]
SAMPLE = 1000
LOOKS = 0.5
ALL = 0.99
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
_E164 = r"^\+[1-9]\d{6,14}$"
# A plus, or separators between groups of digits: a bare number is a number.
_PHONE = r"^(?:\+|00|0|\()[\d][\d\s()./-]{6,20}$|^\d{3}[-. ]\d{3}[-. ]\d{4}$"
_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
# "phone service: yes" and "contact: cellular" are no numbers to call.
FEW_ANSWERS = 12


def is_personal(text: pl.Series, reading: Reading, distinct: int) -> bool:
    """Whether a text column identifies people."""
    few = distinct <= FEW_ANSWERS and distinct <= 0.5 * text.count()
    return looks_personal(text) or (reading.personal and not few)


def is_personal_number(values: pl.Series, reading: Reading) -> bool:
    """Whether whole numbers are phone numbers or the like: named so, long, and mostly different."""
    head = values.head(SAMPLE)
    return reading.personal and head.n_unique() > LOOKS * len(head) and bool((head.abs() >= 100_000).all())


def looks_personal(text: pl.Series) -> bool:
    """Whether most values look like e-mail addresses or phone numbers."""
    head = text.drop_nulls().head(SAMPLE)
    if not len(head):
        return False
    looks = (head.str.contains(_EMAIL) | head.str.contains(_PHONE)) & ~head.str.contains(_DATE)
    return share(looks) > LOOKS


def format_of(text: pl.Series, reading: Reading) -> Format:
    """The format that nearly all values have."""
    for form, pattern in (("email", _EMAIL), ("e164", _E164)):
        if (
            share(text.drop_nulls().head(SAMPLE).str.contains(pattern)) >= ALL
            and share(text.str.contains(pattern)) >= ALL
        ):
            return "email" if form == "email" else "e164"
    if {"country", "nationality"} & set(reading.words) and bool(text.str.contains(r"^[A-Z]{2}$").all()):
        return "iso3166-alpha2"
    return ""
