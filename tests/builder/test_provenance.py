"""What is said of single leaves agrees with what is said of the whole."""

from __future__ import annotations

import pytest
from segmentry.builder import provenance
from segmentry.builder.request import Place
from segmentry.criteria import render
from segmentry.criteria.nodes import And, Leaf, Operator
from segmentry.reader.draft import Draft, DraftQuestion, LeafOrigin, Span

GOLD, KEEN = Leaf("membershipTier", Operator.EQ, "GOLD"), Leaf("engagementScore", Operator.GTE, 70)
SAID = (Span(0, 4, "gold"), Span(9, 13, "keen"))


@pytest.mark.parametrize(
    ("asked", "sure"), [(SAID[1], (0.97, 0.4)), (None, (0.97, 0.97)), (SAID[0], (0.4, 0.97))]
)
def test_a_leaf_whose_words_are_asked_about_is_no_surer_than_the_whole(
    asked: Span | None, sure: tuple[float, float], place: Place
) -> None:
    assert place.catalog.get("membershipTier") is not None
    node = And((GOLD, KEEN))
    origins = tuple(
        LeafOrigin(leaf, "said", (span,), 0.97) for leaf, span in zip((GOLD, KEEN), SAID, strict=True)
    )
    questions = () if asked is None else (DraftQuestion("What does it mean?", asked),)
    draft = Draft("ambiguous", node, 0.4, origins, questions=questions)
    entries = provenance.of_tree(render.with_paths(node), draft)
    assert tuple(each.confidence for each in entries) == sure
    picked = provenance.of_tree(render.with_paths(node), draft, answered=True)
    assert [each.confidence for each in picked] == [0.97, 0.97]
