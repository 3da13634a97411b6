"""Instructions written down before the rules: over fourteen catalogs, judged by canonical text."""

from __future__ import annotations

import pytest

from tests.reader import refining

# Names that the reader does not take for the column, or nouns that no catalog knows: asked, not guessed.
ASKED = {"uninsured instead", "or electric cars"}


@pytest.mark.parametrize("name", refining.names())
def test_every_instruction_is_followed_as_written_down_or_asked_about(name: str) -> None:
    wrong = [
        (case.instruction, verdict, draft.node, draft.message)
        for case in refining.cases(name)
        if (verdict := refining.judge(case)[0]) != "right"
        and not (verdict == "asked" and case.instruction in ASKED)
        for draft in [refining.judge(case)[1]]
    ]
    assert wrong == []


def test_there_are_enough_instructions_over_enough_catalogs() -> None:
    counts = {name: len(refining.cases(name)) for name in refining.names()}
    first = sum(count for name, count in counts.items() if not name.startswith("held_out/"))
    assert first >= 120
    assert sum(counts.values()) - first >= 100
    assert len(counts) >= 14


def test_every_reading_of_a_question_is_another_whole_tree() -> None:
    for name in refining.names():
        for case in refining.cases(name):
            verdict, draft = refining.judge(case)
            assert verdict != "silent"
            for question in draft.questions:
                assert all(index < len(draft.readings) for index in question.readings)
