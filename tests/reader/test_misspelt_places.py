"""A place that no table lists: read as it is said, and doubted where it is near to a known one."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

from tests.reader.scoring import CLOCK

CITY, COUNTRY = Field("city", "string"), Field("country", "string")
BOTH = Catalog("both", (CITY, COUNTRY, Field("orders", "number", integer=True)))
CITIES = Catalog("cities", (CITY, Field("orders", "number", integer=True)))


def _trees(draft: Draft) -> list[str]:
    return [canonical.text(each.node) for each in draft.readings]


@pytest.mark.parametrize(
    ("query", "read_as", "said"),
    [
        ("people in Lisbn", '{"city":{"$eq":"Lisbon"}}', '{"city":{"$eq":"Lisbn"}}'),
        ("people in Los Angelse", '{"city":{"$eq":"Los Angeles"}}', '{"city":{"$eq":"Los Angelse"}}'),
        ("people in Sri Lnka", '{"country":{"$eq":"LK"}}', '{"city":{"$eq":"Sri Lnka"}}'),
    ],
)
def test_a_place_near_to_one_known_place_is_read_as_that_and_flagged(
    query: str, read_as: str, said: str
) -> None:
    draft = read(query, BOTH, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == read_as
    assert draft.confidence < 0.9
    assert said in _trees(draft)
    assert any("is near to" in note for note in draft.notes)


@pytest.mark.parametrize("table", [BOTH, CITIES])
def test_a_place_near_to_several_stays_as_it_is_said_and_offers_them(table: Catalog) -> None:
    draft = read("people in Berin", table, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"city":{"$eq":"Berin"}}'
    assert draft.confidence < 0.9
    assert '{"city":{"$eq":"Berlin"}}' in _trees(draft)


@pytest.mark.parametrize(
    "query", ["people in Springfield", "people in Lisbon", "people from Kigali or Quito"]
)
def test_a_place_near_to_none_or_known_itself_is_not_doubted(query: str) -> None:
    assert read(query, CITIES, CLOCK).confidence >= 0.9


def test_the_table_s_own_places_come_first() -> None:
    table = Catalog("t", (Field("city", "string", samples=("Berlin", "Bath")),))
    draft = read("people in Berin", table, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"city":{"$eq":"Berlin"}}'


def test_a_city_column_that_is_named_is_doubted_as_well() -> None:
    assert (
        read("city is Madird", CITIES, CLOCK).confidence
        < 0.9
        <= read("city is Madrid", CITIES, CLOCK).confidence
    )
