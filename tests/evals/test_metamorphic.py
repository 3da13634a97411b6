"""What must not matter does not, and what narrows or widens does: nobody has to say what is right."""

from __future__ import annotations

import itertools
import random
from functools import cache

import pytest
from segmentry.criteria import parse, witness
from segmentry.criteria.nodes import And, Node, Or
from segmentry.reader.draft import Draft
from segmentry.reader.read import read
from segmentry.reader.refine import refine

from evals.case_files import Case, load
from evals.judge import judge
from tests.evals.phrases import condition, conditions, on_field, read_alone

DEV = load(("dev",))
ONE_OF_TABLE = {case.table: case for case in DEV}
TABLES = sorted(ONE_OF_TABLE)
POLITE = ("please {}", "{} please", "could you show me {}", "hello, {}", "{}, thanks")


@cache
def _alone() -> tuple[Case, ...]:
    """Dev queries that are read rightly without a second look."""
    verdicts = [judge(case) for case in DEV if case.in_domain and case.current is None]
    return tuple(each.case for each in verdicts if each.right and each.alone)


def _equal(one: Node | None, other: Node | None, case: Case) -> bool:
    return one is not None and other is not None and witness.equal(one, other, case.catalog, case.clock)


def _draft(text: str, case: Case) -> Draft:
    return read(text, case.catalog, case.clock)


@pytest.mark.parametrize("frame", POLITE)
def test_politeness_changes_nothing(frame: str) -> None:
    changed = [
        f"{case.id}: {said}"
        for case in _alone()
        # A query that begins with a frame of its own takes no second one.
        if not case.query.lower().startswith(
            ("show", "list", "find", "give", "count", "how", "which", "who", "what")
        )
        and not case.query.endswith(("?", "."))
        for said in [frame.format(case.query)]
        if not _equal(_draft(said, case).node, _draft(case.query, case).node, case)
    ]
    # "Could you show me email ends with @shop.example" is no English, and some queries begin with a verb.
    assert len(changed) <= len(_alone()) // 50, "\n".join(changed)


def test_blanks_and_a_full_stop_change_nothing() -> None:
    changed = [
        f"{case.id}: {said!r}"
        for case in _alone()
        for said in (f"  {case.query} ", case.query.replace(" ", "  "), f"{case.query.rstrip('.?!')}.")
        if not _equal(_draft(said, case).node, _draft(case.query, case).node, case)
    ]
    assert changed == []


@pytest.mark.parametrize("table", TABLES)
def test_the_case_of_names_changes_nothing(table: str) -> None:
    case = ONE_OF_TABLE[table]
    for text in conditions(table, case.clock):
        for said in (text.upper(), text.capitalize(), text.title()):
            assert _equal(_draft(said, case).node, _draft(text, case).node, case), said


@pytest.mark.parametrize("table", TABLES)
def test_the_order_of_conditions_changes_nothing(table: str) -> None:
    case = ONE_OF_TABLE[table]
    for chosen in _groups(table, 3):
        texts = [f"{one}, {two} and {three}" for one, two, three in itertools.permutations(chosen)]
        first = _draft(texts[0], case)
        for said in texts[1:]:
            assert _equal(_draft(said, case).node, first.node, case), (texts[0], said)


@pytest.mark.parametrize("table", TABLES)
def test_a_synonym_of_the_catalog_stands_for_the_name(table: str) -> None:
    case, tried = ONE_OF_TABLE[table], 0
    owners: dict[str, int] = {}
    for field in case.catalog.visible:
        for synonym in field.synonyms:
            owners[synonym.casefold()] = owners.get(synonym.casefold(), 0) + 1
    for field in case.catalog.visible:
        plain = condition(field, field.name)
        if plain is None or not on_field(read_alone(plain, case.catalog, case.clock), field):
            continue
        for synonym in field.synonyms:
            said = condition(field, synonym)
            if said is None or owners[synonym.casefold()] > 1:
                continue
            tried += 1
            draft = _draft(said, case)
            # A question is no wrong answer: two fields may well answer to a word.
            if draft.outcome == "ok" and draft.confidence >= 0.9:
                assert _equal(draft.node, _draft(plain, case).node, case), said
    assert tried or not any(field.synonyms for field in case.catalog.visible)


@pytest.mark.parametrize("table", TABLES)
def test_and_narrows_and_or_widens(table: str) -> None:
    case = ONE_OF_TABLE[table]
    for one, two in _groups(table, 2):
        first, second = _draft(one, case).node, _draft(two, case).node
        both, either = _draft(f"{one} and {two}", case).node, _draft(f"{one} or {two}", case).node
        assert first is not None
        assert second is not None
        assert _equal(both, And((first, second)), case), f"{one} and {two}"
        assert _equal(either, Or((first, second)), case), f"{one} or {two}"


@pytest.mark.parametrize("table", TABLES)
def test_refining_by_a_condition_is_building_both(table: str) -> None:
    case = ONE_OF_TABLE[table]
    for one, two in _groups(table, 2):
        built = _draft(f"{one} and {two}", case).node
        start = _draft(one, case).node
        assert start is not None
        # "Cancel rate" begins with the verb of an instruction, so it takes a verb of its own.
        lead = "add" if two.startswith("cancel") else "and"
        draft = refine(f"{lead} {two}", start, case.catalog, case.clock)
        assert _equal(draft.node, built, case), f"{one}, then {lead} {two}"


def _groups(table: str, size: int) -> list[tuple[str, ...]]:
    """Some groups of conditions on different fields, the same ones each time."""
    texts = conditions(table, ONE_OF_TABLE[table].clock)
    assert len(texts) >= 3, f"hardly a condition of {table} is read"
    drawn = random.Random(f"{table} {size}")
    return [tuple(drawn.sample(texts, size)) for _ in range(6)]


def test_a_difference_would_be_noticed() -> None:
    case = ONE_OF_TABLE["golf"]
    assert not _equal(parse.loads('{"handicap":{"$gt":5}}'), parse.loads('{"handicap":{"$gte":5}}'), case)
    assert not _equal(None, None, case)
