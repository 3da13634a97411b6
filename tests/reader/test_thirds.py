"""Early, mid and late in a period are asked about, with the third that most people mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.reader.read import read

TABLE = Catalog("t", (Field("joined", "datetime"), Field("plan_end", "datetime")))
CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("query", "field", "lo", "hi"),
    [
        ("joined in early 2021", "joined", "2021-01-01", "2021-05-01"),
        ("joined mid-2021", "joined", "2021-05-01", "2021-09-01"),
        ("joined in late 2021", "joined", "2021-09-01", "2022-01-01"),
        ("joined in the middle of 2021", "joined", "2021-05-01", "2021-09-01"),
        ("joined at the end of February 2024", "joined", "2024-02-21", "2024-03-01"),
        ("joined at the beginning of Q2 2024", "joined", "2024-04-01", "2024-05-01"),
        ("joined in late Q4 2023", "joined", "2023-12-01", "2024-01-01"),
        ("plan ends in mid March", "plan_end", "2026-03-11", "2026-03-21"),
    ],
)
def test_a_part_of_a_period_is_asked_with_its_third_and_all_of_it(
    query: str, field: str, lo: str, hi: str
) -> None:
    draft = read(query, TABLE, CLOCK)
    assert draft.outcome != "ok"
    trees = [canonical.text(each.node) for each in draft.readings]
    assert trees[0] == f'{{"$and":[{{"{field}":{{"$gte":"{lo}"}}}},{{"{field}":{{"$lt":"{hi}"}}}}]}}'
    assert draft.readings[1].label == "all of it"


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        ("joined since the start of 2021", '{"joined":{"$gte":"2021-01-01"}}'),
        ("joined before the end of 2021", '{"joined":{"$lt":"2022-01-01"}}'),
    ],
)
def test_an_edge_of_a_period_is_no_part_of_it(query: str, criteria: str) -> None:
    draft = read(query, TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == criteria
