"""Sentences written down before the rules: over ten tables, most of them of other trades than golf."""

from __future__ import annotations

import pytest

from tests.reader import scoring
from tests.reader.catalogs_bare import BARE

GATED = (
    "golf",
    "shop",
    "gym",
    "saas",
    "hotel",
    "wide",
    "telco",
    "bank",
    "airline",
    "charity",
    "insurer",
    "streaming",
    "konto",
    "usage",
    "dealer",
    "allotment",
    *(f"{scoring.DEEDS}{name}" for name in ("golf", "bank", "retail", "saas", "telecom", "travel")),
    *(f"{scoring.DEEDS}{name}" for name in ("library", "rides", "learn")),
    "tramway",
    "joinery",
    *BARE,
)


@pytest.mark.parametrize("name", GATED)
def test_every_sentence_is_read_as_written_down_and_every_tree_passes_the_check(name: str) -> None:
    catalog = scoring.load(name)
    if catalog is None:
        pytest.skip(f"the table {scoring.TABLES[name]} is not at hand (../shared/data)")
    verdicts = [scoring.judge(case, catalog) for case in scoring.cases(name)]
    wrong = [
        (verdict.case.query, verdict.draft.outcome, verdict.draft.node)
        for verdict in verdicts
        if not verdict.right or not verdict.valid
    ]
    assert wrong == []


def test_there_are_enough_sentences_over_enough_tables() -> None:
    counts = {name: len(scoring.cases(name)) for name in GATED}
    assert sum(counts.values()) >= 150
    assert len(counts) >= 6
