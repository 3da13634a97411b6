"""The catalog file: everything it can say, and every fault at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Band, Catalog, EventProperty, EventType, Field, FieldValue
from segmentry.criteria.nodes import Operator
from segmentry.errors import InvalidParameters

FULL = """
[catalog]
schema = "golf"
display_name = "Golf club"
time_zone = "Africa/Johannesburg"
locale = "en-ZA"
entity_nouns = ["member", "golfer"]
key = "member_no"

[[field]]
name = "engagementScore"
type = "number"
column = "engagement_score"
group = "Engagement Scores"
description = "Engagement score (0-100)"
unit = "points"
range = [0, 100]
operators = ["eq", "neq", "lt", "lte", "gt", "gte"]
synonyms = ["engagement", "engaged"]
bands = [{ phrase = ["high engagement", "highly engaged"], op = "gte", value = 70 }]
llm = "name"
nullable = false

[[field]]
name = "membershipTier"
type = "string"
values = ["PLATINUM", { value = "GOLD", synonyms = ["gold tier"] }]
case_insensitive = true
folded_column = "tier_folded"
samples = ["PLATINUM"]
hidden = true
notes = ["open list"]

[[field]]
name = "activityCount30d"
type = "number"
integer = true
range = [0, ""]
window_days = 30
boolean_like = true

[[field]]
name = "expiry"
type = "datetime"
tense = "future"

[[field]]
name = "phone"
type = "string"
format = "e164"
pii = true
role = "id"

[[event]]
name = "booking"
description = "A tee time"
synonyms = ["booked"]
table = "crm.bookings"
key_column = "member_no"
time_column = "booked_at"
properties = [
  { name = "amount", type = "number", integer = true, unit = "cents", column = "amount_cents" },
  { name = "clubId", type = "string" },
]
"""


def _faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidParameters) as caught:
        catalog_toml.loads(text)
    return [(each.field, each.message) for each in caught.value.violations]


def test_every_key_is_read() -> None:
    assert catalog_toml.loads(FULL) == Catalog(
        "golf",
        (
            Field(
                "engagementScore",
                "number",
                column="engagement_score",
                group="Engagement Scores",
                description="Engagement score (0-100)",
                unit="points",
                minimum=0,
                maximum=100,
                operators=(Operator.EQ, Operator.NEQ, Operator.LT, Operator.LTE, Operator.GT, Operator.GTE),
                synonyms=("engagement", "engaged"),
                bands=(Band(("high engagement", "highly engaged"), Operator.GTE, 70),),
                llm="name",
                nullable=False,
            ),
            Field(
                "membershipTier",
                "string",
                values=(FieldValue("PLATINUM"), FieldValue("GOLD", ("gold tier",))),
                case_insensitive=True,
                folded_column="tier_folded",
                samples=("PLATINUM",),
                hidden=True,
                notes=("open list",),
            ),
            Field("activityCount30d", "number", integer=True, minimum=0, window_days=30, boolean_like=True),
            Field("expiry", "datetime", tense="future"),
            Field("phone", "string", format="e164", pii=True, role="id"),
        ),
        (
            EventType(
                "booking",
                (
                    EventProperty("amount", "number", True, "cents", column="amount_cents"),
                    EventProperty("clubId", "string"),
                ),
                "A tee time",
                ("booked",),
                "crm.bookings",
                "member_no",
                "booked_at",
            ),
        ),
        display_name="Golf club",
        time_zone="Africa/Johannesburg",
        locale="en-ZA",
        entity_nouns=("member", "golfer"),
        key="member_no",
    )


def test_what_is_written_is_read_back() -> None:
    catalog = catalog_toml.loads(FULL)
    assert catalog_toml.loads(catalog_toml.dumps(catalog)) == catalog


def test_names_and_types_alone_are_a_catalog() -> None:
    catalog = catalog_toml.from_mapping({"field": [{"name": "Total / month", "type": "number"}]})
    assert catalog == Catalog("", (Field("Total / month", "number"),))


def test_all_faults_are_reported_together_with_key_and_line() -> None:
    text = """[catalog]
