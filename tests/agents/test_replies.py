"""Answers of models: every shape is checked, a fault has its place, nothing of the answer stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.agents import prompt, replies
from segmentry.agents.expression import parse
from segmentry.agents.pieces import Condition, Edit, Fault
from segmentry.agents.registry import ROWS, Expert, expert
from segmentry.errors import JsonValue

CANARY = "canary-51c2"


def _made(row: str) -> Expert:
    return expert(row, group=prompt.example_group() if ROWS[row].of_group else None)


SPECIALIST = _made("specialist")
EDIT = _made("edit")
STATISTICS = _made("statistics")


def _condition(**changed: JsonValue) -> dict[str, JsonValue]:
    return {
        "evidence": "plots over 200",
        "field": "plotSize",
        "op": "above",
        "values": ["200"],
        "unit": "none",
        "direction": "none",
        "negated": False,
        "assumed": False,
        **changed,
    }


def _answer(*conditions: JsonValue, unhandled: JsonValue = None) -> dict[str, JsonValue]:
    return {"conditions": list(conditions), "unhandled": [] if unhandled is None else unhandled}


def test_a_condition_is_read_as_it_was_said() -> None:
    value = _answer(_condition(unit="money", negated=True), unhandled=["a bit"])
    answer, faults = replies.field_answer(value, SPECIALIST)
    assert faults == ()
    assert answer.conditions == (
        Condition("plots over 200", "plotSize", "above", ("200",), unit="money", negated=True),
    )
    assert answer.unhandled == ("a bit",)
    assert (answer.agent, answer.prompt_version) == (SPECIALIST.name, SPECIALIST.version)


@pytest.mark.parametrize("nothing", ["none", "", None])
def test_what_stands_for_no_unit_is_no_unit(nothing: JsonValue) -> None:
    answer, faults = replies.field_answer(_answer(_condition(unit=nothing, direction=nothing)), SPECIALIST)
    assert faults == ()
    assert (answer.conditions[0].unit, answer.conditions[0].direction) == ("", "")


def test_a_number_where_a_text_is_wanted_says_the_same() -> None:
    answer, faults = replies.field_answer(_answer(_condition(values=[200, 1.5])), SPECIALIST)
    assert faults == ()
    assert answer.conditions[0].values == ("200", "1.5")


@pytest.mark.parametrize(
    ("changed", "place", "message"),
    [
        ({"evidence": ""}, "conditions[1].evidence", "is empty"),
        ({"evidence": "x" * 201}, "conditions[1].evidence", "is too long"),
        ({"evidence": 5}, "conditions[1].evidence", "needs a text"),
        ({"values": "200"}, "conditions[1].values", "needs a list"),
        ({"values": [True]}, "conditions[1].values[0]", "needs a text"),
        ({"values": ["1"] * 21}, "conditions[1].values", "has too many elements"),
        ({"negated": "false"}, "conditions[1].negated", "needs true or false"),
        ({"negated": None}, "conditions[1].negated", "needs true or false"),
        ({"unit": CANARY}, "conditions[1].unit", "is none of the words to choose from"),
        ({CANARY: 1}, "conditions[1]", "has a key that was not asked for"),
    ],
)
def test_a_fault_costs_its_own_condition_alone(
    changed: dict[str, JsonValue], place: str, message: str
) -> None:
    value = _answer(_condition(), _condition(**changed), _condition(op="below"))
    answer, faults = replies.field_answer(value, SPECIALIST)
    assert [each.op for each in answer.conditions] == ["above", "below"]
    assert faults == (Fault("BAD_SHAPE", place, message),)


def test_an_operation_that_nobody_knows_is_not_allowed() -> None:
    answer, faults = replies.field_answer(_answer(_condition(op="$where")), SPECIALIST)
    assert answer.conditions == ()
    assert [(each.code, each.place) for each in faults] == [("OP_NOT_ALLOWED", "conditions[0].op")]
    assert "above" in faults[0].allowed


def test_a_field_that_nobody_has_is_left_to_the_check_of_the_catalog() -> None:
    answer, faults = replies.field_answer(_answer(_condition(field="PLOTSIZE")), SPECIALIST)
    assert faults == ()
    assert answer.conditions[0].field == "PLOTSIZE"


def test_more_conditions_than_a_request_can_have_are_not_taken() -> None:
    answer, faults = replies.field_answer(_answer(*[_condition()] * 13), SPECIALIST)
    assert len(answer.conditions) == replies.MOST_CONDITIONS
    assert faults == (Fault("BAD_SHAPE", "conditions[12]", "has more than 12 elements"),)


@pytest.mark.parametrize("value", [None, [], "x", 1.5, True, {}, {"conditions": {}}, {"conditions": []}])
def test_an_answer_of_another_kind_is_one_without_pieces(value: JsonValue) -> None:
    answer, faults = replies.field_answer(value, SPECIALIST)
    assert (answer.conditions, answer.unhandled) == ((), ())
    assert faults
    assert {each.code for each in faults} == {"BAD_SHAPE"}


def test_logic_is_an_expression_over_the_phrases_that_were_shown() -> None:
    value: JsonValue = {"expr": "2 or 1", "order_uncertain": True}
    answer, faults = replies.logic_answer(value, _made("logic"), 2)
    assert faults == ()
    assert answer is not None
    assert (answer.expression, answer.order_uncertain) == (parse("2 or 1", 2), True)


@pytest.mark.parametrize(
    ("expr", "allowed"),
    [
        ("1 &&& garbage", ("1", "2", "3")),
        ("1 & 2 & 4", ("1", "2", "3")),
        ("1 & 1", ("1", "2", "3")),
        ("2", ("1", "3")),
    ],
)
def test_logic_that_cannot_be_read_or_leaves_a_phrase_out_is_a_fault(
    expr: str, allowed: tuple[str, ...]
) -> None:
    answer, faults = replies.logic_answer({"expr": expr, "order_uncertain": False}, _made("logic"), 3)
    assert answer is None
    assert [(each.code, each.place, each.allowed) for each in faults] == [("BAD_LOGIC", "expr", allowed)]
    assert "garbage" not in str(faults)


def test_an_edit_is_about_conditions_that_were_shown() -> None:
    good: JsonValue = {"evidence": "make it 40", "do": "change", "leaves": [2, 2], "words": "40"}
    bad: JsonValue = {"evidence": "make it 40", "do": "change", "leaves": [1, 3], "words": "40"}
    answer, faults = replies.edit_answer({"edits": [good, bad], "unhandled": []}, EDIT, 2)
    assert answer.edits == (Edit("make it 40", "change", (2,), "40"),)
    assert faults == (Fault("BAD_LOGIC", "edits[1].leaves[1]", "was not shown", ("1", "2")),)


def test_an_edit_does_what_edits_can_do() -> None:
    value: JsonValue = {
        "edits": [{"evidence": "x", "do": "drop table", "leaves": [], "words": ""}],
        "unhandled": [],
    }
    answer, faults = replies.edit_answer(value, EDIT, 2)
    assert answer.edits == ()
    assert faults == (Fault("BAD_SHAPE", "edits[0].do", "is none of the words to choose from"),)


def test_a_wording_has_one_line_per_option() -> None:
    value: JsonValue = {"question": "Which\none?", "options": ["The <b>first</b>", "The second"]}
    answer, faults = replies.wording_answer(value, _made("ambiguity"), 2)
    assert faults == ()
    assert answer is not None
    assert (answer.question, answer.options) == ("Which one?", ("The ‹b›first‹/b›", "The second"))
    assert replies.wording_answer(value, _made("ambiguity"), 3)[0] is None
    same: JsonValue = {"question": "Which?", "options": ["One", "One"]}
    assert replies.wording_answer(same, _made("ambiguity"), 2)[0] is None


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("Large plots in the north", True),
        ("Top 5 % (new)", True),
        ("Gärtner & Söhne", True),
        ("", False),
        ("42", False),
        ("x" * 61, False),
        ("<b>Best</b>", False),
        ("two\nlines", False),
        ("Stars ✨", False),
        ("Taken", False),
        ("see https://example.org/?q=1", False),
    ],
)
def test_a_name_is_short_plain_and_new(name: str, taken: bool) -> None:
    answer, faults = replies.name_answer({"name": name}, _made("name"), ["TAKEN"])
    assert (answer is not None, bool(faults)) == (taken, not taken)


def test_proposed_segments_are_of_known_fields() -> None:
    rule: dict[str, JsonValue] = {"field": "plotSize", "op": "gte", "values": [250]}
    good: JsonValue = {"name": "Large", "description": "d", "rules": [rule], "suggested_use": "u"}
    bad: JsonValue = {
        "name": "x",
        "description": "d",
        "rules": [rule, {**rule, "field": CANARY}],
        "suggested_use": "u",
    }
    answer, faults = replies.statistics_answer({"segments": [good, bad]}, STATISTICS)
    assert [(each.name, each.rules[0].values) for each in answer.segments] == [("Large", ("250",))]
    assert [(each.code, each.place) for each in faults] == [("UNKNOWN_FIELD", "segments[1].rules[1].field")]


# --- anything at all

_WORDS = (
    "conditions",
    "unhandled",
    "evidence",
    "field",
    "op",
    "values",
    "unit",
    "edits",
    "leaves",
    "do",
    "name",
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_WORDS) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=20,
)
_CONDITIONS = st.lists(
    st.fixed_dictionaries({key: st.sampled_from([value]) | _JSON for key, value in _condition().items()}),
    max_size=4,
)


@given(_JSON | st.fixed_dictionaries({"conditions": _CONDITIONS | _JSON, "unhandled": _JSON}))
@settings(max_examples=300, deadline=None)
def test_any_json_gives_pieces_or_faults_and_never_an_error(value: JsonValue) -> None:
    for _, faults in (
        replies.field_answer(value, SPECIALIST),
        replies.logic_answer(value, SPECIALIST, 3),
        replies.edit_answer(value, EDIT, 3),
        replies.wording_answer(value, EDIT, 2),
        replies.name_answer(value, EDIT),
        replies.statistics_answer(value, STATISTICS),
    ):
        assert all(isinstance(each, Fault) for each in faults)


@given(_JSON)
@settings(max_examples=200, deadline=None)
def test_nothing_of_an_answer_stands_in_a_fault(value: JsonValue) -> None:
    planted: JsonValue = {
        CANARY: value,
        "conditions": [{CANARY: value}, CANARY],
        "unhandled": [{CANARY: 1}, value],
    }
    shapes: list[JsonValue] = [
        planted,
        [planted],
        {"edits": [planted], "unhandled": CANARY},
        {"segments": [planted]},
    ]
    for made in shapes:
        _, faults = replies.field_answer(made, SPECIALIST)
        _, more = replies.edit_answer(made, EDIT, 3)
        _, last = replies.statistics_answer(made, STATISTICS)
        assert CANARY not in str((*faults, *more, *last))
