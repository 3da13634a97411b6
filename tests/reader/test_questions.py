"""What every question keeps to: it quotes the words it is about and offers whole readings that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from segmentry.criteria import check, render, witness
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

from evals import case_files
from tests.reader import scoring, test_outcomes

QUOTED = re.compile(r"'(.+?)'(?!\w)")
PLAIN = Catalog(
    "plain",
    (
        Field("size", "number"),
        Field("town", "string"),
        Field("birth_date", "datetime"),
        Field("joined_at", "datetime"),
        Field("last_seen_at", "datetime"),
        Field("renewal_date", "datetime"),
    ),
)


def _drafts() -> Iterator[tuple[str, Draft, Catalog, Clock]]:
    for path in sorted((scoring.HERE / "sentences").glob("*.yaml")):
        catalog = scoring.load(path.stem)
        for case in scoring.cases(path.stem) if catalog is not None else ():
            assert catalog is not None
            yield case.query, read(case.query, catalog, scoring.CLOCK), catalog, scoring.CLOCK
    for case in case_files.load(("dev",)):
        if case.current is None:
            yield case.query, read(case.query, case.catalog, case.clock), case.catalog, case.clock
    for name, query, _, _ in test_outcomes.rows():
        catalog = test_outcomes.table(name)
        yield query, read(query, catalog, scoring.CLOCK), catalog, scoring.CLOCK


def _faults(query: str, draft: Draft, catalog: Catalog, clock: Clock) -> Iterator[str]:
    trees = [reading.node for reading in draft.readings]
    if len(trees) > 4:
        yield "more than four readings"
    if any(check.errors(tree, catalog, clock) for tree in trees):
        yield "a reading is refused"
    for at, tree in enumerate(trees):
        if any(witness.equal(tree, other, catalog, clock) for other in trees[:at]):
            yield f"a reading is said twice: {draft.readings[at].label}"
    if draft.outcome not in ("ambiguous", "invalid_field"):
        return
    if not draft.questions:
        yield "no question"
    for question in draft.questions:
        if not 2 <= len(set(question.readings)) <= 4:
            yield f"{len(question.readings)} readings: {question.text}"
        if draft.outcome == "ambiguous" and not any(said in query for said in QUOTED.findall(question.text)):
            yield f"nothing quoted: {question.text}"


def test_every_question_quotes_the_query_and_offers_two_to_four_readings_that_differ() -> None:
    seen = [
        (query, fault)
        for query, draft, catalog, clock in _drafts()
        for fault in _faults(query, draft, catalog, clock)
    ]
    assert seen == []


@pytest.mark.parametrize("query", ["recent people", "people seen recently", "lapsed people"])
def test_a_vague_time_offers_thirty_and_ninety_days_and_a_year_on_the_dates_of_deeds(query: str) -> None:
    draft = read(query, PLAIN, scoring.CLOCK)
    assert draft.outcome == "ambiguous"
    offered = str([render.to_json(reading.node) for reading in draft.readings])
    assert all(moment in offered for moment in ("{{30_DAYS_AGO}}", "{{90_DAYS_AGO}}", "{{1_YEARS_AGO}}"))
    assert "birth" not in offered
    assert "renewal" not in offered


def test_the_nearest_field_is_offered_with_the_comparison_that_was_said() -> None:
    draft = read("people whose shoe size is over 9", PLAIN, scoring.CLOCK)
    assert draft.outcome == "invalid_field"
    assert "'shoe size'" in draft.message
    assert {"size": {"$gt": 9}} in [render.to_json(reading.node) for reading in draft.readings]


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("cinema", "diamond tier guests", "diamond"),
        ("media", "subscribers on the Platinum plan", "Platinum"),
        ("coworking", "more than three canaries", "canaries"),
        ("coworking", "people who keep at least four canaries", "canaries"),
        ("coworking", "members whose visa status is void", "visa status"),
        ("coworking", "locker number above 200", "locker number"),
        ("logistics", "number of employees over 500", "employees"),
        ("coworking", "people with a favourite snack of crisps", "favourite snack"),
        ("coworking", "people using Figma", "Figma"),
        ("coworking", "people who perform in a circus", "circus"),
        ("coworking", "chess rank of at least 9", "chess rank"),
        ("drivers", "vehicle is tractor", "tractor"),
        ("drivers", "boyfriend's rating under 2", "boyfriend's rating"),
        ("drivers", "tyre rating under 2", "tyre rating"),
        ("drivers", "vehicle equals tractor", "tractor"),
    ],
)
def test_what_no_field_holds_is_quoted_in_full(name: str, query: str, said: str) -> None:
    draft = read(query, test_outcomes.table(name), scoring.CLOCK)
    assert draft.outcome == "invalid_field"
    assert f"'{said}'" in draft.message


def test_a_value_that_is_not_known_offers_the_known_ones() -> None:
    draft = read("diamond tier guests", test_outcomes.table("cinema"), scoring.CLOCK)
    trees = [render.to_json(reading.node) for reading in draft.readings]
    assert all({"tier": tier} in trees for tier in ("bronze", "silver", "gold"))


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("drivers", "drivers with a lot of accidents", "a lot of accidents"),
        ("drivers", "hardly any accidents", "hardly any accidents"),
        ("drivers", "vans that are out all the time", "all the time"),
        ("drivers", "haven't smiled in a while", "in a while"),
        ("drivers", "drivers about to retire", "about to retire"),
        ("drivers", "cost-conscious drivers", "cost-conscious"),
        ("fintech", "users that hardly ever log in", "hardly ever"),
        ("fintech", "users with many transfers", "many transfers"),
    ],
)
def test_a_vague_phrase_of_several_words_is_quoted_whole(name: str, query: str, said: str) -> None:
    draft = read(query, test_outcomes.table(name), scoring.CLOCK)
    assert draft.outcome == "ambiguous"
    assert any(said in question.text for question in draft.questions)


def test_an_unknown_attribute_does_not_hide_what_else_was_not_understood() -> None:
    draft = read(
        "more than two canaries and a juggling licence", test_outcomes.table("coworking"), scoring.CLOCK
    )
    assert (draft.outcome, draft.message) == ("invalid_field", "No field for 'canaries'")
    assert any("juggling" in each for each in draft.ambiguities)


def test_a_table_s_own_word_for_its_people_is_no_condition() -> None:
    table = Catalog(
        "t", (Field("card_no", "string"), Field("borrower_type", "string"), Field("fines", "number"))
    )
    draft = read("borrowers with fines over 10", table, scoring.CLOCK)
    assert (draft.outcome, draft.confidence >= 0.9) == ("ok", True)


def test_a_name_that_is_not_among_a_few_known_ones_never_answers_alone() -> None:
    said = "vehicle is Tractor"
    few = Catalog("t", (Field("vehicle", "string", samples=("van", "truck", "bike")),))
    none = Catalog("t", (Field("vehicle", "string"),))
    assert read(said, few, scoring.CLOCK).confidence < 0.9 <= read(said, none, scoring.CLOCK).confidence


def test_a_value_named_by_a_vague_word_is_that_value() -> None:
    table = Catalog("t", (Field("stage", "enum", values=(FieldValue("keen"), FieldValue("loyal"))),))
    assert read("keen customers", table, scoring.CLOCK).confidence >= 0.9
    assert read("keen customers", PLAIN, scoring.CLOCK).outcome == "ambiguous"


def test_a_noun_for_some_people_that_no_column_knows_is_asked() -> None:
    draft = read("vegans with a rating over 4", test_outcomes.table("drivers"), scoring.CLOCK)
    assert (draft.outcome, "vegans" in draft.ambiguities[0]) == ("ambiguous", True)


def test_another_name_is_no_slip_of_a_known_one() -> None:
    table = Catalog("t", (Field("depot", "string", samples=("Eastport", "Harbour")),))
    assert read("everyone at Westport", table, scoring.CLOCK).outcome != "ok"


def test_words_beside_a_vague_one_are_asked_about_with_it() -> None:
    draft = read("frequent flyers", PLAIN, scoring.CLOCK)
    (question,) = draft.questions
    assert question.span is not None
    assert question.span.text == "frequent flyers"
