"""No query, however damaged, gets anything but a draft out of the reader, with trees that pass the check."""

from __future__ import annotations

import pytest

from tests.fuzz import reading
from tests.fuzz.questions import question

QUERIES = 2_400
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_every_query_gets_a_draft_that_passes_the_check(part: int) -> None:
    report = reading.Read()
    for seed in range(part, QUERIES, PARTS):
        reading.feed(seed, report, timed=False)
    assert not report.wrong, "\n".join(report.wrong)
    assert report.outcomes.total() == QUERIES / PARTS
    assert set(report.outcomes) == {"ok", "ambiguous", "invalid_field", "refuse"}


def test_queries_are_drawn_over_several_tables_and_up_to_the_longest() -> None:
    drawn = [question(seed) for seed in range(QUERIES)]
    assert len({case.table for case, _ in drawn}) >= 6
    assert max(len(query) for _, query in drawn) == 2_000
    assert len({query for _, query in drawn}) > QUERIES * 0.95
