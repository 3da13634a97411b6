"""What only a description states is read: values, kinds of flag, and what a column is called there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.reader.lexicon.described_values import with_stated_values
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))

MARINA = Catalog(
    "marina",
    (
        Field("berthHolderId", "string", role="id"),
        Field("boat", "string", description="Sailing boat, motor yacht or dinghy"),
        Field("waters", "array", description="Where they sail: lake, river, open sea"),
        Field("crane_ok", "string", description="Crane lift agreed in writing (Yes/No)"),
        Field(
            "winterStore", "number", integer=True, description="1 if the boat has a place in the shed, else 0"
        ),
        Field("berth_class", "string", description="A = pontoon, B = buoy, C = dry dock"),
        Field("ropes", "number", integer=True, description="1 = poor, 2 = fair, 3 = sound"),
        Field("depositCents", "number", integer=True, description="Prepaid mooring credit in cents"),
        Field("lastTripAt", "datetime", description="Most recent sailing trip"),
        Field("skipperAge", "number", integer=True, description="Age in years"),
        Field("port", "string", description="City, state or country of the home port"),
    ),
)

READ = [
    ("dinghy or motor yacht", '{"boat":{"$in":["dinghy","motor yacht"]}}'),
    ("everybody bar the dinghies", '{"boat":{"$neq":"dinghy"}}'),
    ("open sea", '{"waters":{"$contains":"open sea"}}'),
    ("crane lift agreed", '{"crane_ok":"Yes"}'),
    ("agreed crane lift", '{"crane_ok":"Yes"}'),
    ("no place in the shed", '{"winterStore":0}'),
    ("berths at a buoy", '{"berth_class":"B"}'),
    ("ropes are sound", '{"ropes":3}'),
    ("deposit credit below 40 euros", '{"depositCents":{"$lt":4000}}'),
    ("last sailed over 5 weeks ago", '{"lastTripAt":{"$lt":"{{5_WEEKS_AGO}}"}}'),
    ("never sailed", '{"lastTripAt":{"$exists":false}}'),
    ("in their fifties", '{"skipperAge":{"$gte":50,"$lte":59}}'),
]


@pytest.mark.parametrize(("query", "meant"), READ)
def test_a_description_gives_its_column_words_and_values(query: str, meant: str) -> None:
    draft = read(query, MARINA, CLOCK)
    assert draft.node is not None, draft
    assert canonical.text(draft.node) == canonical.text(parse.loads(meant))
    assert draft.confidence >= 0.8


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("string", "Buyer, seller or tenant", ["buyer", "seller", "tenant"]),
        ("string", "Tariff: Basic, Plus or Pro", ["Basic", "Plus", "Pro"]),
        ("string", "How they came (portal / walk-in / referral)", ["portal", "walk-in", "referral"]),
        ("string", "y/n", ["y", "n"]),
        ("string", "City, state or country", []),
        ("string", "Name and address of the owner", []),
        ("string", "Left by the sales team, or imported", []),
        ("string", "Street, e.g. Hill Street 3", []),
        ("number", "Orders: paid or open", []),
        ("array", "Colours such as red, green, blue", ["red", "green", "blue"]),
    ],
)
def test_values_are_taken_only_from_what_is_a_list(kind: str, text: str, values: list[str]) -> None:
    field = Field("thing", "array" if kind == "array" else "number" if kind == "number" else "string")
    found = with_stated_values(Field(field.name, field.type, description=text))
    assert [each.value for each in found.values] == values


def test_what_the_catalog_lists_stands_against_its_description() -> None:
    listed = Field(
        "plan", "enum", values=with_stated_values(Field("x", "string", description="A: b, c")).values
    )
    assert listed.values
    told = Field("plan", "enum", values=listed.values, description="Tariff: Basic, Plus or Pro")
    assert with_stated_values(told) is told