schema = 7
time_zone = "Mars/Olympus"

[[field]]
name = "score"
type = "numbr"
colour = "red"

[[field]]
type = "string"
operators = ["eq", "gtt"]
integer = true

[[field]]
name = "score"
type = "boolean"
operators = ["gt"]
range = [5, 1]
bands = [{ phrase = "old", op = "gte" }]
tense = "past perfect"
window_days = 0

[[event]]
name = "$booking"
properties = [{ name = "amount" }]
"""
    faults = dict(_faults(text))
    assert set(faults) == {
        "catalog.schema",
        "catalog.time_zone",
        "field[0].type",
        "field[0].colour",
        "field[1].name",
        "field[1].operators[1]",
        "field[1].integer",
        "field[2].name",
        "field[2].operators[0]",
        "field[2].range",
        "field[2].bands[0].op",
        "field[2].bands[0].value",
        "field[2].tense",
        "field[2].window_days",
        "event[0].name",
        "event[0].properties[0].type",
    }
    assert faults["catalog.schema"].endswith("(line 2)")
    assert "did you mean 'number'?" in faults["field[0].type"]
    assert faults["field[0].type"].endswith("(line 7)")
    assert faults["field[1].name"].endswith("(line 10)")
    assert "did you mean gt" in faults["field[1].operators[1]"]
    assert faults["field[2].operators[0]"].endswith("gt is not possible on type boolean (line 18)")
    assert faults["event[0].properties[0].type"].endswith("(line 26)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[field]\n", "line 1"),
        ("a = ", "not TOML"),
        ("", "at least one field"),
        ('field = "x"', "needs a list"),
        ('field = ["x"]', "needs a table"),
        ('catalog = 1\n[[field]]\nname = "a"\ntype = "string"', "needs a table"),
        (f'[[field]]\nname = "{"x" * 129}"\ntype = "string"', "129 characters"),
        ('[[field]]\nname = ""\ntype = "string"', "0 characters"),
        ('[[field]]\nname = "a\\u0007"\ntype = "string"', "control"),
        ('[[field]]\nname = "a"\ntype = "enum"\nvalues = [[1]]', "needs a text"),
        ('[[field]]\nname = "a"\ntype = "enum"\nvalues = [1979-05-27]', "needs a text"),
        ('[[field]]\nname = "a"\ntype = "string"\nsynonyms = "b"', "list of texts"),
        ('[[field]]\nname = "a"\ntype = "number"\nrange = [1]', "two numbers"),
        ('[[field]]\nname = "a"\ntype = "string"\npii = 1', "true or false"),
    ],
)
def test_a_fault_is_named(text: str, message: str) -> None:
    assert any(message in said for _, said in _faults(text))


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8).filter(
    lambda name: not name.startswith("$")
)


@given(
    st.lists(
        st.builds(
            Field,
            name=NAMES,
            type=st.sampled_from(["string", "enum"]),
            description=st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
            minimum=st.one_of(st.none(), st.integers(-5, 5), st.floats(-5, 5)),
            values=st.lists(
                st.builds(
                    FieldValue,
                    st.one_of(
                        st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
                        st.integers(-(2**63), 2**63 - 1),
                        st.booleans(),
                    ),
                    st.lists(NAMES, max_size=2).map(tuple),
                ),
                max_size=3,
            ).map(tuple),
            bands=st.lists(
                st.builds(
                    Band, st.lists(NAMES, min_size=1, max_size=2).map(tuple), st.just(Operator.EQ), NAMES
                ),
                max_size=2,
            ).map(tuple),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda field: field.name,
    )
)
def test_any_catalog_survives_writing_and_reading(fields: list[Field]) -> None:
    catalog = Catalog("s", tuple(fields))
    assert repr(catalog_toml.loads(catalog_toml.dumps(catalog)).fields) == repr(catalog.fields)
