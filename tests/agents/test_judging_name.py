"""A name may repeat the numbers that were told, however they are written, and brings none of its own."""

from __future__ import annotations

import pytest
from segmentry.agents.judging_name import judge
from segmentry.agents.registry import expert

TOLD = ["spend is above 10000.5", "joined is before 2025-10-17", "visits is at least 3.0"]


@pytest.mark.parametrize(
    "name", ["Spends over 10,000.5", "Joined by October 2025", "3 visits", "St. Mary's, 3 or more", "Loyal"]
)
def test_numbers_that_were_told_may_stand(name: str) -> None:
    answer, faults = judge({"name": name}, expert("name"), TOLD)
    assert answer is not None
    assert (answer.name, faults) == (name, ())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Spends over 10,000", "BAD_NUMBER"),
        ("The 30 best", "BAD_NUMBER"),
        ("Loyal\u00b3", "BAD_NUMBER"),
        ("Loyal, see www.x", "BAD_SHAPE"),
        ("Loyal, at shop.example", "BAD_SHAPE"),
        ("Loyal; yes", "BAD_SHAPE"),
        ("taken", "BAD_SHAPE"),
    ],
)
def test_other_numbers_addresses_and_marks_may_not(name: str, code: str) -> None:
    answer, faults = judge({"name": name}, expert("name"), TOLD, ["Taken"])
    assert answer is None
    assert [each.code for each in faults] == [code]
