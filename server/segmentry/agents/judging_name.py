"""The name expert's answer, checked: short plain text with no number and no address of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from segmentry.agents import replies
from segmentry.agents.pieces import Fault, NameAnswer
from segmentry.agents.registry import Expert
from segmentry.errors import JsonValue

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL: Final = re.compile(r"\d+(?:\.\d+)?")
_ADDRESS: Final = re.compile(r"www\.|//|\w\.[^\W\d_]{2,}", re.IGNORECASE)


def judge(
    value: JsonValue, expert: Expert, told: Sequence[str], taken: Sequence[str] = ()
) -> tuple[NameAnswer | None, tuple[Fault, ...]]:
    """The name where it may be shown, and what is wrong with it where not.

    `told` is what the expert was told: a number of the name has to be one of its numbers.
    """
    answer, faults = replies.name_answer(value, expert, taken)
    if answer is None:
        return None, faults
    if _ADDRESS.search(answer.name):
        return None, (*faults, Fault("BAD_SHAPE", "name", "has an address, which no name needs"))
    signs = any(each.isnumeric() and not each.isdecimal() for each in answer.name)
    if signs or not _numbers(answer.name) <= _numbers(" ".join(told)):
        return None, (*faults, Fault("BAD_NUMBER", "name", "has a number that was not given"))
    return answer, faults


def _numbers(text: str) -> set[Decimal]:
    """The numbers in a text; of dates and the like each part."""
    found: set[Decimal] = set()
    for token in _NUMBER.findall(text):
        plain = token.replace(",", "") if _THOUSANDS.fullmatch(token) else token
        found.update(
            Decimal(each) for each in ([plain] if _DECIMAL.fullmatch(plain) else re.findall(r"\d+", plain))
        )
    return found
