"""What the names and types of columns alone settle: what is counted, other words for it, who is left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
TABLE = Catalog(
    "stalls",
    (
        Field("vendor_no", "string"),
        Field("level", "enum", values=(FieldValue("hobby"), FieldValue("vendor"))),
        Field("town", "string"),
        Field("post_cd", "string"),
        Field("CrewSize", "number", integer=True),
        Field("StallsRented", "number", integer=True),
        Field("TotalPaidEur", "number"),
        Field("AvgRating", "number"),
        Field("no_show_cnt", "number", integer=True),
        Field("is_donor", "boolean"),
        Field("cancel_cnt", "number", integer=True),
        Field("rev_score", "number"),
        Field("bk_channel", "string"),
        Field("news_opt_in", "boolean"),
        Field("nxt_chkin_dt", "datetime"),
        Field("last_call_ts", "datetime"),
        Field("has_van", "boolean"),
        Field("last_visit_dt", "datetime"),
    ),
)


def _read(query: str) -> Draft:
    return read(query, TABLE, CLOCK)


def _assert_reads(draft: Draft, expected: str) -> None:
    assert draft.node is not None, draft
    assert canonical.text(draft.node) == canonical.text(parse.loads(expected))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("crews with over 12 stalls", '{"StallsRented":{"$gt":12}}'),
        (
            "top 5 % by lifetime paid",
            '{"$top":{"field":"TotalPaidEur","percent":5,"order":"highest","of":{}}}',
        ),
        ("ratings below 2 stars", '{"AvgRating":{"$lt":2}}'),
        ("postcode begins with 48", '{"post_cd":{"$startsWith":"48"}}'),
        ("came to a show this year", '{"last_visit_dt":{"$gte":"{{START_OF_YEAR}}"}}'),
        (
            "those with a van, I mean has a van, who also donate",
            '{"$and":[{"has_van":true},{"is_donor":true}]}',
        ),
        ("all donors but the ones with a van", '{"$and":[{"is_donor":true},{"has_van":{"$neq":true}}]}'),
        ("more than 2 cancellations", '{"cancel_cnt":{"$gt":2}}'),
        ("review score over 4", '{"rev_score":{"$gt":4}}'),
        (
            "next checkin coming in the next 5 days",
            '{"nxt_chkin_dt":{"$gte":"{{NOW}}","$lt":"{{5_DAYS_FROM_NOW}}"}}',
        ),
        ("who have never been phoned", '{"last_call_ts":{"$exists":false}}'),
        ("anything with a van", '{"has_van":true}'),
        ("never left a rating", '{"AvgRating":{"$exists":false}}'),
    ],
)
def test_names_and_types_settle_what_is_said(query: str, expected: str) -> None:
    _assert_reads(_read(query), expected)


def test_a_value_after_a_part_of_the_name_is_never_answered_alone() -> None:
    draft = _read("channel = walk")
    _assert_reads(draft, '{"bk_channel":"walk"}')
    assert draft.confidence < 0.9


def test_a_name_right_before_the_people_is_their_town_but_never_alone() -> None:
    draft = _read("every Ghent customer")
    _assert_reads(draft, '{"town":"Ghent"}')
    assert draft.confidence < 0.9


def test_the_noun_for_a_row_that_is_a_value_as_well_is_never_answered_alone() -> None:
    assert _read("vendors").confidence < 0.9
    assert _read("level is vendor").confidence >= 0.9
