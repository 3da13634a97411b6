# ruff: noqa: E501 - criteria read better in one line
"""What stands around a description: greetings, purposes, light verbs; it selects nobody and hides nothing."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.reader.read import read

from evals import tables
from tests.reader.scoring import CLOCK

TABLE = Catalog(
    "shop",
    (
        Field("Payment Method", "enum", values=(FieldValue("PayPal"), FieldValue("Card"))),
        Field("items_held", "number", integer=True),
        Field("savings_balance", "number"),
        Field("last_order_at", "datetime"),
    ),
)


@pytest.mark.parametrize(
    "query",
    [
        "Hi team, for the autumn mailing could you list everyone with more than 3 items held?",
        "I'm putting together the invitation list for a dinner, so I need people with more than 3 items held",
        "more than 3 items held, for our spring newsletter",
        "people who hold more than 3 items held",
        "the entire base with more than 3 items held",
    ],
)
def test_what_surrounds_a_condition_is_no_condition(query: str) -> None:
    draft = read(query, TABLE, CLOCK)
    assert (draft.outcome, draft.unexplained) == ("ok", ())
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"items_held":{"$gt":3}}'
    assert draft.confidence >= 0.9


@pytest.mark.parametrize(
    "query",
    ["every single customer we have", "the entire customer base, thanks", "our entire database", "everybody"],
)
def test_a_noun_for_all_customers_means_everyone(query: str) -> None:
    draft = read(query, TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == "{}"


def test_a_verb_of_the_same_root_as_the_column_needs_no_claim() -> None:
    draft = read("customers paying with PayPal", TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"Payment Method":{"$eq":"PayPal"}}'
    assert not draft.unexplained


@pytest.mark.parametrize(
    "query",
    [
        "For those without an order in 30 days I need a list",
        "for people who paid by card give me more than 3 items held",
        "whole grain buyers who pay by card",
    ],
)
def test_a_remark_that_may_hold_a_condition_is_not_passed_over(query: str) -> None:
    draft = read(query, TABLE, CLOCK)
    said = "" if draft.node is None else canonical.text(draft.node)
    assert "last_order_at" in said or "Card" in said or draft.confidence < 0.9
    if "grain" in query:
        assert draft.confidence < 0.9


def test_a_word_that_names_the_column_of_the_bound_beside_it_is_no_question() -> None:
    draft = read("between 5,000 and 25,000 in savings", TABLE, CLOCK)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert (
        canonical.text(draft.node)
        == '{"$and":[{"savings_balance":{"$gte":5000}},{"savings_balance":{"$lte":25000}}]}'
    )


def test_a_value_is_found_without_the_capitals_inside_it() -> None:
    draft = read("pay with paypal or card", TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"Payment Method":{"$in":["Card","PayPal"]}}'


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        (
            "card payers who either hold over 3 items held or have a savings balance under 10",
            '{"$and":[{"$or":[{"items_held":{"$gt":3}},{"savings_balance":{"$lt":10}}]},{"Payment Method":{"$eq":"Card"}}]}',
        ),
        ("everyone bar those who pay by card", '{"Payment Method":{"$neq":"Card"}}'),
        ("everyone w/ more than 3 items held", '{"items_held":{"$gt":3}}'),
    ],
)
def test_short_forms_and_brackets_of_speech(query: str, criteria: str) -> None:
    draft = read(query, TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == criteria


def test_who_owes_money_is_looked_for_among_debts() -> None:
    table = Catalog("clinic", (Field("totalPaid", "number"), Field("outstandingUsd", "number")))
    draft = read("anyone who owes us over 100 dollars", table, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"outstandingUsd":{"$gt":100}}'


@pytest.mark.parametrize(
    "query",
    [
        "all of them, no filter",
        "all customers no matter what",
        "everyone regardless of savings balance",
        "select all",
        "show everything",
    ],
)
def test_a_remark_that_takes_limits_away_means_everyone(query: str) -> None:
    draft = read(query, TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == "{}"


@pytest.mark.parametrize("query", ["list", "please", "how many", "and or"])
def test_a_request_without_an_object_is_asked_about(query: str) -> None:
    assert read(query, TABLE, CLOCK).outcome == "ambiguous"


def test_without_a_filter_on_one_thing_the_rest_stays() -> None:
    draft = read("card payers, no filter on savings balance", TABLE, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"Payment Method":{"$eq":"Card"}}'


def test_a_liking_for_a_word_that_is_no_value_stays_open() -> None:
    draft = read("gold members who are crazy about us", tables.load("golf"), CLOCK)
    assert draft.confidence < 0.9
    assert [each.text for each in draft.unexplained] == ["crazy"]
