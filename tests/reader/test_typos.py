"""Slips of the hand: what is put right, what is left alone because it is another word."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.reader.draft import Draft
from segmentry.reader.read import read
from segmentry.reader.refine import refine
from segmentry.reader.spelling import channel

from tests.reader import scoring
from tests.reader.scoring import CLOCK

TABLE = Catalog(
    "club",
    (
        Field("tier", "enum", values=tuple(map(FieldValue, ("gold", "silver", "platinum")))),
        Field("age", "number", integer=True),
        Field("is_smoker", "boolean"),
        Field("country", "string", format="iso3166-alpha2"),
        Field("last_visit_at", "datetime"),
        Field("sms_opt_in", "boolean"),
    ),
)


def _read(query: str) -> Draft:
    return read(query, TABLE, CLOCK)


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("membrs over 40", "members over 40"),
        ("age unde 40", "age under 40"),
        ("age blow 40", "age below 40"),
        ("at last 40 years old", "at least 40 years old"),
        ("silve or platnum members", "silver or platinum members"),
        ("smoers over 40", "smokers over 40"),
        ("gold members in Germny", "gold members in Germany"),
        ("austrain gold members", "austrian gold members"),
        ("visited in Augst 2025", "visited in August 2025"),
        ("gold members withuot sms consent", "gold members without sms consent"),
    ],
)
def test_one_wrong_letter_changes_nothing(query: str, right: str) -> None:
    draft, meant = _read(query), _read(right)
    assert draft.node is not None
    assert meant.node is not None
    assert canonical.text(draft.node) == canonical.text(meant.node)
    assert draft.confidence <= meant.confidence
    assert any("was read as" in note for note in draft.notes)


@pytest.mark.parametrize("query", ["gold buggy owners", "members with a locker", "gold members who fold"])
def test_a_word_of_english_is_no_slip(query: str) -> None:
    draft = _read(query)
    assert draft.unexplained or draft.outcome != "ok"
    assert not any("was read as" in note for note in draft.notes)


def test_a_negating_prefix_is_no_slip() -> None:
    draft = read("unverifid members", Catalog("c", (Field("verified", "boolean"),)), CLOCK)
    assert draft.node is None or "true" not in canonical.text(draft.node)


@pytest.mark.parametrize(
    ("instruction", "criteria"),
    [
        ("fogret the age", '{"tier":{"$eq":"gold"}}'),
        ("rise the age to 50", None),
        ("raisse the age to 50", '{"$and":[{"age":{"$gt":50}},{"tier":{"$eq":"gold"}}]}'),
    ],
)
def test_a_slip_in_a_command_is_put_right(instruction: str, criteria: str | None) -> None:
    current = parse.loads('{"$and":[{"age":{"$gt":40}},{"tier":"gold"}]}')
    draft = refine(instruction, current, TABLE, CLOCK)
    if criteria is None:
        assert not any("was read as" in note for note in draft.notes)
        return
    assert draft.node is not None
    assert canonical.text(draft.node) == criteria
    assert any("was read as" in note for note in draft.notes)
    spans = [span for origin in draft.origins for span in origin.spans]
    assert all(instruction[span.start : span.end] == span.text for span in spans)


def test_a_misspelt_unit_of_time_and_a_misspelt_country_are_put_right() -> None:
    draft = _read("visited in the past 2 wees, living in Jpaan")
    meant = _read("visited in the past 2 weeks, living in Japan")
    assert draft.node is not None
    assert meant.node is not None
    assert canonical.text(draft.node) == canonical.text(meant.node)


CLUB = Catalog(
    "yard",
    (
        Field("berth_rent", "number", unit="EUR"),
        Field("last_sailed_at", "datetime"),
        Field("email", "string"),
        Field("hull", "enum", values=tuple(map(FieldValue, ("carbon", "timber", "steel")))),
        Field("mail_opt_in", "boolean"),
    ),
)


@pytest.mark.parametrize(
    ("query", "right"),
    [
        # the last letter left out
        ("berth rent abov 300", "berth rent above 300"),
        ("sailed befor May 2025", "sailed before May 2025"),
        # two candidates, of which one is far commoner or named by the table
        ("nevr sailed", "never sailed"),
        ("timbr hull", "timber hull"),
        # words that only our own grammar has
        ("berth rent anywehre between 100 and 200", "berth rent anywhere between 100 and 200"),
        ("we are alowed to mail them", "we are allowed to mail them"),
    ],
)
def test_a_slip_is_read_as_the_likeliest_word(query: str, right: str) -> None:
    draft, meant = read(query, CLUB, CLOCK), read(right, CLUB, CLOCK)
    assert meant.node is not None
    assert draft.node is not None
    assert canonical.text(draft.node) == canonical.text(meant.node)
    assert draft.outcome == meant.outcome


def test_a_rare_word_of_english_is_read_as_the_common_one_and_flagged() -> None:
    draft, meant = (
        read("last sailed more than a moth ago", CLUB, CLOCK),
        read("last sailed more than a month ago", CLUB, CLOCK),
    )
    assert draft.node is not None
    assert meant.node is not None
    assert canonical.text(draft.node) == canonical.text(meant.node)
    assert draft.confidence < 0.9 < meant.confidence
    assert "'moth' may be a misspelt 'month'" in draft.ambiguities


@pytest.mark.parametrize("query", ["hull payers", "those who competed", "carbon hull with a filer"])
def test_a_rare_form_of_a_common_word_is_no_slip(query: str) -> None:
    assert not any("was read as" in note for note in read(query, CLUB, CLOCK).notes)


def test_a_rare_word_with_a_capital_is_a_name() -> None:
    assert not any("was read as" in note for note in read("email contains Emil", CLUB, CLOCK).notes)


def test_a_value_kept_as_it_was_misspelt_is_flagged() -> None:
    draft = read("email contains carbn", CLUB, CLOCK)
    assert draft.node is not None
    assert "carbn" in canonical.text(draft.node)
    assert draft.confidence < 0.9
    assert "'carbn' may be a misspelt 'carbon'" in draft.ambiguities


@pytest.mark.parametrize(
    ("typed", "near", "meant"),
    [
        ("shp", ("shop", "ship"), None),
        ("peopel", ("people", "propel"), "people"),
        ("beforr", ("before", "beforr"), "before"),
        ("thre", ("three", "threw"), "three"),
    ],
)
def test_of_several_words_the_clearly_likelier_one_is_meant(
    typed: str, near: tuple[str, ...], meant: str | None
) -> None:
    assert channel.likeliest(typed, near, frozenset()) == meant


# nothing in them is a form of a word that it resembles; what people of the trade are called is their own
SLIPS_OF_A_TRADE = [
    ("tramway", "passegers who registered sincd 2023", "passengers who registered since 2023"),
    ("tramway", "journies over the last 30 days above 4", "journeys over the last 30 days above 4"),
    ("tramway", "commutrs with late fees over 5", "commuters with late fees over 5"),
    ("tramway", "purse balance somewhee between 5 and 10", "purse balance somewhere between 5 and 10"),
    ("tramway", "purse holdng over 15 CHF", "purse holding over 15 CHF"),
    ("joinery", "the highes 10 percent by spend 12m", "the highest 10 percent by spend 12m"),
    ("joinery", "top quatile by spend 12m", "top quartile by spend 12m"),
    ("joinery", "image consent grnted", "image consent granted"),
]


@pytest.mark.parametrize(("table", "query", "right"), SLIPS_OF_A_TRADE)
def test_a_slip_in_any_word_that_the_reader_listens_to_is_put_right(
    table: str, query: str, right: str
) -> None:
    catalog = scoring.load(table)
    assert catalog is not None
    draft, meant = read(query, catalog, CLOCK), read(right, catalog, CLOCK)
    assert draft.node is not None
    assert meant.node is not None
    assert canonical.text(draft.node) == canonical.text(meant.node)
