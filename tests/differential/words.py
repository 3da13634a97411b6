"""Names, texts and numbers that engines read differently."""

from __future__ import annotations

from hypothesis import strategies as st
from segmentry.errors import JsonValue

NAMES = [
    "name", "status", "a.b", "a.b.c", "Total / month", "it's", 'quo"te', "back`tick", "back\\slash",
    "semi;colon", "ünï", "日本", "SELECT", "order", "percent%", "{brace}", "x[0]", "1st", "_under",
    "a  b", "?", ":p", "@v", "#1", "%s", "null", "true", "id", "tenant", "ts", "🏌",
]  # fmt: skip
WORDS = [
    "a", "A", "ab", "AB", "b", "a b", "or", "x'y", 'x"y', "a%b", "a_b", "aXb", "a*b", "a.b", "a?b",
    "a\\b", "a\\", "%", "_", "\\", "a\nb", "a\n", "\na", "\n", "a\r\n", "\t", " ", " a", "a ", "ß",
    "ss", "SS", "ẞ", "İ", "i̇", "ı", "I", "i", "Σ", "σ", "ς", "é", "e\u0301", "😀", "\U0001f600x",
    "x\U0001f600", "\uffff", "\ufeff", "null", "NULL", "true", "$a", "^a$", "[a]", "{a}", "{}", "[]",
    ",", "{{a}}x", "'; --", "0", "1", "1.0", "NaN", "2025-01-01", "\u200b", "\x01", "\x7f", "ﬁ", "fi",
    "K",
]  # fmt: skip
TEXTS: st.SearchStrategy[JsonValue] = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.just(""),
    st.text(alphabet="aAb%_\\\n'ßé😀", max_size=4),
)
NEEDLES: st.SearchStrategy[JsonValue] = TEXTS.filter(lambda text: text != "")
WHOLE = [
    0, 1, -1, 2, 3, 9, 10, 2**31, -(2**31) - 1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53), -(2**53) - 1,
    2**63 - 1, -(2**63),
]  # fmt: skip
INTEGERS: st.SearchStrategy[JsonValue] = st.sampled_from([*range(-2, 5), *WHOLE])
SET_NUMBERS = [
    0.0, -0.0, 0.1, 0.3, 0.1 + 0.2, 0.5, 1.0, 1.5, -1.5, 2.0, 9.5, 70.0, 1e15, 1e16, 1e308, -1e308,
    5e-324, 2.0**53, 2.0**63, 16777217.0, 1 / 3,
]  # fmt: skip
NUMBERS: st.SearchStrategy[JsonValue] = st.one_of(
    st.sampled_from([0, 1, 2, 3, 70]),
    st.sampled_from(SET_NUMBERS),
    st.sampled_from(SET_NUMBERS),
    st.sampled_from([float("nan"), float("inf"), float("-inf")]),
)
ASKED_NUMBERS: st.SearchStrategy[JsonValue] = st.one_of(
    st.sampled_from(SET_NUMBERS), st.sampled_from([0, 1, 2, 3, 70, 2**53, -(2**53)])
)
# Bounds of whole numbers may have fractions; equality may not.
BOUNDS: st.SearchStrategy[JsonValue] = st.one_of(
    INTEGERS, INTEGERS, st.sampled_from([0.5, -0.5, 1.5, 2.0, -0.0, 1e15])
)
