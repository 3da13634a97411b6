"""Which specialists a catalog has, and what they are called."""

from __future__ import annotations

import re

import pytest
from segmentry.agents.groups import MOST_FIELDS, everything, groups
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.customers import golf

from tests.agents import tables


def test_golf_has_its_seven_groups_and_its_events() -> None:
    found = groups(golf.catalog())
    assert [group.name for group in found] == [
        "specialist_identity_contact",
        "specialist_status_lifecycle",
        "specialist_membership",
        "specialist_consent",
        "specialist_engagement_scores",
        "specialist_activity_metrics",
        "specialist_golf_data",
        "specialist_events",
    ]
    assert [event.name for event in found[-1].events] == [
        "booking",
        "booking_return",
        "email_open",
        "email_click",
    ]


def test_fields_without_groups_are_cut_at_ten_in_catalog_order() -> None:
    found = groups(tables.wide())
    assert [group.name for group in found[:3]] == [
        "specialist_fields",
        "specialist_fields_2",
        "specialist_fields_3",
    ]
    assert len(found) == 20
    assert [field.name for group in found for field in group.fields] == [f"column_{n}" for n in range(200)]


@pytest.mark.parametrize("name", tables.every())
def test_every_visible_field_belongs_to_one_specialist(name: str) -> None:
    catalog = tables.every()[name]
    found = groups(catalog)
    names = [field.name for group in found for field in group.fields]
    assert sorted(names) == sorted(field.name for field in catalog.visible if field.llm != "hidden")
    assert [event for group in found for event in group.events] == list(catalog.events)
    assert all(len(group.fields) + len(group.events) <= MOST_FIELDS for group in found)


@pytest.mark.parametrize("name", tables.every())
def test_names_of_specialists_differ_and_are_taken_by_vendors(name: str) -> None:
    names = [group.name for group in groups(tables.every()[name])]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"specialist_[a-z0-9_]{1,53}", each) for each in names), names


def test_a_field_in_another_group_renames_nobody() -> None:
    before = Catalog("t", (Field("a", "number", group="Money"), Field("b", "string", group="Habits")))
    after = before.replace_fields((Field("c", "string", group="Places"), *before.fields))
    assert {group.name for group in groups(before)} < {group.name for group in groups(after)}


def test_groups_that_differ_in_case_or_blanks_are_one() -> None:
    catalog = Catalog("t", (Field("a", "number", group="Money"), Field("b", "number", group=" money ")))
    assert [len(group.fields) for group in groups(catalog)] == [2]


def test_groups_that_are_named_alike_stay_two() -> None:
    catalog = Catalog("t", (Field("a", "number", group="R&D"), Field("b", "number", group="R+D")))
    assert [group.name for group in groups(catalog)] == ["specialist_r_d", "specialist_r_d_2"]


def test_a_name_that_is_not_plain_gets_a_key_of_its_own() -> None:
    catalog = Catalog("t", (Field("line\nend", "string"), Field("field_1", "string")), (EventType("a|b"),))
    group = everything(catalog)
    assert dict(group.named) == {"field_1_": "line\nend", "field_1": "field_1", "event_1": "a|b"}


def test_a_very_wide_table_is_asked_about_with_what_one_schema_holds() -> None:
    catalog = Catalog("t", tuple(Field(f"c{n}", "number") for n in range(900)), (EventType("visit"),))
    assert len(everything(catalog).named) == 400
