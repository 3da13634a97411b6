"""What a rule is about, and what became of a count since."""

from __future__ import annotations

import pytest
from segmentry.criteria import parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.insights.counting import drifted
from segmentry.insights.rule import kind_of

CLUB = Catalog(
    "club",
    (
        Field("tier", "string"),
        Field("visits", "number"),
        Field("joined", "datetime"),
        Field("vip", "boolean"),
    ),
)


@pytest.mark.parametrize(
    ("criteria", "kind"),
    [
        ('{"tier":"GOLD"}', "attribute_condition"),
        ('{"$and":[{"tier":"GOLD"},{"vip":true}]}', "attribute_condition"),
        ('{"$and":[{"tier":"GOLD"},{"visits":{"$gt":3}}]}', "metric_condition"),
        ('{"$top":{"percent":10,"field":"visits"}}', "metric_condition"),
        ('{"$event":{"name":"order","count":{"$gte":2}}}', "metric_condition"),
        ('{"$or":[{"visits":{"$gt":3}},{"joined":{"$gte":"{{30_DAYS_AGO}}"}}]}', "recency_check"),
        ('{"$and":[{"joined":{"$exists":true}},{"$segment":"seg_0123456789abcdef"}]}', "segment_required"),
        ("{}", "attribute_condition"),
    ],
)
def test_a_rule_is_named_by_the_strongest_of_its_leaves(criteria: str, kind: str) -> None:
    assert kind_of(parse.loads(criteria), CLUB) == kind


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (1000, 1100, False),
        (1000, 1101, True),
        (1000, 899, True),
        (0, 1, True),
        (None, 5, False),
        (5, None, False),
    ],
)
def test_a_count_has_drifted_beyond_a_tenth(then: int | None, now: int | None, told: bool) -> None:
    assert bool(drifted(then, now)) is told
