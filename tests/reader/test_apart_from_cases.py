"""Cases judge rules only if neither was written from the other."""

from __future__ import annotations

from functools import cache

import pytest

from evals.case_files import Case, load
from tests.reader import known_texts
from tests.reader.known_texts import Index, Text


def _shown(case: Case) -> str:
    """A case as a message may name it: what a blind one says stays unsaid."""
    return f"{case.id} {case.query!r}" if case.split == "dev" else case.id


@cache
def _cases() -> tuple[Case, ...]:
    """The cases to compare: a refinement is a word or two, and the criteria it starts from make the case."""
    return tuple(case for case in load() if case.current is None)


def test_no_case_repeats_a_text_of_documents_tests_or_rules() -> None:
    index = Index(known_texts.known())
    found = [
        f"{_shown(case)} is like {near.said!r} in {near.where}"
        for case in _cases()
        if (near := index.like(case.query)) is not None
    ]
    assert found == [], "\n".join(found)


def test_no_case_is_a_synonym_or_description_of_a_catalog() -> None:
    index = Index(known_texts.of_catalogs())
    found = [
        f"{_shown(case)} is {same.said!r} in {same.where}"
        for case in _cases()
        if (same := index.same(case.query)) is not None
    ]
    assert found == [], "\n".join(found)


def test_no_dev_case_is_like_a_blind_one() -> None:
    index = Index([Text(case.query, _shown(case)) for case in _cases() if case.split == "dev"])
    found = [
        f"{case.id} is like {near.where}"
        for case in _cases()
        if case.split == "blind" and (near := index.like(case.query)) is not None
    ]
    assert found == [], "\n".join(found)


def test_no_table_of_the_reader_holds_words_of_a_blind_case() -> None:
    blind = {case.id: f" {known_texts.normal(case.query)} " for case in load() if case.split == "blind"}
    every = "|".join(blind.values())
    found = [
        f"{phrase.where} holds {phrase.said!r} of {name}"
        for phrase in known_texts.phrases_of_tables()
        if (words := f" {known_texts.normal(phrase.said)} ") in every
        for name, query in blind.items()
        if words in query
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Gold members in Cape Town, who booked!", True),
        ("gold members in Cape Town who booked twice", True),
        ("who booked: gold members in Cape Town", True),
        ("gold members", False),
        ("gold members in Cape Town who booked in the last 30 days and opened a mail", False),
        ("silver players from Paarl that paid", False),
    ],
)
def test_texts_are_near_by_their_words(text: str, near: bool) -> None:
    index = Index([Text("gold members in Cape Town who booked", "here")])
    assert (index.like(text) is not None) is near


def test_what_rules_are_written_from_is_known() -> None:
    said = {known_texts.normal(each.said): each.where for each in known_texts.known()}
    assert len(said) > 3_000
    for where in (
        "tests/reader/sentences/",
        "tests/reader/test_",
        "docs/",
        "server/segmentry/reader/",
        "server/segmentry/agents/prompts/",
    ):
        assert any(where in each for each in said.values()), where
    assert any(len(known_texts.normal(each.said).split()) > 3 for each in known_texts.phrases_of_tables())
