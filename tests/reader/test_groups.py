"""Which conditions belong together: groups with a noun each, denials of two things, ranges beside bounds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))


def _kinds(*values: str) -> tuple[FieldValue, ...]:
    return tuple(FieldValue(value) for value in values)


THEATRE = Catalog(
    "theatre",
    (
        Field("patron_id", "string", role="id"),
        Field("pass", "enum", values=_kinds("bronze", "copper", "plus")),
        Field("town", "string", samples=("Ghent", "Bruges", "Lier")),
        Field("country", "string"),
        Field("shows_seen", "number", integer=True),
        Field("donated", "number"),
        Field("state", "enum", values=_kinds("current", "gone")),
        Field("email_opt_in", "boolean"),
    ),
)


def _read(query: str) -> Draft:
    return read(query, THEATRE, CLOCK)


def _text(criteria: str) -> str:
    return canonical.text(parse.loads(criteria))


def _told(draft: Draft) -> str:
    assert draft.outcome == "ok"
    assert draft.node is not None
    return canonical.text(draft.node)


COPPER = '{"$and":[{"pass":"copper"},{"donated":{"$gt":70}}]}'
_OR_COPPER = f'{{"$or":[{{"pass":"bronze"}},{COPPER}]}}'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bronze members or copper members with donated over 70", _OR_COPPER),
        ("bronze members, or copper members with donated over 70", _OR_COPPER),
        (
            "bronze users, copper users or plus users with donated over 70",
            '{"$or":[{"pass":{"$in":["bronze","copper"]}},{"$and":[{"pass":"plus"},{"donated":{"$gt":70}}]}]}',
        ),
        (
            "bronze clients in Ghent or Lier clients with a plus pass",
            '{"$or":[{"$and":[{"pass":"bronze"},{"town":"Ghent"}]},{"$and":[{"town":"Lier"},{"pass":"plus"}]}]}',
        ),
        # one noun for both, and nothing said of the second alone
        ("bronze or copper members with donated over 70",
         '{"$and":[{"pass":{"$in":["bronze","copper"]}},{"donated":{"$gt":70}}]}'),
        ("members who are bronze or copper members with donated over 70",
         '{"$and":[{"pass":{"$in":["bronze","copper"]}},{"donated":{"$gt":70}}]}'),
        ("bronze members or copper members", '{"pass":{"$in":["bronze","copper"]}}'),
        ("no bronze members or copper members", '{"pass":{"$nin":["bronze","copper"]}}'),
    ],
)  # fmt: skip
def test_a_noun_said_on_both_sides_of_or_makes_two_groups(query: str, expected: str) -> None:
    draft = _read(query)
    assert _told(draft) == _text(expected)
    assert draft.confidence >= 0.9


def test_a_noun_said_twice_around_and_leaves_open_what_follows() -> None:
    draft = _read("bronze members and copper members with donated over 70")
    assert draft.confidence < 0.9
    assert any("the last of them alone" in each for each in draft.ambiguities)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("not both bronze and in Ghent", '{"$not":{"$and":[{"pass":"bronze"},{"town":"Ghent"}]}}'),
        (
            "patrons who aren't both current and in Lier",
            '{"$not":{"$and":[{"state":"current"},{"town":"Lier"}]}}',
        ),
        (
            "not both bronze and in Ghent, donated over 70",
            '{"$and":[{"$not":{"$and":[{"pass":"bronze"},{"town":"Ghent"}]}},{"donated":{"$gt":70}}]}',
        ),
        ("not both bronze", '{"pass":{"$neq":"bronze"}}'),
    ],
)
def test_not_both_denies_the_two_together(query: str, expected: str) -> None:
    assert _told(_read(query)) == _text(expected)


@pytest.mark.parametrize("query", ["all except bronze members in Ghent", "exclude bronze members in Ghent"])
def test_an_exception_before_a_place_is_shown_both_ways(query: str) -> None:
    draft = _read(query)
    assert draft.confidence < 0.9
    both = _text('{"$not":{"$and":[{"pass":"bronze"},{"town":"Ghent"}]}}')
    assert [canonical.text(reading.node) for reading in draft.readings] == [both]
    (question,) = draft.questions
    assert question.readings == (0,)
    assert "bronze members in Ghent" in question.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "donated over 20 and under 90 or over 400",
            '{"$or":[{"donated":{"$gt":20,"$lt":90}},{"donated":{"$gt":400}}]}',
        ),
        (
            "donated over 400 or over 20 and under 90",
            '{"$or":[{"donated":{"$gt":400}},{"donated":{"$gt":20,"$lt":90}}]}',
        ),
        (
            "donated at least 5 and at most 9 or above 40, in Ghent",
            '{"$and":[{"$or":[{"donated":{"$gte":5,"$lte":9}},{"donated":{"$gt":40}}]},{"town":"Ghent"}]}',
        ),
        (
            "bronze, donated under 5 or over 80",
            '{"$and":[{"pass":"bronze"},{"$or":[{"donated":{"$lt":5}},{"donated":{"$gt":80}}]}]}',
        ),
    ],
)
def test_a_range_of_one_number_stands_before_or_after_another_bound(query: str, expected: str) -> None:
    draft = _read(query)
    assert _told(draft) == _text(expected)
    assert draft.confidence >= 0.9
