"""The bytes of a stream, read in parts of any size, and answers looked at before they are used."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.llm.answers import MAX_CONTENT_BYTES, Raw, read
from segmentry.llm.events import Events
from segmentry.llm.model import NO_USAGE, CallFailed

STREAM = (
    b": a comment\r\n\r\nevent: message\r\ndata: one\r\n\r\n"
    b"data:two\n\ndata: three\ndata: lines\n\nid: 4\n\rdata: four\r\rdata: \xc3\xa9\n\ndata: left over"
)
TEXTS = [b"one", b"two", b"three\nlines", b"four", b"\xc3\xa9"]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_are_the_same_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    events = Events()
    ends = sorted({0, len(STREAM), *cuts})
    parts = [STREAM[start:end] for start, end in pairwise(ends)]
    assert [text for part in parts for text in events.of(part)] == TEXTS


def test_events_come_as_soon_as_they_end() -> None:
    events = Events()
    assert [list(events.of(bytes((byte,)))) for byte in b"data: a\n\n"][-2:] == [[], [b"a"]]


def raw(content: str, **more: object) -> Raw:
    made = Raw(choices=1, finish_reason="stop")
    made.add(content)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def failure(answer: Raw) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        read(answer, NO_USAGE, fenced=False)
    assert caught.value.__context__ is None
    return caught.value


def test_the_first_thing_that_is_wrong_is_the_one_that_is_said() -> None:
    worst = raw("{", choices=0, refusal=True, finish_reason="length")
    assert "holds no answer" in failure(worst).message
    worst.choices = 1
    assert failure(worst).cause == "LLM_REFUSED"
    worst.refusal = False
    assert failure(worst).cause == "LLM_TRUNCATED"
    worst.finish_reason = "tool_calls"
    assert "ended before it was whole" in failure(worst).message
    worst.finish_reason = "stop"
    assert "not strict JSON" in failure(worst).message


@pytest.mark.parametrize("text", ['"' + "x" * MAX_CONTENT_BYTES + '"', '"' + "é" * 9000 + '"'])
def test_an_answer_beyond_16_kib_is_none(text: str) -> None:
    assert "too long" in failure(raw(text)).message


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ('{"values":["40","41","42"],"evidence":"older than', False),
        ('{"values":[' + " \n" * 20, True),
        ('{"values":["1' + "3" * 40, True),
        ('{"values":["' + "12" * 20, True),
        ('{"values":["' + "no, " * 20, False),
        (" " * 15000 + "x", False),
    ],
    ids=["cut", "blanks", "digits", "pattern", "words", "blanks before"],
)
def test_a_cut_answer_is_a_loop_by_its_end_alone(text: str, loop: bool) -> None:
    assert failure(raw(text, finish_reason="length")).loop is loop


def test_a_stream_of_blanks_is_given_up_before_it_runs_to_its_limit() -> None:
    answer = Raw(choices=1)
    answer.add('{"conditions":[')
    for _ in range(24):
        answer.add("    ")
    assert answer.hopeless
    assert failure(answer).loop


def test_indented_json_is_no_loop() -> None:
    answer = Raw(choices=1, finish_reason="stop")
    for part in ("{\n", " " * 40, '"a":', "\n" + " " * 48, "1", "\n", "}"):
        answer.add(part)
        assert not answer.hopeless
    assert read(answer, NO_USAGE, fenced=False)[0] == {"a": 1}
