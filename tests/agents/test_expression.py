"""The expression of the logic expert is read strictly, or refused in our own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.agents.expression import BadLogic, Expression, parse


def shown(found: Expression) -> str:
    if found.kind == "phrase":
        return str(found.number)
    if found.kind == "not":
        return f"!{shown(found.items[0])}"
    return "(" + (" & " if found.kind == "and" else " | ").join(shown(item) for item in found.items) + ")"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1", "1"),
        ("1 & 2", "(1 & 2)"),
        ("1 & 2 or 3", "((1 & 2) | 3)"),
        ("1 & (2 or 3) & not 4", "(1 & (2 | 3) & !4)"),
        ("not (1 or 2)", "!(1 | 2)"),
        ("((1))", "1"),
    ],
)
def test_and_binds_tighter_than_or_and_not_tightest(text: str, read: str) -> None:
    assert shown(parse(text, 4)) == read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "missing"),
        ("1 &", "missing"),
        ("1 2", "should end"),
        ("(1", "not closed"),
        ("1)", "should end"),
        ("5", "no phrase 5"),
        ("0", "no phrase 0"),
        ("1 & 1", "twice"),
        ("1; DROP TABLE", "something else"),
        ("1 and 2", "something else"),
        ("(" * 30 + "1" + ")" * 30, "deep"),
        ("1 or " * 60 + "2", "characters"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BadLogic, match=why):
        parse(text, 4)


@given(st.text(alphabet="0123456789&()ornt ", max_size=250))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        found = parse(text, 4)
    except BadLogic:
        return
    assert set(found.numbers()) <= {1, 2, 3, 4}
