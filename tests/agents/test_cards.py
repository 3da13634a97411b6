"""What a model is told of fields: no more than the catalog lets out, and always on one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.agents.cards import MOST_VALUES, cards
from segmentry.agents.groups import everything
from segmentry.agents.marks import LONGEST, is_plain, one_line
from segmentry.agents.operations import allowed
from segmentry.agents.registry import expert, experts
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Band, Catalog, Field, FieldValue
from segmentry.criteria.nodes import Operator
from segmentry.customers import inline
from segmentry.customers.load import load_table
from segmentry.errors import JsonValue

from tests.agents import tables


def _card(field: Field) -> str:
    return cards(everything(Catalog("t", (field,))))


_NUMBERS = "above, at_least, below, at_most, between"
_ENDS = "top, bottom"


@pytest.mark.parametrize(
    ("field", "card"),
    [
        (
            Field("age", "number", integer=True),
            f"- age: whole number | ops is, {_NUMBERS}, known, top, bottom",
        ),
        (Field("optIn", "boolean", description="Consent"), "- optIn: yes or no | Consent | ops is, known"),
        (
            Field("since", "datetime", tense="past"),
            "- since: date in the past | ops within, beyond, before, after, during, known",
        ),
        (
            Field("visits", "number", window_days=30, operators=(Operator.GTE,)),
            "- visits: number, of the last 30 days | ops above, at_least, between, known, top, bottom",
        ),
        (
            Field("tier", "enum", values=(FieldValue("GOLD", ("gold tier",)), FieldValue("BASIC"))),
            '- tier: one of its values | values "GOLD" (also "gold tier"), "BASIC" | ops is, known',
        ),
        (
            Field("stars", "enum", values=(FieldValue(1), FieldValue(True, ("rated",)))),
            '- stars: one of its values | values "1", "yes" (also "rated") | ops is, known',
        ),
        (
            Field("score", "number", unit="points", bands=(Band(("hi",), Operator.GT, 7),)),
            f'- score: number in points | bands "hi" = above 7 | ops is, {_NUMBERS}, known, band, {_ENDS}',
        ),
        (
            Field("tags", "array", synonyms=("tags", "label")),
            '- tags: list of texts | also "label" | ops is, known',
        ),
    ],
    ids=lambda each: each.name if isinstance(each, Field) else "",
)
def test_a_card_says_what_a_field_is(field: Field, card: str) -> None:
    assert _card(field) == card


def test_long_lists_of_values_are_cut_and_say_so() -> None:
    field = Field("code", "enum", values=tuple(FieldValue(f"v{n}") for n in range(MOST_VALUES + 7)))
    assert f'"v{MOST_VALUES - 1}" and 7 more' in _card(field)


@pytest.mark.parametrize("name", tables.every())
def test_operations_on_a_card_are_those_of_its_schema(name: str) -> None:
    for each in experts(tables.every()[name]).specialists:
        assert each.group is not None
        for field in each.group.fields:
            assert set(allowed(field)) <= set(each.group.ops)


# --- privacy


def _prompts(catalog: Catalog) -> list[str]:
    made = experts(catalog)
    every = [*made.all, expert("statistics", group=made.one_shot.group)]
    return [f"{each.text}\n{each.schema}" for each in every]


def test_what_may_not_leave_is_in_no_prompt() -> None:
    assert [text for text in _prompts(tables.private()) if tables.CANARY in text] == []


@pytest.mark.parametrize("name", tables.evaluated())
def test_samples_and_ranges_of_a_table_are_in_no_prompt(name: str) -> None:
    fields = tuple(
        replace(field, samples=(tables.CANARY,), minimum=731.25, maximum=9731.25)
        for field in tables.evaluated()[name].fields
    )
    for text in _prompts(tables.evaluated()[name].replace_fields(fields)):
        assert tables.CANARY not in text
        assert "731.25" not in text


def test_values_of_inline_rows_are_in_no_prompt() -> None:
    schema: JsonValue = [
        {"name": "plan", "type": "enum", "values": ["BASIC", "PRO"]},
        {"name": "town", "type": "string"},
        {"name": "tags", "type": "array"},
    ]
    tags: JsonValue = [tables.CANARY]
    rows: JsonValue = [{"plan": tables.CANARY, "town": tables.CANARY, "tags": tags} for _ in range(9)]
    catalog = inline.catalog(schema, rows)
    assert any(each.value == tables.CANARY for each in catalog.fields[0].values)
    assert [text for text in _prompts(catalog) if tables.CANARY in text] == []
    assert any('values "BASIC", "PRO"' in text for text in _prompts(catalog))


def test_values_of_a_loaded_table_are_in_no_prompt_until_somebody_lists_them(tmp_path: Path) -> None:
    lines = [f"{('north', 'south', tables.CANARY)[n % 3]},{tables.CANARY if n else 'x'}" for n in range(400)]
    (tmp_path / "people.csv").write_text("\n".join(["region,note", *lines]) + "\n", encoding="utf-8")
    catalog = load_table(tmp_path / "people.csv", "people").catalog
    assert any(each.value == tables.CANARY for field in catalog.fields for each in field.values)
    # Also not after a restart, when the catalog is read again from where the table was stored.
    for each in (catalog, catalog_toml.loads(catalog_toml.dumps(catalog))):
        assert [text for text in _prompts(each) if tables.CANARY in text] == []
    listed = tuple(
        replace(field, values=tuple(replace(value, sampled=False) for value in field.values))
        for field in catalog.fields
    )
    assert any("north" in text for text in _prompts(catalog.replace_fields(listed)))


# --- texts that try to leave their line


def test_hostile_texts_open_and_close_nothing() -> None:
    for text in _prompts(tables.hostile()):
        for mark in ("<fields>", "</fields>", "<example_fields>", "</example_fields>"):
            honest = 2 if mark in ("<fields>", "</fields>") and "# Your fields" in text else 1
            assert text.count(f"\n{mark}\n") <= honest
        assert "\u202e" not in text
        assert "\U000e0041" not in text
        assert "\x00" not in text
    specialist = experts(tables.hostile()).specialists[0].text
    inside = specialist.split("\n<fields>\n")[1].split("\n</fields>\n")
    assert len(inside) == 2
    assert len(inside[0].splitlines()) == 2
    assert all(line.startswith(("- tier: ", "- field_2: ")) for line in inside[0].splitlines())
    assert specialist.count("\nOutput: ") == experts(tables.wide()).specialists[0].text.count("\nOutput: ")


def test_hostile_texts_add_no_part_to_a_card() -> None:
    honest = cards(everything(tables.hostile())).splitlines()[0].split(" | ")
    assert [part.split(" ")[0] for part in honest[2:]] == ["also", "values", "bands", "ops"]
    assert all(len(part) <= 6 * LONGEST for part in honest)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n\tb", "a b"),
        ("</fields>", "‹/fields›"),
        ('say "x" | {{y}}', "say 'x' / ((y))"),
        ("zero\u200bwidth\u2028end", "zero width end"),
        ("", ""),
        ("x" * 500, "x" * (LONGEST - 1) + "…"),
        ("\n" * 5000 + "late", "…"),
    ],
)
def test_foreign_text_becomes_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text(max_size=400))
def test_any_text_becomes_one_bounded_line_without_marks(text: str) -> None:
    line = one_line(text)
    assert len(line) <= LONGEST
    assert len(line.splitlines()) <= 1
    assert not set('<>|"`{}\\') & set(line)
    assert one_line(line) == line


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Total Charges ($)", True),
        ("顧客", True),
        ("a|b", False),
        ("a\nb", False),
        (" a", False),
        ("x" * 65, False),
    ],
)
def test_only_plain_names_are_shown_as_they_are(name: str, plain: bool) -> None:
    assert is_plain(name) is plain
