"""Nearest names."""

from __future__ import annotations

import pytest
from segmentry.criteria import countries, suggest
from segmentry.criteria.bind import nearest_placeholders
from segmentry.criteria.catalog import Catalog, Field

CATALOG = Catalog(
    "t",
    (
        Field("engagementScore", "number"),
        Field("churnRiskScore", "number", synonyms=("risk of leaving",)),
        Field("activityCount30d", "number"),
        Field("activityCount90d", "number"),
        Field("age", "number"),
        Field("secret", "number", hidden=True),
    ),
)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("engagement_score", "engagementScore"),
        ("EngagementScore", "engagementScore"),
        ("engagement score", "engagementScore"),
        ("riskOfLeaving", "churnRiskScore"),
        ("activityCount31d", "activityCount30d"),
        ("ages", "age"),
        ("ag", "age"),
        ("gae", "age"),
    ],
)
def test_the_nearest_field_comes_first(name: str, first: str) -> None:
    assert suggest.fields(name, CATALOG)[0] == first


def test_far_names_and_hidden_fields_are_never_suggested() -> None:
    assert suggest.fields("shoeSize", CATALOG) == []
    assert suggest.fields("secrt", CATALOG) == []


def test_at_most_three_are_suggested() -> None:
    assert len(suggest.nearest("ab", ["aa", "ac", "ad", "ae", "af"])) == 3


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("South Africa", "ZA"),
        ("south africa", "ZA"),
        ("za", "ZA"),
        ("UK", "GB"),
        ("USA", "US"),
        ("Gemany", "DE"),
    ],
)
def test_names_of_countries_lead_to_codes(text: str, codes: str) -> None:
    assert countries.nearest(text)[0] == codes


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        ("{{30_DAYS}}", "{{30_DAYS_AGO}}"),
        ("{{30 days ago}}", "{{30_DAYS_AGO}}"),
        ("{{1_DAY_AGO}}", "{{1_DAYS_AGO}}"),
        ("{{START_OF_YER}}", "{{START_OF_YEAR}}"),
        ("{{TODAY}}", None),
    ],
)
def test_a_wrong_placeholder_leads_to_a_legal_one(text: str, placeholder: str | None) -> None:
    assert nearest_placeholders(text) == (() if placeholder is None else (placeholder,))
