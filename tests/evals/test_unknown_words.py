"""An answer that stands alone never passes over a word that nobody can know, wherever it is put in a query.

Unless the criteria hold it: after "city is" or "from" any name may be a value.
"""

from __future__ import annotations

import random

import pytest
from segmentry.criteria import canonical
from segmentry.reader.read import read

from evals.case_files import Case, load

ALONE = 0.9
SOME = [case for case in load(("dev",)) if case.current is None and case.in_domain][::6]
INVENTED = ("zorbling", "quemptic", "flarnous", "brindly")


def _with_a_word(case: Case, word: str) -> str:
    words = case.query.split()
    words.insert(random.Random(f"{case.id} {word}").randrange(len(words) + 1), word)
    return " ".join(words)


@pytest.mark.parametrize("word", INVENTED)
def test_an_invented_word_keeps_an_answer_from_standing_alone(word: str) -> None:
    assert len(SOME) > 100
    passed_over: list[str] = []
    for case in SOME:
        query = _with_a_word(case, word)
        draft = read(query, case.catalog, case.clock)
        said = "" if draft.node is None else canonical.text(draft.node)
        if draft.outcome == "ok" and draft.confidence >= ALONE and word not in said:
            passed_over.append(f"{case.id}: {query} -> {said}")
    assert passed_over == []
